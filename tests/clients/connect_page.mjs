// Our own connect page in a real browser: what end users meet, scenario by scenario.
// Options: scenario (a name of SCENARIOS), host, and what the scenario says. Facts: what it saw.
import { withBrowser } from './lib/chromium.mjs';
import { heading, look, press, serve, serveProduct, shows, signIn } from './lib/connect.mjs';
import { run } from './lib/run.mjs';

const SCENARIOS = {
    /** The first view's bytes, and what the address bar keeps. */
    async first_view(context, options, report) {
        const page = await context.newPage();
        const session = await context.newCDPSession(page);
        await session.send('Network.enable');
        await session.send('Network.setCacheDisabled', { cacheDisabled: true });
        const asked = new Map();
        const sizes = new Map();
        session.on('Network.requestWillBeSent', ({ requestId, request }) => asked.set(requestId, request.url));
        session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
        const sum = (ids) => ids.reduce((all, id) => all + (sizes.get(id) ?? 0), 0);
        const strangers = [];
        page.on('request', (request) => request.url().startsWith(options.host) || request.url().startsWith('data:') || strangers.push(request.url()));
        await page.goto(options.link);
        await page.locator('button.primary').waitFor();
        await page.waitForLoadState('networkidle');
        // The page asks for the rest of itself when the form is drawn: what came before is the first view.
        const ids = [...asked.keys()];
        const later = ids.findIndex((id) => asked.get(id).includes('/connect-later.'));
        report.check('the rest comes later', later > 5, [...asked.values()]);
        const first = { bytes: sum(ids.slice(0, later)), files: later };
        report.facts = { ...first, bytes_at_rest: sum(ids), files_at_rest: ids.length, url: page.url() };
        report.check('under 40 KB', first.bytes > 5_000 && first.bytes < 40_000, { ...report.facts, asked: [...asked.values()] });
        report.check('the token left the address bar', !page.url().includes('nango_connect_session'), page.url());
        report.check('it talks to its own origin only', strangers.length === 0, strangers);
        await page.reload();
        await page.locator('button.primary').waitFor();
        report.check('a reload keeps the session', true);
    },

    /** How long from the navigation's start until the form can be used, against a page that is nothing but a button,
     * in turns in one browser: the machine may be busy, and is so for both. */
    async speed(context, options, report) {
        await context.addInitScript(() => {
            const look = () => {
                if (!document.querySelector('button.primary')) return;
                window.usable = performance.now();
                watch.disconnect();
            };
            const watch = new MutationObserver(look);
            watch.observe(document, { subtree: true, childList: true });
        });
        const product = await serve(`<!doctype html><html lang="en"><title>a button</title><body><script>
            document.body.append(Object.assign(document.createElement('button'), { className: 'primary', textContent: 'Go' }));</script>`);
        const time = async (url) => {
            const page = await context.newPage();
            const session = await context.newCDPSession(page);
            await session.send('Network.enable');
            await session.send('Network.setCacheDisabled', { cacheDisabled: true });
            await page.goto(url);
            await page.waitForFunction(() => window.usable, null, { polling: 20 });
            const usable = await page.evaluate(() => window.usable);
            await page.close();
            return usable;
        };
        await time(options.links[0]);
        const [ours, yardstick] = [[], []];
        for (const link of options.links.slice(1)) {
            ours.push(await time(link));
            yardstick.push(await time(product.origin));
        }
        product.close();
        const middle = (times) => Math.round([...times].sort((one, other) => one - other)[times.length >> 1]);
        const best = (times) => Math.round(Math.min(...times));
        report.facts = { median_ms: middle(ours), best_ms: best(ours), yardstick_ms: middle(yardstick), yardstick_best_ms: best(yardstick) };
        // An empty page takes 20 ms where nothing else runs, so this is 200 ms there, and more where the machine is busy.
        const bar = Math.max(200, 12 * middle(yardstick));
        report.check('usable soon', best(ours) < 200 || middle(ours) < bar, { ...report.facts, bar, ours, yardstick });
    },

    /** Fields as one types, by keyboard alone, errors, going back. */
    async forms(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        await page.getByLabel('Search integrations').fill('no such thing');
        await shows(page, 'Nothing has that name.');
        await page.getByLabel('Search integrations').fill(options.search);
        report.equal('the list narrows', await page.locator('.row').count(), 1);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        const secret = page.getByLabel(options.secret_label, { exact: false }).first();
        await secret.waitFor();
        report.equal('the heading has the focus', await page.evaluate(() => document.activeElement?.tagName), 'H1');
        await page.keyboard.press('Tab');
        await page.locator('button[type=submit]').focus();
        await page.keyboard.press('Enter');
        await page.locator('.complaint:not(:empty)').first().waitFor();
        const first = await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'));
        report.equal('the first wrong field has the focus', first, 'true');
        for (const [label, bad, good] of options.typed) {
            const field = page.getByLabel(label, { exact: false }).first();
            await field.fill(bad);
            await page.waitForTimeout(900);
            const complaint = await field.evaluate((node) => document.getElementById(`${node.id}-e`)?.textContent);
            report.check(`${label} complains of ${bad}`, complaint, complaint);
            await field.fill(good);
            await page.waitForFunction((id) => !document.getElementById(id)?.textContent, `${await field.getAttribute('id')}-e`);
        }
        report.equal('the secret is hidden', await secret.getAttribute('type'), 'password');
        await page.getByRole('button', { name: /^Show / }).first().click();
        report.equal('and shown on demand', await secret.getAttribute('type'), 'text');
        await look(page, 'form', options, report);
        await page.getByRole('button', { name: 'Back' }).click();
        await page.locator('.row').first().waitFor();
        await page.getByLabel('Search integrations').fill(options.search);
        await page.locator('.row').first().click();
        const [label, , good] = options.typed[0];
        report.equal('nothing typed is lost', await page.getByLabel(label, { exact: false }).first().inputValue(), good);
    },

    /** Every screen on the way of a sign-in: blocked, closed early, gone on, done. */
    async window(context, options, report) {
        const product = await serveProduct(options.host, options.token, '&detectClosedAuthWindow=true');
        const page = await context.newPage();
        await page.goto(product.origin);
        const frame = page.frameLocator('#connect-ui');
        await frame.locator('.row').first().waitFor();
        await look(page, 'picker', options, report);
        await frame.locator('.row').filter({ hasText: 'Microsoft Excel' }).click();
        await frame.locator('button.primary').waitFor();
        const inner = page.frames().find((one) => one.url().includes('/connect/'));
        await inner.evaluate(() => ((window.realOpen = window.open), (window.open = () => null)));
        await frame.locator('button.primary').click();
        await frame.getByText('Your browser blocked the window').waitFor();
        report.check('a blocked window says who must act', await frame.getByText('You can fix this').count(), null);
        await look(page, 'blocked', options, report);
        await inner.evaluate(() => (window.open = window.realOpen));
        const [first] = await Promise.all([context.waitForEvent('page'), frame.getByRole('button', { name: 'Open the sign-in window' }).click()]);
        await first.waitForURL((url) => url.href !== 'about:blank');
        await first.close();
        await frame.getByText('Was the window closed?').waitFor();
        await look(page, 'closed', options, report);
        const [second] = await Promise.all([context.waitForEvent('page'), frame.getByRole('button', { name: 'Open the window again' }).click()]);
        await signIn(second, options.login);
        await frame.getByText('is connected').waitFor({ timeout: 15_000 });
        await look(page, 'done', options, report);
        await frame.getByRole('button', { name: 'Finish' }).click();
        const events = await page.evaluate(() => window.events);
        report.equal('events', events.map((event) => event.type), ['ready', 'error', 'connect', 'close']);
        report.equal('the early close is told', events[1].payload.errorType, 'window_closed');
        product.close();
    },

    /** Nobody may consent but an administrator: a link, and the page finishes by itself when they have. */
    async admin(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        await page.locator('button.primary').waitFor();
        const [popup] = await Promise.all([context.waitForEvent('page'), page.locator('button.primary').click()]);
        report.facts.stuck = await signIn(popup, options.login);
        report.check('the window is stuck', /admin approval/i.test(report.facts.stuck), report.facts.stuck);
        await page.getByText('Does the window show a message instead?').click();
        await look(page, 'stuck', options, report);
        await page.getByText('Need admin approval').click();
        await shows(page, 'Send this link to your administrator');
        await look(page, 'admin', options, report);
        const link = await page.getByLabel('Link for your administrator').inputValue();
        await withBrowser(async (other) => {
            const admin = await other.newPage();
            await admin.goto(link);
            report.facts.admin_saw = await signIn(admin, options.admin);
        });
        if (options.window_closed) {
            await popup.close();
            await press(page, 'Connect with');
        }
        await shows(page, 'is connected');
        report.check('it finished', true);
    },

    /** What a stuck window may say, each with one button. */
    async stuck(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        for (const [choice, title, who] of [
            ['This account, or this kind of account', 'This account cannot be used', 'You can fix this'],
            ['You cannot access this right now', 'Your organization’s policy blocks this sign-in', 'Your administrator must act']
        ]) {
            await page.locator('button.primary').waitFor();
            const [popup] = await Promise.all([context.waitForEvent('page'), page.locator('button.primary').click()]);
            await popup.waitForURL((url) => url.href !== 'about:blank');
            await page.getByText('Does the window show a message instead?').click();
            await page.getByText(choice).click();
            await shows(page, title);
            report.check(`${title}: who`, await page.getByText(who).count(), who);
            report.equal(`${title}: one button`, await page.locator('.actions button').count(), 1);
            await look(page, title.replace(/\W+/g, '-').toLowerCase(), options, report);
            await page.locator('.actions button').click();
        }
    },

    /** Opens a link and reads it: dead links, foreign sessions, hostile names. */
    async read(context, options, report) {
        const page = await context.newPage();
        let dialogs = 0;
        page.on('dialog', (dialog) => (dialogs++, dialog.dismiss()));
        await page.goto(options.link);
        await page.locator('h1').waitFor();
        if (options.press) await press(page, options.press);
        if (options.wait) await shows(page, options.wait);
        await page.waitForTimeout(300);
        report.facts.text = await page.locator('#card').innerText();
        report.facts.lang = await page.evaluate(() => document.documentElement.lang);
        report.equal('no script of others ran', dialogs + (await page.evaluate(() => Number(window.pwned ?? 0))), 0);
        await look(page, options.name ?? 'read', options, report);
    },

    /** The page in each language: nothing is left in English, nothing overflows. */
    async languages(context, options, report) {
        const seen = {};
        for (const lang of ['en', 'de', 'es', 'fr', 'ja', 'pt', 'zh']) {
            const page = await context.newPage();
            await page.setViewportSize({ width: 380, height: 820 });
            await page.goto(`${options.link}&lang=${lang}`);
            await page.locator('button.primary').waitFor();
            report.equal(`${lang}: said`, await page.evaluate(() => document.documentElement.lang), lang);
            seen[lang] = `${await heading(page)} ${await page.locator('.lead').innerText()}`;
            await look(page, `lang-${lang}`, options, report);
            await page.close();
        }
        report.facts.headings = seen;
        report.equal('all differ', new Set(Object.values(seen)).size, 7);
    },

    /** A frame on a page of a stranger: refused by the policy, or by the page itself. */
    async framed(context, options, report) {
        const product = await serveProduct(options.host, options.token);
        const page = await context.newPage();
        await page.goto(product.origin);
        if (options.refused_by === 'policy') {
            await page.waitForTimeout(1500);
            report.equal('nothing was said', await page.evaluate(() => window.events), []);
        } else {
            const frame = page.frameLocator('#connect-ui');
            await frame.locator('h1').waitFor();
            report.facts.text = await frame.locator('#card').innerText();
            report.facts.events = await page.evaluate(() => window.events);
        }
        product.close();
    },

    /** The server goes away while the page waits, and comes back. */
    async lost(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        await page.locator('button.primary').waitFor();
        await page.evaluate(() => {
            const Real = window.WebSocket;
            window.sockets = [];
            window.WebSocket = class extends Real {
                constructor(url) {
                    super(url);
                    window.sockets.push(this);
                }
            };
        });
        const [popup] = await Promise.all([context.waitForEvent('page'), page.locator('button.primary').click()]);
        await popup.waitForURL((url) => url.href !== 'about:blank');
        await page.evaluate(() => window.sockets[0].close());
        await page.waitForFunction(() => window.sockets.length > 1 && window.sockets[1].readyState === 1, null, { timeout: 10_000 });
        const urls = await page.evaluate(() => window.sockets.map((socket) => socket.url));
        report.check('it asks for its old name', /[?&]resume=[\da-f-]{36}/.test(urls[1]), urls);
        await signIn(popup, options.login);
        await shows(page, 'is connected');
        report.check('the result still comes', true);
    }
};

await run(async (options, report) => {
    await withBrowser((context) => SCENARIOS[options.scenario](context, options, report));
});
