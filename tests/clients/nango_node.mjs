// @nangohq/node, unmodified: every method of the first release, and how its errors arrive.
// Options: host, api_key, integration, connection_id, provider, item_id (a workbook in the connection's drive),
//          auth_mode (default OAUTH2), prefix (for things made here; default random)
import { randomUUID } from 'node:crypto';
import { Nango } from '@nangohq/node';
import { run } from './lib/run.mjs';

const status = (wanted, code) => (error) =>
    error.response?.status === wanted && (code === undefined || error.response.data?.error?.code === code);

await run(async (options, report) => {
    const nango = new Nango({ secretKey: options.api_key, host: options.host });
    const context = { nango, report, options, key: options.integration, id: options.connection_id };
    context.prefix = options.prefix ?? `sdk-${randomUUID().slice(0, 8)}`;
    await providers(context);
    await integrations(context);
    await credentials(context);
    await sessions(context);
    await imported(context);
    await proxy(context);
    await refusals(context);
});

async function providers({ nango, report, options }) {
    await report.step('listProviders', async () => {
        const { data } = await nango.listProviders({ search: 'microsoft' });
        report.check('listProviders', data.some((one) => one.name === options.provider), data.map((one) => one.name));
    });
    await report.step('getProvider', async () => {
        const { data } = await nango.getProvider({ provider: options.provider });
        report.check('getProvider', data.name === options.provider && data.auth_mode && data.display_name && data.logo_url, data);
    });
    await report.refused('getProvider: unknown', () => nango.getProvider({ provider: 'no-such-provider' }), status(404, 'not_found'));
}

async function integrations({ nango, report, options, prefix, key }) {
    await report.step('listIntegrations', async () => {
        const { configs } = await nango.listIntegrations();
        report.check('listIntegrations', configs.some((one) => one.unique_key === key), configs);
    });
    const uniqueKey = `${prefix}-integration`;
    const body = {
        provider: options.provider,
        unique_key: uniqueKey,
        display_name: 'Made by the SDK',
        credentials: { type: 'OAUTH2', client_id: 'client-of-sdk', client_secret: 'secret-of-sdk', scopes: 'User.Read,offline_access' }
    };
    await report.step('createIntegration', async () => {
        const { data } = await nango.createIntegration(body);
        report.equal('createIntegration', [data.unique_key, data.provider, data.display_name], [uniqueKey, options.provider, 'Made by the SDK']);
    });
    await report.refused('createIntegration: duplicate', () => nango.createIntegration(body), status(400, 'invalid_body'));
    await report.step('getIntegration', async () => {
        const { data } = await nango.getIntegration({ uniqueKey }, { include: ['credentials'] });
        report.equal('getIntegration', [data.credentials?.client_id, data.credentials?.type], ['client-of-sdk', 'OAUTH2']);
        const plain = await nango.getIntegration({ uniqueKey });
        report.check('getIntegration without credentials', plain.data.credentials === undefined, plain.data);
    });
    await report.step('updateIntegration', async () => {
        const { data } = await nango.updateIntegration({ uniqueKey }, { display_name: 'Renamed' });
        report.equal('updateIntegration', data.display_name, 'Renamed');
    });
    await report.step('deleteIntegration', async () => {
        const { data } = await nango.deleteIntegration(uniqueKey);
        report.equal('deleteIntegration', data, { success: true });
    });
    await report.refused('getIntegration: deleted', () => nango.getIntegration({ uniqueKey }), status(404, 'not_found'));
}

async function credentials({ nango, report, options, key, id }) {
    const mode = options.auth_mode ?? 'OAUTH2';
    await report.step('getConnection', async () => {
        const connection = await nango.getConnection(key, id);
        report.equal('getConnection', [connection.connection_id, connection.provider_config_key, connection.provider], [id, key, options.provider]);
        report.check('getConnection: id is a number', typeof connection.id === 'number', connection.id);
        report.equal('getConnection: credentials', connection.credentials.type, mode);
        report.check('getConnection: no refresh token unasked', !connection.credentials.refresh_token, Object.keys(connection.credentials));
    });
    await report.step('getConnection: refresh', async () => {
        const connection = await nango.getConnection(key, id, true, true);
        const { access_token: token, token: own } = connection.credentials;
        report.check('getConnection: refresh', token || own, Object.keys(connection.credentials));
        if (mode === 'OAUTH2') {
            report.check('getConnection: refresh token', connection.credentials.refresh_token, Object.keys(connection.credentials));
            report.equal('getToken', await nango.getToken(key, id), token);
        }
    });
    await report.step('getRawTokenResponse', async () => {
        const raw = await nango.getRawTokenResponse(key, id);
        report.check('getRawTokenResponse', raw?.access_token && raw?.token_type, Object.keys(raw ?? {}));
    });
    await report.step('metadata', async () => {
        const set = await nango.setMetadata(key, id, { a: 1, nested: { b: [2] } });
        report.check('setMetadata', set.status >= 200 && set.status < 300, set.status);
        await nango.updateMetadata(key, id, { c: 'three' });
        report.equal('getMetadata', await nango.getMetadata(key, id), { a: 1, nested: { b: [2] }, c: 'three' });
        await nango.setMetadata(key, id, { only: true });
        report.equal('setMetadata replaces', await nango.getMetadata(key, id), { only: true });
    });
}

async function sessions({ nango, report, prefix, key, id }) {
    const session = ({ data }) => /^nango_connect_session_[0-9a-f]{64}$/.test(data.token) && data.connect_link && Date.parse(data.expires_at) > 0;
    await report.step('createConnectSession', async () => {
        const answer = await nango.createConnectSession({
            end_user: { id: `${prefix}-user`, email: 'user@example.com', display_name: 'A user' },
            organization: { id: 'org-1', display_name: 'An organization' },
            allowed_integrations: [key],
            integrations_config_defaults: { [key]: { authorization_params: { prompt: 'login' } } }
        });
        report.check('createConnectSession', session(answer), answer);
    });
    await report.step('createConnectSession: tags only', async () => {
        report.check('createConnectSession: tags only', session(await nango.createConnectSession({ tags: { plan: 'free' } })), null);
    });
    await report.step('createReconnectSession', async () => {
        const answer = await nango.createReconnectSession({ connection_id: id, integration_id: key });
        report.check('createReconnectSession', session(answer), answer);
    });
    await report.refused(
        'createConnectSession: unknown field',
        () => nango.createConnectSession({ end_user: { id: 'u' }, surprise: true }),
        status(400, 'invalid_body')
    );
}

/** The SDK has no call that imports: `POST /connections` is plain HTTP, all that follows is the SDK. */
async function imported({ nango, report, options, prefix, key }) {
    const id = `${prefix}-imported`;
    const user = `${prefix}-end-user`;
    await report.step('import', async () => {
        const response = await fetch(`${options.host}/connections`, {
            method: 'POST',
            headers: { authorization: `Bearer ${options.api_key}`, 'content-type': 'application/json' },
            body: JSON.stringify({
                connection_id: id,
                provider_config_key: key,
                credentials: { type: 'OAUTH2', access_token: 'imported-access', refresh_token: 'imported-refresh', expires_at: '2099-01-01T00:00:00.000Z' },
                end_user: { id: user, email: 'imported@example.com' },
                tags: { source: 'sdk' }
            })
        });
        report.check('import', response.ok, { status: response.status, body: await response.text() });
    });
    await report.step('listConnections', async () => {
        const ids = async (...query) => (await nango.listConnections(...query)).connections.map((one) => one.connection_id);
        report.check('listConnections', (await ids()).includes(id), id);
        report.equal('listConnections: by id', await ids({ connectionId: id }), [id]);
        report.equal('listConnections: by user', await ids({ userId: user }), [id]);
        report.check('listConnections: by integration', (await ids({ integrationId: [key, 'other'] })).includes(id), id);
        report.equal('listConnections: by tag', await ids({ tags: { source: 'sdk' }, userId: user }), [id]);
        report.equal('listConnections: no such tag', await ids({ tags: { source: 'elsewhere' }, userId: user }), []);
        report.equal('listConnections: page', (await ids({ limit: 1 })).length, 1);
        report.equal('listConnections: past the end', await ids({ userId: user, limit: 1, page: 1 }), []);
        report.equal('listConnections: legacy', await ids(id, undefined, { endUserId: user, limit: 5 }), [id]);
        report.check('listConnections: search', (await ids(undefined, prefix)).includes(id), id);
    });
    await report.step('waitForConnection', async () => {
        report.equal('waitForConnection', (await nango.waitForConnection(key, user)).connection_id, id);
    });
    await report.step('patchConnection', async () => {
        const target = { connectionId: id, provider_config_key: key };
        report.equal('patchConnection', await nango.patchConnection(target, { tags: { source: 'patched' } }), { success: true });
        report.equal('patchConnection: read back', (await nango.getConnection(key, id)).tags?.source, 'patched');
    });
    await report.step('deleteConnection', async () => {
        report.equal('deleteConnection', (await nango.deleteConnection(key, id)).data, { success: true });
    });
    await report.refused('getConnection: deleted', () => nango.getConnection(key, id), status(404));
}

async function proxy({ nango, report, options, key, id }) {
    const at = { providerConfigKey: key, connectionId: id };
    const book = `/v1.0/me/drive/items/${options.item_id}/workbook`;
    await report.step('get', async () => {
        const response = await nango.get({ ...at, endpoint: `${book}/worksheets`, params: { $select: 'id,name', $top: '5' }, retries: 1 });
        report.check('get', response.status === 200 && response.data.value.length > 0, response.data);
        report.facts.sheet = response.data.value[0].name;
    });
    await report.step('patch', async () => {
        const endpoint = `${book}/worksheets/${encodeURIComponent(report.facts.sheet)}/range(address='J1:K2')`;
        const values = [['from', 'the SDK'], [1, 2]];
        await nango.patch({ ...at, endpoint, data: { values } });
        report.equal('patch', (await nango.get({ ...at, endpoint })).data.values, values);
    });
    await report.step('post', async () => {
        const response = await nango.post({ ...at, endpoint: `${book}/createSession`, data: { persistChanges: false } });
        report.check('post', response.status === 201 && response.data.id, response.status);
    });
    await report.step('put and delete', async () => {
        const endpoint = '/v1.0/me/drive/root:/from%20the%20sdk.txt:/content';
        const made = await nango.put({ ...at, endpoint, data: 'plain text', headers: { 'Content-Type': 'text/plain' } });
        report.check('put', [200, 201].includes(made.status) && made.data.name === 'from the sdk.txt', made.data);
        const gone = await nango.delete({ ...at, endpoint: `/v1.0/me/drive/items/${made.data.id}` });
        report.equal('delete', gone.status, 204);
    });
    await report.step('headers and bytes', async () => {
        const content = await nango.get({ ...at, endpoint: `/v1.0/me/drive/items/${options.item_id}/content`, responseType: 'arraybuffer', headers: { Range: 'bytes=0-1' } });
        report.equal('headers and bytes', [content.status, content.data.toString()], [206, 'PK']);
    });
    await report.refused('an upstream error passes through', () => nango.get({ ...at, endpoint: '/v1.0/me/drive/items/none' }), status(404, 'itemNotFound'));
}

async function refusals({ report, options, key, id }) {
    const stranger = new Nango({ apiKey: '00000000-0000-4000-8000-000000000000', host: options.host });
    await report.refused('unknown key', () => stranger.listConnections(), status(401, 'unknown_account'));
    const nango = new Nango({ apiKey: options.api_key, host: `${options.host}/` });
    await report.refused('unknown connection', () => nango.getConnection(key, 'nobody'), status(404));
    await report.refused('unknown integration', () => nango.getConnection('nothing', id), (error) => [400, 404].includes(error.response?.status));
    await report.refused('proxy: unknown connection', () => nango.get({ endpoint: '/v1.0/me', providerConfigKey: key, connectionId: 'nobody' }), (error) => error.response?.status >= 400 && error.response.data?.error?.code);
}
