// @nangohq/frontend, unmodified, in a real browser: auth() with its popup, the Connect UI in its frame, or the bare link.
// Options: mode "auth" | "connect_ui" | "link" | "page" (only what it says), host, session_token, connect_link (mode link), integration, login,
//          click [texts to press in order in the Connect UI], auth_options, base_url (default host + "/connect/"),
//          stuck (expect that sign-in gets no further), cancel (say no to the consent page, expect the SDK's error),
//          authorize_includes / authorize_excludes [query parts], ca_ignored
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { withBrowser } from './lib/chromium.mjs';
import { run } from './lib/run.mjs';

const SDK = fileURLToPath(new URL('./node_modules/@nangohq/frontend/dist/', import.meta.url));
const PAGE = `<!doctype html><title>a customer's product</title><script type="module">
import Nango from '/sdk/index.js';
const settle = (promise) => promise.then((value) => ({ value }), (error) => ({ error: { type: error.type, message: error.message } }));
window.auth = ({ host, session_token, integration, auth_options }) => {
    window.outcome = settle(new Nango({ host, connectSessionToken: session_token }).auth(integration, { detectClosedAuthWindow: true, ...auth_options }));
};
window.connectUi = ({ host, session_token, base_url }) => {
    window.events = [];
    window.outcome = new Promise((resolve) => {
        const onEvent = (event) => {
            window.events.push(event);
            if (event.type === 'connect' || event.type === 'error') resolve(event.type === 'connect' ? { value: event.payload } : { error: event.payload });
        };
        new Nango({ host, connectSessionToken: session_token }).openConnectUI({ baseURL: base_url ?? host + '/connect/', apiURL: host, sessionToken: session_token, onEvent });
    });
};
window.ready = true;
</script>`;

/** The customer's own site, on an origin of its own. */
async function serveProduct() {
    const server = createServer((request, response) => {
        const name = request.url.match(/^\/sdk\/(\w+\.js)$/)?.[1];
        response.writeHead(200, { 'content-type': name ? 'text/javascript' : 'text/html' });
        response.end(name ? readFileSync(SDK + name) : PAGE);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

const AGREE = /^\s*(accept|allow|approve|consent|continue|next|sign in|yes)\s*$/i;

/** Presses what a person would press to sign in, until the page closes, or offers nothing. Returns its last text. */
async function signIn(page, login, cancel, step = 0) {
    if (step > 12 || page.isClosed()) {
        return '';
    }
    try {
        await page.waitForLoadState('load', { timeout: 10_000 });
        const text = await page.locator('body').innerText({ timeout: 5_000 });
        const pressed = await pressNext(page, login, cancel);
        if (!pressed) {
            return text;
        }
        await page.waitForTimeout(150);
        return await signIn(page, login, cancel, step + 1);
    } catch (error) {
        // The SDK closes the popup under our hands when it is done.
        if (page.isClosed()) {
            return '';
        }
        throw error;
    }
}

async function pressNext(page, login, cancel) {
    const no = page.locator('button').filter({ hasText: /^\s*cancel\s*$/i }).first();
    if (cancel && (await no.count()) && (await no.isVisible())) {
        await no.click();
        return true;
    }
    const field = page.locator('input[name=login], input[name=loginfmt], input[name=username], input[type=email]').first();
    const choices = [
        page.locator('button, a, [role=button]').filter({ hasText: login }).first(),
        page.locator(`button[value="${login}"], input[type=submit][value="${login}"]`).first()
    ];
    for (const choice of choices) {
        if ((await choice.count()) && (await choice.isVisible())) {
            await choice.click();
            return true;
        }
    }
    if ((await field.count()) && (await field.isVisible())) {
        await field.fill(login);
    }
    const agree = page.locator('button, input[type=submit]').filter({ hasText: AGREE }).first();
    if ((await agree.count()) && (await agree.isVisible())) {
        await agree.click();
        return true;
    }
    return false;
}

/** Presses texts in order in the Connect UI's page or frame. */
async function pressTexts(place, texts) {
    for (const text of texts ?? []) {
        await place.locator('button, a, [role=button], label').filter({ hasText: text }).first().click({ timeout: 10_000 });
    }
}

await run(async (options, report) => {
    const product = await serveProduct();
    try {
        await withBrowser((context) => connect(context, product.origin, options, report), { caIgnored: options.ca_ignored });
    } finally {
        product.close();
    }
});

async function connect(context, origin, options, report) {
    const authorize = [];
    context.on('request', (request) => {
        if (request.isNavigationRequest() && /\/(oauth2\/(v2\.0\/)?authorize|auth)\?/.test(request.url())) {
            authorize.push(request.url());
        }
    });
    const popups = [];
    context.on('page', (page) => popups.push(page));
    const page = await context.newPage();
    popups.length = 0;
    const started = Date.now();
    if (options.mode === 'page') {
        await page.goto(options.connect_link);
        await page.locator('h1').waitFor();
        report.facts.page_text = await page.locator('body').innerText();
        return;
    }
    if (options.mode === 'link') {
        await page.goto(options.connect_link);
        await pressTexts(page, options.click);
    } else {
        await page.goto(origin);
        await page.waitForFunction('window.ready');
        await page.evaluate(([mode, values]) => (mode === 'auth' ? window.auth(values) : window.connectUi(values)), [options.mode, options]);
        if (options.mode === 'connect_ui') {
            await pressTexts(page.frameLocator('#connect-ui'), options.click);
        }
    }
    const popup = await waitFor(() => popups[0] ?? (options.mode === 'link' && authorize.length > 0 ? page : undefined), 15_000);
    report.check('a popup opened', popup, popups.length);
    if (popup) {
        // The SDK opens an empty window first and sends it to us when its socket is acknowledged.
        await popup.waitForURL((url) => url.href !== 'about:blank', { timeout: 10_000 });
        report.facts.last_text = await signIn(popup, options.login, options.cancel);
    }
    report.facts.authorize = authorize;
    checkAuthorize(options, authorize, report);
    if (options.stuck) {
        report.check('sign-in gets no further', popup && !popup.isClosed(), report.facts.last_text);
        return;
    }
    const outcome = options.mode === 'link' ? undefined : await page.evaluate(() => Promise.race([window.outcome, new Promise((resolve) => setTimeout(resolve, 20000, null))]));
    report.facts.outcome = outcome;
    report.facts.events = options.mode === 'connect_ui' ? await page.evaluate(() => window.events) : undefined;
    report.facts.milliseconds = Date.now() - started;
    if (options.cancel) {
        report.check('refused', outcome?.error, outcome);
    } else if (options.mode === 'link') {
        report.facts.page_text = await page.locator('body').innerText();
        report.check('connected', /connected|success/i.test(report.facts.page_text), report.facts.page_text);
    } else {
        report.equal('connected', outcome?.value?.providerConfigKey, options.integration);
        report.facts.connection_id = outcome?.value?.connectionId;
    }
}

function checkAuthorize(options, authorize, report) {
    const query = authorize[0] ? new URL(authorize[0]).searchParams : new URLSearchParams();
    for (const [name, wanted] of Object.entries(options.authorize_includes ?? {})) {
        report.equal(`authorize has ${name}`, query.get(name), wanted);
    }
    for (const name of options.authorize_excludes ?? []) {
        report.check(`authorize has no ${name}`, authorize[0] && !query.has(name), authorize);
    }
}

async function waitFor(read, milliseconds) {
    for (let waited = 0; waited < milliseconds; waited += 50) {
        const value = read();
        if (value) {
            return value;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return undefined;
}
