// @nangohq/frontend, unmodified and without a browser: auth() for every mode whose credentials a person types.
// Options: host, forms [{name, session_token, integration, options (of auth), create (use create()), refused (the expected error type)}]
// Facts: {name: connection id | error type}
import Nango from '@nangohq/frontend';
import { run } from './lib/run.mjs';

await run(async ({ host, forms }, report) => {
    for (const form of forms) {
        const nango = new Nango({ host, connectSessionToken: form.session_token });
        const asked = form.create ? nango.create(form.integration, form.options) : nango.auth(form.integration, form.options);
        const { value, error } = await asked.then((value) => ({ value }), (error) => ({ error }));
        if (form.refused) {
            report.check(`${form.name} is refused`, error?.type === form.refused, { value, type: error?.type, message: error?.message });
            report.check(`${form.name} says why`, error?.message?.length > 10, error?.message);
        } else {
            report.check(`${form.name} connects`, value?.providerConfigKey === form.integration, { value, type: error?.type, message: error?.message });
        }
        report.facts[form.name] = value?.connectionId ?? error?.type;
    }
});
