// npm oauth2-mock-server: signs in without asking, checks PKCE, and answers as the test wants.
// Options: port (0 = free)
// Prints {"ready":true,"issuer",…} and serves until standard input closes.
// Control: GET /_control/state; POST /_control/answer?change={json}&nest=path&callback={json}&status=N: what later token
// answers get on top, the object they are put into, further parameters of callbacks, another status
import { createServer } from 'node:http';
import { OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server';

const options = JSON.parse(process.env.CLIENT_OPTIONS ?? process.argv[2] ?? '{}');
const state = { tokens: [], authorizations: [] };
const wish = { change: {}, nest: '', callback: {}, status: 200 };

const issuer = new OAuth2Issuer();
await issuer.keys.generate('RS256');
const service = new OAuth2Service(issuer);
service.on('beforeResponse', (answer, request) => {
    const { authorization = '', 'content-type': type = '' } = request.headers;
    state.tokens.push({ authorization, type, url: request.originalUrl, body: { ...request.body } });
    let body = { ...answer.body, refresh_token: `refresh-${state.tokens.length}`, ...wish.change };
    body = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
    answer.body = wish.nest ? { ok: true, [wish.nest]: body } : body;
    answer.statusCode = wish.status;
});
service.on('beforeAuthorizeRedirect', (redirect, request) => {
    state.authorizations.push(request.originalUrl);
    Object.entries(wish.callback).forEach(([name, value]) => redirect.url.searchParams.set(name, value));
});

const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (!url.pathname.startsWith('/_control/')) {
        return service.requestHandler(request, response);
    }
    if (url.pathname === '/_control/answer') {
        const json = (name) => JSON.parse(url.searchParams.get(name) ?? '{}');
        Object.assign(wish, { change: json('change'), callback: json('callback'), nest: url.searchParams.get('nest') ?? '', status: Number(url.searchParams.get('status') ?? 200) });
    }
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(state));
});
server.listen(options.port ?? 0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
issuer.url = `http://localhost:${server.address().port}`;

console.log(JSON.stringify({ ready: true, issuer: issuer.url, authorization_url: `${issuer.url}/authorize`, token_url: `${issuer.url}/token` }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
