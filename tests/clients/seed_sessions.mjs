// The two vendors' guides' own `createConnectSession` snippets, through the SDK. Options: host, api_key, email.
// Facts: the session made by each, {consent, login, override, plain}.
import { Nango } from '@nangohq/node';
import { run } from './lib/run.mjs';

await run(async (options, report) => {
    const nango = new Nango({ secretKey: options.api_key, host: options.host });
    const person = { end_user: { id: 'seed-user', email: options.email } };
    const excel = async (prompt) => {
        const { data } = await nango.createConnectSession({
            ...person,
            integrations_config_defaults: {
                'microsoft-excel': {
                    authorization_params: {
                        prompt: prompt // or "login" depending on your needs
                    }
                }
            }
        });
        return data;
    };
    report.facts.consent = await excel('consent');
    report.facts.login = await excel('login');
    const { data } = await nango.createConnectSession({
        ...person,
        integrations_config_defaults: {
            'sharepoint-online': {
                authorization_params: {
                    scope: '.default offline_access',
                    prompt: ''
                }
            }
        }
    });
    report.facts.override = data;
    report.facts.plain = (await nango.createConnectSession(person)).data;
    report.check('four sessions', Object.values(report.facts).every((one) => one.token && one.connect_link), null);
});
