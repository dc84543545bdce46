// @nangohq/node, unmodified: one row for every method of its class that is not about functions or records.
// A method of a later version without a row is a failure. Options: host, api_key, integration, connection_id, provider.
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { Nango } from '@nangohq/node';
import { run } from './lib/run.mjs';

/** Methods whose routes come with functions and records. */
const LATER = new Set(
    `listFunctions getFunction getFunctionCode deleteFunction getScriptsConfig listRecords pruneRecords triggerSync startSync
     pauseSync syncStatus updateSyncConnectionFrequency createSyncVariant deleteSyncVariant _triggerAction triggerAction
     triggerActionAsync getAsyncActionResult`.split(/\s+/)
);
/** Not callable by users of the class. */
const INNER = new Set(['constructor', '_verifyWebhookSignatureImpl', 'enrichHeaders']);

await run(async (options, report) => {
    const nango = new Nango({ apiKey: options.api_key, host: options.host });
    const rows = table(nango, options);
    const wanted = Object.getOwnPropertyNames(Nango.prototype).filter((name) => !LATER.has(name) && !INNER.has(name));
    const passed = [];
    for (const name of wanted) {
        await report.step(name, async () => {
            const seen = await rows[name]?.();
            report.check(name, seen === true, seen);
            if (seen === true) passed.push(name);
        });
    }
    report.facts = { passing: passed.length, all: wanted.length, missing: wanted.filter((name) => !passed.includes(name)) };
});

/** Gives what was seen unless all of it holds. */
function all(holds, seen) {
    return holds ? true : seen;
}

async function rejected(work, status, code) {
    try {
        return await work();
    } catch (error) {
        const { status: seen, data } = error.response ?? {};
        return all(seen === status && data?.error?.code === code, { seen, data, error: error.message });
    }
}

function table(nango, { host, api_key: apiKey, integration: key, connection_id: id, provider, auth_mode: mode = 'OAUTH2' }) {
    const made = `sdk ${randomUUID().slice(0, 8)}`;
    const credentials = { type: mode, client_id: 'client', client_secret: 'secret', scopes: 'User.Read,offline_access' };
    const imported = `imported-${randomUUID().slice(0, 8)}`;
    const at = { providerConfigKey: key, connectionId: id };
    const me = { ...at, endpoint: '/v1.0/me' };
    const file = (name) => ({ ...at, endpoint: `/v1.0/me/drive/root:/${name}:/content` });
    const importOne = () =>
        fetch(`${host}/connections`, {
            method: 'POST',
            headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
            body: JSON.stringify({
                connection_id: imported,
                provider_config_key: key,
                credentials: { type: 'OAUTH2', access_token: 'a', refresh_token: 'r', expires_at: '2099-01-01T00:00:00Z' },
                end_user: { id: imported }
            })
        });
    const signed = (body) => createHmac('sha256', 'signing-key').update(body).digest('hex');
    const receiver = new Nango({ apiKey, host, webhookSigningKey: 'signing-key' });
    const session = ({ data }) => all(/^nango_connect_session_[0-9a-f]{64}$/.test(data.token) && data.connect_link && Date.parse(data.expires_at), data);
    return {
        listProviders: async () => all((await nango.listProviders({ search: provider })).data.some((one) => one.name === provider), 'not listed'),
        getProvider: async () => all((await nango.getProvider({ provider })).data.name === provider, 'another'),
        getProviderTemplates: async () => all(Array.isArray((await nango.getProviderTemplates({ provider })).data), 'no list'),
        listIntegrations: async () => all((await nango.listIntegrations()).configs.some((one) => one.unique_key === key), 'not listed'),
        createIntegration: async () => {
            const { data } = await nango.createIntegration({ provider, unique_key: made, display_name: 'By the SDK', credentials });
            return all(data.unique_key === made && data.display_name === 'By the SDK' && /Z$/.test(data.created_at), data);
        },
        getIntegration: async () => {
            const plain = (await nango.getIntegration({ uniqueKey: key })).data;
            const whole = (await nango.getIntegration({ uniqueKey: key }, { include: ['credentials'] })).data;
            return all(plain.credentials === undefined && whole.credentials?.type === mode, { plain, whole });
        },
        createQuickstartIntegration: () =>
            rejected(() => nango.createQuickstartIntegration({ provider, unique_key: `${made} quick` }), 400, 'invalid_body'),
        updateIntegration: async () => {
            await nango.createIntegration({ provider, unique_key: `${made}.u`, credentials }).catch(() => undefined);
            const { data } = await nango.updateIntegration({ uniqueKey: `${made}.u` }, { display_name: 'Renamed', unique_key: `${made}.v` });
            return all(data.display_name === 'Renamed' && data.unique_key === `${made}.v`, data);
        },
        deleteIntegration: async () => {
            await nango.createIntegration({ provider, unique_key: `${made}.d`, credentials });
            const { data } = await nango.deleteIntegration(`${made}.d`);
            return all(data.success === true, data);
        },
        listConnections: async () => {
            const by = async (query) => (await nango.listConnections(query)).connections;
            const one = (await by({ connectionId: id, integrationId: key }))[0];
            return all(one?.connection_id === id && typeof one.id === 'number' && Array.isArray(one.errors) && /Z$/.test(one.created), one);
        },
        getConnection: async () => {
            const one = await nango.getConnection(key, id);
            return all(one.connection_id === id && one.credentials.type === mode && /\+00:00$/.test(one.created_at) && !one.credentials.refresh_token, one);
        },
        patchConnection: async () => {
            const answer = await nango.patchConnection({ connectionId: id, provider_config_key: key }, { tags: { Plan: 'pro' } });
            const { tags } = await nango.getConnection(key, id);
            return all(answer.success === true && tags.plan === 'pro', { answer, tags });
        },
        getToken: async () => all(typeof (await nango.getToken(key, id)) === 'string', 'no token'),
        getRawTokenResponse: async () => all((await nango.getRawTokenResponse(key, id)).access_token, 'no raw answer'),
        getMetadata: async () => {
            await nango.setMetadata(key, id, { a: 1 });
            const seen = await nango.getMetadata(key, id);
            return all(seen.a === 1, seen);
        },
        setMetadata: async () => {
            const { status, data } = await nango.setMetadata(key, [id], { a: { b: [1, null] } });
            const seen = await nango.getMetadata(key, id);
            return all(status === 201 && seen.a.b[1] === null, { status, data, seen });
        },
        updateMetadata: async () => {
            await nango.setMetadata(key, id, { a: 1, b: 1 });
            const { status } = await nango.updateMetadata(key, id, { b: 2 });
            const seen = await nango.getMetadata(key, id);
            return all(status === 200 && seen.a === 1 && seen.b === 2, { status, seen });
        },
        deleteConnection: async () => {
            await importOne();
            const { data } = await nango.deleteConnection(key, imported);
            return all(data.success === true && (await rejected(() => nango.getConnection(key, imported), 404, 'not_found')) === true, data);
        },
        waitForConnection: async () => {
            await importOne();
            const found = await nango.waitForConnection(key, imported);
            return all(found.connection_id === imported, found);
        },
        getEnvironmentVariables: async () => {
            await fetch(`${host}/environment-variables`, {
                method: 'PUT',
                headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
                body: JSON.stringify({ variables: [{ name: 'A', value: 'b' }] })
            });
            const seen = await nango.getEnvironmentVariables();
            return all(seen.length === 1 && seen[0].name === 'A' && seen[0].value === 'b', seen);
        },
        proxy: async () => {
            const { status, data } = await nango.proxy({ ...me, method: 'GET', retries: 1, params: { $select: 'id' } });
            return all(status === 200 && data.id, data);
        },
        get: async () => all((await nango.get(me)).data.userPrincipalName, 'nobody'),
        post: async () => {
            const { status, data } = await nango.post({ ...at, endpoint: '/v1.0/me/drive/root/children', data: { name: made, folder: {} } });
            return all(status === 201 && data.name === made, data);
        },
        patch: async () => {
            const { data } = await nango.put({ ...file('patched.txt'), data: 'text', headers: { 'Content-Type': 'text/plain' } });
            const renamed = await nango.patch({ ...at, endpoint: `/v1.0/me/drive/items/${data.id}`, data: { name: 'renamed.txt' } });
            return all(renamed.status === 200 && renamed.data.name === 'renamed.txt', renamed.data);
        },
        put: async () => {
            const { status, data } = await nango.put({ ...file('put.txt'), data: 'text', headers: { 'Content-Type': 'text/plain' } });
            return all([200, 201].includes(status) && data.size === 4, data);
        },
        delete: async () => {
            const { data } = await nango.put({ ...file('gone.txt'), data: 'text', headers: { 'Content-Type': 'text/plain' } });
            return all((await nango.delete({ ...at, endpoint: `/v1.0/me/drive/items/${data.id}` })).status === 204, 'still there');
        },
        verifyWebhookSignature: () => {
            const digest = createHash('sha256').update(`signing-key${JSON.stringify({ a: 1 })}`).digest('hex');
            return all(receiver.verifyWebhookSignature(digest, { a: 1 }) && !receiver.verifyWebhookSignature(digest, { a: 2 }), digest);
        },
        verifyIncomingWebhookRequest: () => {
            const headers = { 'X-Nango-Hmac-Sha256': signed('{"a":1}') };
            return all(receiver.verifyIncomingWebhookRequest('{"a":1}', headers) && !receiver.verifyIncomingWebhookRequest('{}', headers), headers);
        },
        createConnectSession: async () =>
            session(
                await nango.createConnectSession({
                    end_user: { id: 'u', email: 'u@example.com', display_name: 'U', tags: { plan: 'x' } },
                    organization: { id: 'o', display_name: 'O' },
                    allowed_integrations: [key],
                    tags: { project: 'p' }
                })
            ),
        createReconnectSession: async () => session(await nango.createReconnectSession({ connection_id: id, integration_id: key })),
        getConnectionDetails: async () => {
            const { status, data } = await nango.getConnectionDetails({ ...at, refreshToken: true });
            return all(status === 200 && data.credentials.refresh_token, data);
        }
    };
}
