// What people of each role see and can do in the dashboard: by what is drawn, and by typing the address.
// Options: setup (the link).
import { run } from './lib/run.mjs';
import { withBrowser } from './lib/chromium.mjs';
import { PAGES, appOf, button, call, invite, pageOf, setUp, settled, signIn, watch } from './lib/dashboard.mjs';

/** Pages that are not there for a role, whatever address is typed. */
const CLOSED = {
    'sue@example.com': ['catalog', 'new-integration', 'playground', 'settings', 'api-keys', 'team', 'audit'],
    'dan@example.com': ['team'],
};
/** Words on buttons and links that change something or show a secret. */
const DEEDS = /^(save|create|delete|invite|show credentials|show the key|refresh now|replay|reconnect link|add |configure|test: |send|call it|open in playground|try again now|send once more|new key|rotate|remove|authorize|make a link)/i;

const drawn = (page) => page.evaluate(() =>
    [...document.querySelectorAll('main button, main a, aside a, dialog button')]
        .filter((one) => one.checkVisibility() && !one.disabled && !one.closest('fieldset:disabled'))
        .map((one) => one.textContent.trim()));

async function closed(page, app, who, report) {
    for (const name of Object.keys(PAGES)) {
        await page.goto(pageOf(app, name));
        await settled(page);
        const refused = await page.getByRole('heading', { name: 'Your role does not include this page' }).count();
        const wanted = CLOSED[who].includes(name) ? 1 : 0;
        report.check(`${who}: ${name} is ${wanted ? 'closed' : 'open'}`, refused === wanted, page.url());
        if (wanted) {
            const text = await page.locator('main').innerText();
            report.check(`${who}: ${name} says who can help`, /owner/i.test(text), text);
        } else {
            const troubles = await page.locator('main [role=alert]').allInnerTexts();
            report.check(`${who}: ${name} works`, troubles.length === 0, troubles);
        }
    }
}

async function support(page, app, operation, report) {
    for (const name of Object.keys(PAGES).filter((one) => !CLOSED['sue@example.com'].includes(one) && one !== 'account')) {
        await page.goto(pageOf(app, name));
        await settled(page);
        const deeds = (await drawn(page)).filter((text) => DEEDS.test(text));
        report.check(`support is offered no deed on ${name}`, deeds.length === 0, deeds);
    }
    await page.goto(`${app}/e/dev/logs?op=${operation}`);
    await page.locator('.log-detail h3').first().waitFor();
    report.check('support is offered no deed on an operation', !(await drawn(page)).some((text) => DEEDS.test(text)), await drawn(page));
    await page.goto(`${app}/e/dev/connections?add=1`);
    await settled(page);
    report.check('an address does not open the test connection', (await page.locator('dialog').count()) === 0);
    await page.goto(pageOf(app, 'home'));
    await settled(page);
    await page.keyboard.press('Control+k');
    await page.locator('.palette-list li').first().waitFor();
    const found = await page.locator('.palette-list li').allInnerTexts();
    const all = [];
    for (const word of ['new', 'test', 'play', 'team', 'keys', 'audit', 'environment']) {
        await page.getByRole('combobox').fill(word);
        all.push(...(await page.locator('.palette-list li').allInnerTexts()));
    }
    const beyond = [...found, ...all].filter((text) => /New integration|Add test|Playground|Team|API keys|Audit|Environment\n/.test(text));
    report.check('support finds nothing beyond the role', beyond.length === 0, beyond);
    await page.keyboard.press('Escape');
    const before = page.url();
    for (const letter of ['t', 'k', 'a', 's', 'p']) {
        await page.keyboard.press('g');
        await page.keyboard.press(letter);
    }
    report.check('no key leads beyond the role', page.url() === before, page.url());
    const reads = await page.evaluate(async () => {
        const headers = { 'Sheetbend-Environment': 'dev' };
        const paths = ['/environment', '/environment-variables', '/internal/users', '/internal/audit', '/account/api-keys', '/connections/demo-excel?provider_config_key=microsoft-excel&refresh_token=true'];
        return Promise.all(paths.map(async (path) => {
            const answer = await fetch(path, { headers });
            return [path, answer.status, /access_token|refresh_token/.test(await answer.text())];
        }));
    });
    report.check('nor does the API answer', reads.every(([, status, secret]) => !secret && (status === 403 || status === 200)) && reads.filter(([, status]) => status === 403).length >= 4, reads);
}

/** A change that another site's page sends along with the cookie, and frames of it. */
async function strangers(page, app, report) {
    const origin = new URL(app).origin;
    const stranger = origin.replace('localhost', '127.0.0.1');
    await page.route(`${stranger}/stranger*`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>x</title><iframe name=in></iframe>' }));
    await page.goto(`${stranger}/stranger`);
    const sent = await page.evaluate(async (origin) => {
        const tries = [];
        for (const [path, body] of [['/internal/sign-out', '{}'], ['/internal/users', '{"email":"x@example.com","owner":true}']]) {
            tries.push(await fetch(origin + path, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).then((answer) => answer.type, (error) => String(error)));
        }
        return tries;
    }, origin);
    await page.evaluate((origin) => {
        const form = document.createElement('form');
        form.method = 'POST';
        form.action = `${origin}/internal/sign-out`;
        form.enctype = 'text/plain';
        form.target = 'in';
        document.body.append(form);
        form.submit();
    }, origin);
    const framed = await page.evaluate((origin) => new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = () => resolve(frame.contentDocument === null ? 'another document' : 'nothing');
        frame.src = `${origin}/app/`;
        document.body.append(frame);
    }), origin);
    const inner = page.frames().find((frame) => frame.url().startsWith(`${origin}/app`));
    const shown = inner ? await inner.evaluate(() => document.querySelector('#app') !== null).catch(() => false) : false;
    report.check('nobody frames the dashboard', !shown, { framed, sent });
    await page.goto(app);
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    const { body: users } = await call(page, 'GET', '/internal/users');
    report.check('another site changes nothing', users.data.every((one) => one.email !== 'x@example.com'), users);
}

/** Whoever put a cookie of their own into the browser gets no session with it. */
async function fixation(page, app, report) {
    const { hostname } = new URL(app);
    const planted = 'planted-by-somebody-else-0123456789abcdef';
    await page.context().clearCookies();
    await page.context().addCookies([{ name: 'sheetbend_session', value: planted, domain: hostname, path: '/' }]);
    await page.goto(`${app}/sign-in`);
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.locator('input[type=password]').fill('correct horse battery');
    await button(page, /^Sign in$/).click();
    await page.getByRole('heading', { name: 'Home' }).waitFor();
    const cookies = (await page.context().cookies()).filter((one) => one.name === 'sheetbend_session');
    report.check('a planted session is replaced', cookies.length > 0 && cookies.every((one) => one.value !== planted), cookies.length);
    report.check('a script cannot read the session', !(await page.evaluate(() => document.cookie)).includes('sheetbend_session'));
}

await run((options, report) => withBrowser(async (context) => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const loud = watch(page, ['Failed to load resource', 'frame-ancestors', 'Framing', '/stranger']);
    await setUp(page, options.setup);
    const app = appOf(options.setup);
    await invite(page, 'sue@example.com', 'Sue', { roles: { dev: 'support' } });
    await invite(page, 'dan@example.com', 'Dan', { roles: { dev: 'developer' } });
    const { body } = await call(page, 'POST', '/internal/playground', { integration: 'microsoft-excel', connection: 'demo-excel', method: 'GET', path: '/v1.0/me' });
    await report.step('other sites', () => strangers(page, app, report));
    await signIn(page, app, 'sue@example.com');
    await report.step('support', async () => {
        await closed(page, app, 'sue@example.com', report);
        await support(page, app, body.operation_id, report);
    });
    await signIn(page, app, 'dan@example.com');
    await report.step('developer', () => closed(page, app, 'dan@example.com', report));
    await report.step('fixation', () => fixation(page, app, report));
    report.check('no error in the console', loud.length === 0, loud);
    report.facts.pages = Object.keys(PAGES).length;
}));
