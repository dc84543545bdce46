// A small GitHub with one App: its installation page, installation tokens and user sign-in. Every JWT of the App is
// verified with npm jose against the public half of the key that is handed out here.
// Options: port (0 = free), setup_url, callback_url, login_first (the App asks for the user's authorization)
// Prints {"ready":true,"base",…,"private_key"} and serves until standard input closes.
// Control: GET /_control/state; POST /_control/install?id=N&age_s=S (an installation of somebody else's)
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { exportPKCS8, generateKeyPair, jwtVerify } from 'jose';
import { createPrivateKey } from 'node:crypto';

const options = JSON.parse(process.env.CLIENT_OPTIONS ?? process.argv[2] ?? '{}');
const app = { id: '4711', client_id: 'Iv1.knots', client_secret: 'secret-of-the-app' };
const pair = await generateKeyPair('RS256', { extractable: true });
const privateKey = createPrivateKey(await exportPKCS8(pair.privateKey)).export({ type: 'pkcs1', format: 'pem' });
const state = { jwts: 0, refused: [], minted: [], code_calls: 0, refreshes: 0 };
/** id → {id, app_id, created_at, updated_at, sees: user} */
const installations = new Map();
const tokens = new Map();
const codes = new Map();
let next = 100;

function install(id, ageSeconds, user) {
    const at = new Date(Date.now() - ageSeconds * 1000).toISOString();
    installations.set(id, { id: Number(id), app_id: Number(app.id), created_at: at, updated_at: at, suspended_at: null, user });
}

async function isApp(request) {
    const jwt = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    try {
        const { payload } = await jwtVerify(jwt, pair.publicKey, { issuer: app.id, algorithms: ['RS256'], requiredClaims: ['iat', 'exp'] });
        if (payload.exp - payload.iat > 660) throw new Error('more than ten minutes');
        state.jwts += 1;
        return true;
    } catch (error) {
        state.refused.push(error.message);
        return false;
    }
}

async function form(request) {
    let text = '';
    for await (const part of request) text += part;
    return new URLSearchParams(text);
}

const server = createServer((request, response) => {
    handle(request, response).catch((error) => json(response, 500, { message: error.message }));
});
server.listen(options.port ?? 0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

function json(response, status, body) {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

async function handle(request, response) {
    const url = new URL(request.url, base);
    const path = url.pathname;
    if (path === '/_control/state') return json(response, 200, state);
    if (path === '/_control/install') {
        install(url.searchParams.get('id'), Number(url.searchParams.get('age_s') ?? 0), url.searchParams.get('user') ?? 'somebody');
        return json(response, 200, {});
    }
    if (path === '/apps/knots/installations/new') return installed(url, response);
    if (path === '/login/oauth/access_token') return userToken(request, response);
    const found = path.match(/^\/app\/installations\/(\d+)(\/access_tokens)?$/);
    if (found) return ofApp(request, response, found[1], Boolean(found[2]));
    return ofUser(request, response, url);
}

/** The page on which a person would choose repositories; here they have chosen. */
function installed(url, response) {
    const id = String(++next);
    const back = new URL(options.login_first ? options.callback_url : options.setup_url);
    back.searchParams.set('state', url.searchParams.get('state'));
    if (options.login_first) {
        const code = randomUUID();
        codes.set(code, 'octocat');
        back.searchParams.set('code', code);
    }
    if (options.must_be_approved) {
        back.searchParams.set('setup_action', 'request');
    } else {
        install(id, 0, 'octocat');
        back.searchParams.set('installation_id', id);
        back.searchParams.set('setup_action', 'install');
    }
    response.writeHead(302, { location: back.href }).end();
}

async function ofApp(request, response, id, mint) {
    if (!(await isApp(request))) return json(response, 401, { message: 'A JSON web token could not be decoded' });
    const installation = installations.get(id);
    if (!installation) return json(response, 404, { message: 'Not Found' });
    if (!mint) return json(response, 200, installation);
    if (request.method !== 'POST') return json(response, 405, { message: 'POST' });
    const token = `ghs_${randomUUID()}`;
    tokens.set(token, { installation: id });
    state.minted.push(id);
    return json(response, 201, { token, expires_at: new Date(Date.now() + 3600_000).toISOString(), permissions: { metadata: 'read' } });
}

async function userToken(request, response) {
    const fields = await form(request);
    if (fields.get('client_id') !== app.client_id || fields.get('client_secret') !== app.client_secret) {
        return json(response, 200, { error: 'incorrect_client_credentials', error_description: 'no' });
    }
    const refresh = fields.get('grant_type') === 'refresh_token';
    const user = refresh ? tokens.get(fields.get('refresh_token'))?.refreshes : codes.get(fields.get('code'));
    codes.delete(fields.get('code'));
    tokens.delete(fields.get('refresh_token'));
    if (!user) return json(response, 200, { error: 'bad_verification_code', error_description: 'expired' });
    state[refresh ? 'refreshes' : 'code_calls'] += 1;
    const token = `ghu_${randomUUID()}`;
    const next = `ghr_${randomUUID()}`;
    tokens.set(token, { user });
    tokens.set(next, { refreshes: user });
    const body = { access_token: token, expires_in: '28800', refresh_token: next, scope: '', token_type: 'bearer' };
    response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' });
    return response.end(new URLSearchParams(body).toString());
}

function ofUser(request, response, url) {
    const known = tokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (!known) return json(response, 401, { message: 'Bad credentials' });
    if (url.pathname === '/installation/repositories' && known.installation) {
        return json(response, 200, { total_count: 1, repositories: [{ name: 'ropes', installation: known.installation }] });
    }
    if (url.pathname === '/user/installations' && known.user) {
        const mine = [...installations.values()].filter((one) => one.user === known.user);
        return json(response, 200, { total_count: mine.length, installations: mine });
    }
    const found = url.pathname.match(/^\/user\/installations\/(\d+)\/repositories$/);
    if (found && known.user && installations.get(found[1])?.user === known.user) return json(response, 200, { total_count: 0, repositories: [] });
    return json(response, 404, { message: 'Not Found' });
}

console.log(JSON.stringify({ ready: true, base, app_id: app.id, client_id: app.client_id, client_secret: app.client_secret, app_link: `${base}/apps/knots`, private_key: privateKey }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
