// @azure/msal-node against the sandbox's Entra ID: secret, certificate, code with PKCE, refresh, errors.
// Options: authority (https), ca_file, client_id, client_secret, expired_secret, scope, redirect_uri, login, user_scopes,
//          daemon {client_id, client_secret, certificate_file, key_file}
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import * as msal from '@azure/msal-node';
import { walk } from './lib/forms.mjs';
import { run } from './lib/run.mjs';

await run(async (options, report) => {
    const { authority, daemon } = options;
    const client = (auth) =>
        new msal.ConfidentialClientApplication({ auth: { authority, knownAuthorities: [new URL(authority).host], ...auth } });
    const ownToken = (application) => application.acquireTokenByClientCredential({ scopes: [options.scope] });

    if (daemon) {
        await report.step('secret', async () => {
            const result = await ownToken(client({ clientId: daemon.client_id, clientSecret: daemon.client_secret }));
            report.check('secret', result.tokenType === 'Bearer' && result.expiresOn > new Date(), result);
        });
    }
    if (daemon?.certificate_file) {
        await report.step('certificate', async () => {
            const x5c = readFileSync(daemon.certificate_file, 'utf8');
            const thumbprintSha256 = new X509Certificate(x5c).fingerprint256.replaceAll(':', '');
            const clientCertificate = { thumbprintSha256, privateKey: readFileSync(daemon.key_file, 'utf8'), x5c };
            const result = await ownToken(client({ clientId: daemon.client_id, clientCertificate }));
            report.check('certificate', result.accessToken.length > 0, result);
        });
    }
    await codeFlow(options, report, client);
    await refusals(options, report, client, ownToken);
});

async function codeFlow(options, report, client) {
    const application = client({ clientId: options.client_id, clientSecret: options.client_secret });
    const redirectUri = options.redirect_uri;
    const scopes = options.user_scopes;
    await report.step('code with PKCE', async () => {
        const { verifier, challenge } = await new msal.CryptoProvider().generatePkceCodes();
        const request = { scopes, redirectUri, state: 'state-of-msal', prompt: 'consent' };
        const url = await application.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256' });
        const callback = await walk(url, { login: options.login, until: redirectUri });
        report.equal('state comes back', callback.searchParams.get('state'), 'state-of-msal');
        const code = callback.searchParams.get('code');
        const result = await application.acquireTokenByCode({ code, scopes, redirectUri, codeVerifier: verifier });
        report.equal('code with PKCE', result.account?.username, options.login);
        report.facts.home_account = result.account?.homeAccountId;
        const again = () => client({ clientId: options.client_id, clientSecret: options.client_secret }).acquireTokenByCode({ code, scopes, redirectUri, codeVerifier: verifier });
        await report.refused('a code works once', again, (error) => error.errorCode === 'invalid_grant');
    });
    await report.step('refresh', async () => {
        const cache = JSON.parse(application.getTokenCache().serialize());
        const refreshToken = Object.values(cache.RefreshToken)[0].secret;
        const result = await application.acquireTokenByRefreshToken({ refreshToken, scopes });
        report.check('refresh', result?.accessToken, result);
    });
}

async function refusals(options, report, client, ownToken) {
    const { client_id: clientId, client_secret: clientSecret, user_scopes: scopes } = options;
    const refresh = () => client({ clientId, clientSecret }).acquireTokenByRefreshToken({ refreshToken: 'not-a-token', scopes });
    await report.refused('unknown refresh token', refresh, (error) => error.errorCode === 'invalid_grant');
    const wrong = () => ownToken(client({ clientId, clientSecret: 'wrong' }));
    await report.refused('wrong secret', wrong, (error) => error.errorCode === 'invalid_client' && /AADSTS7000215/.test(error.errorMessage));
    if (options.expired_secret) {
        const expired = () => ownToken(client({ clientId, clientSecret: options.expired_secret }));
        await report.refused('expired secret', expired, (error) => error.errorCode === 'invalid_client' && /AADSTS7000222/.test(error.errorMessage));
    }
}
