// Outgoing webhooks as their receivers verify them: @nangohq/node's verifyIncomingWebhookRequest and standardwebhooks.
// Options: secret_key (the API key), signing_key (the environment's; equal to secret_key or null: the SDK's fallback),
//          standard_secret (`whsec_…`), requests: [{headers, body}]
import { Nango } from '@nangohq/node';
import { Webhook } from 'standardwebhooks';
import { run } from './lib/run.mjs';

const throws = (work) => {
    try {
        work();
        return false;
    } catch {
        return true;
    }
};

await run(async (options, report) => {
    const settings = { secretKey: options.secret_key, host: 'http://localhost:1' };
    if (options.signing_key) {
        settings.webhookSigningKey = options.signing_key;
    }
    const nango = new Nango(settings);
    const standard = new Webhook(options.standard_secret);
    for (const { headers, body } of options.requests) {
        const name = JSON.parse(body).operation;
        report.check(`${name}: SDK`, nango.verifyIncomingWebhookRequest(body, headers), headers);
        report.check(`${name}: SDK refuses another body`, !nango.verifyIncomingWebhookRequest(body + ' ', headers), headers);
        report.check(`${name}: SDK, old way`, nango.verifyWebhookSignature(headers['x-nango-signature'], JSON.parse(body)), headers);
        await report.step(`${name}: Standard Webhooks`, async () => {
            const told = standard.verify(body, headers);
            report.equal(`${name}: Standard Webhooks`, told, JSON.parse(body));
        });
        report.check(`${name}: Standard Webhooks refuses another id`, throws(() => standard.verify(body, { ...headers, 'webhook-id': 'msg_x' })));
    }
    const stranger = new Nango({ ...settings, webhookSigningKey: 'another-key' });
    const { headers, body } = options.requests[0];
    report.check('another key does not verify', !stranger.verifyIncomingWebhookRequest(body, headers));
    report.facts.verified = options.requests.length;
});
