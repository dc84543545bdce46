// openid-client, the certified OpenID Connect client, against the sandbox's Entra ID: discovery, client credentials, code with
// PKCE whose id_token is verified by the published keys, refresh, device code, errors.
// Options: as msal.mjs; authority is one tenant's.
import * as oidc from 'openid-client';
import { walk } from './lib/forms.mjs';
import { run } from './lib/run.mjs';

await run(async (options, report) => {
    const { authority, daemon, client_id: clientId, client_secret: secret, redirect_uri, login } = options;
    const discover = (id, ...rest) => oidc.discovery(new URL(`${authority}/v2.0`), id, ...rest);
    const scope = [...options.user_scopes, 'openid', 'profile', 'offline_access'].join(' ');
    let config;
    await report.step('discovery', async () => {
        config = await discover(clientId, secret, oidc.ClientSecretPost(secret));
        oidc.enableNonRepudiationChecks(config);
        report.check('discovery', config.serverMetadata().token_endpoint.startsWith(authority), config.serverMetadata());
    });
    if (daemon) {
        for (const [name, proof] of [['post', oidc.ClientSecretPost], ['basic', oidc.ClientSecretBasic]]) {
            await report.step(`client credentials, ${name}`, async () => {
                const own = await discover(daemon.client_id, daemon.client_secret, proof(daemon.client_secret));
                const tokens = await oidc.clientCredentialsGrant(own, { scope: options.scope });
                report.check(`client credentials, ${name}`, tokens.expiresIn() > 0, tokens);
            });
        }
    }
    await codeFlow();
    await deviceCode();
    const wrong = async () =>
        oidc.clientCredentialsGrant(await discover(clientId, 'wrong', oidc.ClientSecretPost('wrong')), { scope: options.scope });
    await report.refused('wrong secret', wrong, (error) => error.error === 'invalid_client' && error.status === 401);

    async function codeFlow() {
        const verifier = oidc.randomPKCECodeVerifier();
        const challenge = await oidc.calculatePKCECodeChallenge(verifier);
        const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
        const parameters = { redirect_uri, scope, state, nonce, prompt: 'consent', code_challenge: challenge, code_challenge_method: 'S256' };
        let callback;
        let tokens;
        await report.step('code with PKCE', async () => {
            callback = await walk(oidc.buildAuthorizationUrl(config, parameters).href, { login, until: redirect_uri });
            const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
            tokens = await oidc.authorizationCodeGrant(config, callback, checks);
            report.equal('code with PKCE', tokens.claims().preferred_username, login);
            const again = () => oidc.authorizationCodeGrant(config, callback, checks);
            await report.refused('a code works once', again, (error) => error.error === 'invalid_grant');
        });
        await report.step('refresh', async () => {
            const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
            report.check('refresh', renewed.access_token && renewed.access_token !== tokens.access_token, renewed);
        });
        const odd = () => oidc.refreshTokenGrant(config, 'not-a-token');
        await report.refused('unknown refresh token', odd, (error) => error.error === 'invalid_grant');
    }

    async function deviceCode() {
        await report.step('device code', async () => {
            const open = await discover(clientId, { token_endpoint_auth_method: 'none' }, oidc.None());
            const flow = await oidc.initiateDeviceAuthorization(open, { scope });
            const typed = Object.fromEntries(['user_code', 'otc', 'code'].map((name) => [name, flow.user_code]));
            // The last page of the walk has no way on; what counts is the token.
            await walk(flow.verification_uri, { login, fields: typed }).catch(() => {});
            const tokens = await oidc.pollDeviceAuthorizationGrant(open, { ...flow, interval: 1 });
            report.check('device code', tokens.access_token, tokens);
        });
    }
});
