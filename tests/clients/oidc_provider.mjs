// npm oidc-provider as an OAuth server that rotates refresh tokens and revokes the family when one is replayed.
// Signs in and consents by itself, so the authorize URL ends in a redirect to the client.
// Options: port (0 = free), redirect_uri, client_id, client_secret, access_token_seconds, refresh_token_seconds,
//   auth_method (client_secret_post), mcp: {registration: bool, path: '/mcp', elsewhere: url} makes it an MCP server as
//   well: resource metadata (RFC 9728), dynamic registration (RFC 7591), resource indicators (RFC 8707);
//   mcp.documents: true takes clients by their metadata document, which it fetches (with the environment's
//   NODE_EXTRA_CA_CERTS); tls: {cert, key} (files) serves https
// Prints {"ready":true,"issuer",…} and serves until standard input closes.
// Control: GET /_control/state, POST /_control/{reset, delay?ms=N, fail?status=N&times=N, drop?times=N, login?as=ID}
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Provider } from 'oidc-provider';

const options = JSON.parse(process.env.CLIENT_OPTIONS ?? process.argv[2] ?? '{}');
let account = options.login ?? 'ada';
const state = fresh();

function fresh() {
    return { registered: [], fetched: [], granted: [], refused: [], revoked_families: 0, token_calls: 0, delay_ms: 0, fail: { status: 0, times: 0 }, drop: { times: 0 } };
}

const listener = (request, response) => {
    handle(request, response).catch((error) => {
        response.writeHead(500).end(error.message);
    });
};
const { tls } = options;
const server = tls ? createSecureServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, listener) : createServer(listener);
server.listen(options.port ?? 0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const issuer = `${tls ? 'https' : 'http'}://localhost:${server.address().port}`;
const client = { client_id: options.client_id ?? 'sheetbend', client_secret: options.client_secret ?? 'oidc-provider-secret-of-forty-characters' };

const provider = new Provider(issuer, {
    clients: [
        {
            ...client,
            redirect_uris: [options.redirect_uri ?? 'http://localhost:3003/oauth/callback'],
            grant_types: ['authorization_code', 'refresh_token'],
            token_endpoint_auth_method: options.auth_method ?? 'client_secret_post'
        }
    ],
    scopes: ['openid', 'offline_access', 'email', 'profile'],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['only for tests'] },
    findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: id, name: `${id} of OIDC`, email: `${id}@oidc.example`, email_verified: !id.startsWith('unsure') })
    }),
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    features: {
        devInteractions: { enabled: false },
        registration: { enabled: Boolean(options.mcp?.registration) },
        clientIdMetadataDocument: { enabled: Boolean(options.mcp?.documents), ack: options.mcp?.documents ? 'draft-02' : undefined },
        resourceIndicators: {
            enabled: true,
            getResourceServerInfo: (_, resource) => ({ scope: 'read', audience: resource, accessTokenFormat: 'opaque' }),
            useGrantedResource: () => true
        }
    },
    // Its own guard refuses this machine's addresses, and both servers of a test are here.
    fetch: (url, { dispatcher: _, ...rest }) => {
        state.fetched.push(String(url));
        return globalThis.fetch(url, rest);
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: options.access_token_seconds ?? 3600, RefreshToken: options.refresh_token_seconds ?? 86400, Grant: 86400, Interaction: 600, Session: 86400 }
});
const grantType = (ctx) => ctx.oidc?.params?.grant_type;
provider.on('grant.success', (ctx) => state.granted.push(grantType(ctx)));
provider.on('grant.error', (ctx, error) => state.refused.push({ grant_type: grantType(ctx), error: error.message, detail: error.error_detail }));
provider.on('grant.revoked', () => (state.revoked_families += 1));
provider.on('registration_create.success', (_, registered) => state.registered.push(registered.clientId));
const serve = provider.callback();
const mcpPath = options.mcp?.path ?? '/mcp';
const resource = `${issuer}${mcpPath}`;

async function handle(request, response) {
    const url = new URL(request.url, issuer);
    if (url.pathname.startsWith('/_control/')) {
        return control(url, response);
    }
    if (url.pathname.startsWith('/interaction/')) {
        return interact(request, response);
    }
    if (options.mcp && url.pathname.replace(/\/$/, '') === mcpPath) {
        return mcp(request, response);
    }
    if (options.mcp && url.pathname === `/.well-known/oauth-protected-resource${mcpPath}`) {
        const servers = [options.mcp.elsewhere ?? issuer];
        return send(response, 200, { resource, authorization_servers: servers, scopes_supported: ['read'] });
    }
    if (url.pathname === '/token') {
        state.token_calls += 1;
        if (state.delay_ms) {
            await new Promise((resolve) => setTimeout(resolve, state.delay_ms));
        }
        if (state.fail.times > 0) {
            state.fail.times -= 1;
            return response.writeHead(state.fail.status, { 'content-type': 'text/html' }).end('<h1>upstream trouble</h1>');
        }
        if (state.drop.times > 0) {
            state.drop.times -= 1;
            return dropAnswer(request, response);
        }
    }
    return serve(request, response);
}

function send(response, status, body, headers = {}) {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The protected resource: it wants a token that was minted for it. */
async function mcp(request, response) {
    const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const token = bearer ? await provider.AccessToken.find(bearer) : undefined;
    if (token?.aud !== resource) {
        const challenge = `Bearer error="invalid_token", resource_metadata="${issuer}/.well-known/oauth-protected-resource${mcpPath}"`;
        return send(response, 401, { error: 'invalid_token' }, { 'www-authenticate': challenge });
    }
    return send(response, 200, { sub: token.accountId, client: token.clientId, scope: token.scope ?? '' });
}

/** The server does its work and its answer is lost: the case in which a rotated token is used up unseen. */
function dropAnswer(request, response) {
    const socket = request.socket;
    response.write = () => true;
    response.end = () => socket.destroy();
    return serve(request, response);
}

async function interact(request, response) {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
        return provider.interactionFinished(request, response, { login: { accountId: account } });
    }
    const grant = (grantId && (await provider.Grant.find(grantId))) || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope ?? 'openid');
    if (params.resource) {
        grant.addResourceScope(params.resource, params.scope ?? '');
    }
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

function control(url, response) {
    const number = (name) => Number(url.searchParams.get(name) ?? 1);
    const actions = {
        state: () => {},
        login: () => (account = url.searchParams.get('as') ?? account),
        reset: () => Object.assign(state, fresh()),
        delay: () => (state.delay_ms = number('ms')),
        fail: () => (state.fail = { status: number('status'), times: number('times') }),
        drop: () => (state.drop = { times: number('times') })
    };
    const action = actions[url.pathname.slice('/_control/'.length)];
    action?.();
    response.writeHead(action ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(state));
}

console.log(
    JSON.stringify({ ready: true, issuer, authorization_url: `${issuer}/auth`, token_url: `${issuer}/token`, ...client })
);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
