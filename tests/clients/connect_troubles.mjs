// What end users meet on the connect page when it does not go as planned, or when they come by another way: each
// scenario in a real browser, looked at by axe in both themes. Options as in connect_page.mjs.
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { withBrowser } from './lib/chromium.mjs';
import { look, press, serve, shows, signIn } from './lib/connect.mjs';
import { run } from './lib/run.mjs';

/** Opens the sign-in window by the page's button. */
async function openWindow(context, page) {
    await page.locator('button.primary').waitFor();
    const [popup] = await Promise.all([context.waitForEvent('page'), page.locator('button.primary').click()]);
    await popup.waitForURL((url) => url.href !== 'about:blank', { timeout: 15_000 });
    return popup;
}

/** One failure as a person reads it: what happened, who must act, one button. */
async function direction(page, { title, who, button }, name, options, report) {
    await shows(page, title);
    report.check(`${title}: who must act`, await page.getByText(who).count(), await page.locator('#card').innerText());
    report.equal(`${title}: one button`, await page.locator('.actions button').allInnerTexts(), [button]);
    await look(page, name, options, report);
}

/** Follows redirects one by one: only the first request of a chain can be held. `bend` may change where it goes. */
async function followByHand(popup, bend) {
    await popup.route('**/*', async (route) => {
        if (!route.request().isNavigationRequest()) return route.continue();
        const answer = await route.fetch({ maxRedirects: 0 });
        const { location, ...headers } = answer.headers();
        if (!location) return route.fulfill({ response: answer });
        const next = new URL(location, route.request().url());
        await bend(next);
        const body = `<meta http-equiv="refresh" content="0;url=${next.href.replaceAll('&', '&amp;')}">`;
        return route.fulfill({ status: 200, headers: { ...headers, 'content-type': 'text/html', 'content-security-policy': '' }, body });
    });
}

/** Counts dialogs and traces of scripts that nobody here wrote. */
function watchForScripts(context) {
    let dialogs = 0;
    context.on('page', (page) => page.on('dialog', (dialog) => (dialogs++, dialog.dismiss())));
    return async (page) => dialogs + (await page.evaluate(() => Number(window.pwned ?? 0)));
}

const SCENARIOS = {
    /** Credentials that the provider refuses, then others: the field is marked, what was typed stays. */
    async refused(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        const field = page.getByLabel(options.label, { exact: true });
        await field.fill(options.bad);
        await page.locator('button[type=submit]').click();
        await direction(page, { title: 'The details were not accepted', who: 'You can fix this', button: 'Correct the details' }, 'refused', options, report);
        report.check('the provider’s answer is told', /401/.test(await page.locator('#card').innerText()), await page.locator('#card').innerText());
        await press(page, 'Correct the details');
        report.equal('what was typed stays', await field.inputValue(), options.bad);
        report.equal('the field is marked', await field.getAttribute('aria-invalid'), 'true');
        await shows(page, 'This was not accepted.');
        await look(page, 'refused-field', options, report);
        await field.fill(options.good);
        await page.locator('[aria-invalid=true]').first().waitFor({ state: 'detached' });
        report.equal('the mark goes with the first key', await field.getAttribute('aria-invalid'), 'false');
        await page.locator('button[type=submit]').click();
        await shows(page, 'All done.');
    },

    /** Our own snippet in a page without npm: over the page, connected, closed, and gone without a trace. */
    async snippet(context, options, report) {
        const product = await serve(`<!doctype html><html lang="en"><title>a product</title><body>
<button id="open">Connect</button><script src="${options.host}/connect/snippet.js"></script><script>
window.events = [];
const token = () => new Promise((resolve) => setTimeout(() => resolve(${JSON.stringify(options.token)}), 50));
document.getElementById('open').onclick = () => {
    window.ui = sheetbendConnect({ sessionToken: token(), lang: 'en', theme: 'light', onEvent: (event) => window.events.push(event) });
};</script>`);
        const page = await context.newPage();
        await page.goto(product.origin);
        await page.getByText('Connect', { exact: true }).focus();
        await page.keyboard.press('Enter');
        const frame = page.frameLocator('iframe[title=Connect]');
        await frame.locator('button.primary').waitFor();
        await look(page, 'snippet', options, report);
        const [popup] = await Promise.all([context.waitForEvent('page'), frame.locator('button.primary').click()]);
        await signIn(popup, options.login);
        await frame.getByText('is connected').waitFor({ timeout: 15_000 });
        await frame.getByRole('button', { name: 'Finish' }).click();
        await page.waitForFunction(() => !document.querySelector('iframe'));
        const events = await page.evaluate(() => window.events);
        report.equal('events', events.map((event) => event.type), ['ready', 'connect', 'close']);
        report.check('the connection is named', events[1].payload.connectionId && events[1].payload.providerConfigKey === 'microsoft-excel', events);
        report.equal('the focus is where it was', await page.evaluate(() => document.activeElement?.id), 'open');
        report.equal('the page scrolls again', await page.evaluate(() => document.body.style.overflow), '');
        // Opened anew and taken away by the product; a message of another window counts for nothing.
        await page.locator('#open').click();
        await page.locator('iframe').waitFor();
        await page.evaluate(() => (window.postMessage({ type: 'close' }, '*'), new Promise((resolve) => setTimeout(resolve, 100))));
        report.equal('a stranger’s message does nothing', await page.locator('iframe').count(), 1);
        await page.evaluate(() => window.ui.close());
        report.equal('closed by the product', await page.locator('iframe').count(), 0);
        product.close();
    },

    /** A sign-in whose answer is a refusal that we hear of. */
    async sign_in_refused(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        const popup = await openWindow(context, page);
        // The rule comes between the sign-in and the token: before, Entra's page itself would say so, and never call back.
        const block = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rule: 'blocked' }) };
        if (options.rule) await followByHand(popup, async (next) => next.pathname.endsWith('/oauth/callback') && fetch(options.rule, block));
        await signIn(popup, options.login, options.cancel);
        await direction(page, options, options.name, options, report);
        report.facts.text = await page.locator('#card').innerText();
        await page.locator('.actions button').click();
        await page.locator('button.primary').waitFor();
        report.check('it can be tried again', true);
    },

    /** What a provider says may be a script: it is shown, it does not run. */
    async hostile_answer(context, options, report) {
        const scripts = watchForScripts(context);
        const page = await context.newPage();
        await page.goto(options.link);
        const popup = await openWindow(context, page);
        const state = new URL(popup.url()).searchParams.get('state');
        const hostile = '<img src=x onerror="pwned=1;opener.pwned=1;alert(1)"><script>pwned=1</script>{{body}}';
        const query = new URLSearchParams({ state, error: 'odd_error', error_description: hostile, error_uri: 'javascript:alert(1)' });
        await popup.goto(`${options.host}/oauth/callback?${query}`).catch(() => {});
        await page.locator('.actions button').waitFor({ timeout: 15_000 });
        report.equal('no script of others ran', await scripts(page), 0);
        await page.locator('summary').click();
        report.check('it is shown as it came', (await page.locator('pre').innerText()).includes('<img src=x onerror='), await page.locator('pre').innerText());
        report.equal('no address of theirs is a link', await page.locator('a[href^="javascript"]').count(), 0);
        await look(page, 'hostile-answer', options, report);
        // The page at the end, alone in a tab: the same state again, with nobody to close it.
        const alone = await context.newPage();
        await alone.goto(`${options.host}/oauth/callback?${query}`);
        report.equal('nor there', await scripts(alone), 0);
        await look(alone, 'result-failed', options, report);
    },

    /** The session ends while the page is open. */
    async ended_while_open(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        await page.locator('button.primary').waitFor();
        const gone = await fetch(`${options.host}/connect/session`, { method: 'DELETE', headers: { authorization: `Bearer ${options.token}` } });
        report.equal('the session is over', gone.status, 204);
        await page.locator('button.primary').click();
        await shows(page, 'This link has ended or is not complete');
        report.check('who must act', await page.getByText('You can fix this').count(), null);
        report.check('where to begin again', (await page.locator('#card').innerText()).includes('Go back to the app'), null);
        await look(page, 'ended-while-open', options, report);
    },

    /** The server goes away under an open page and comes back. */
    async server_gone(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        await page.locator('.row').first().waitFor();
        // The words for a failure cannot come either.
        await context.setOffline(true);
        await page.locator('.row').first().click();
        await shows(page, 'The server cannot be reached');
        await look(page, 'server-gone-early', options, report);
        await press(page, 'Try again');
        await shows(page, 'The server cannot be reached');
        await context.setOffline(false);
        await press(page, 'Try again');
        const field = page.getByLabel(options.label, { exact: true });
        await field.fill(options.good);
        // Now the words for a failure have come.
        await page.waitForFunction(() => {
            const here = performance.getEntriesByType('resource').filter((one) => one.responseStatus === 200).map((one) => one.name);
            const parts = ['later', 'directions', 'signin', 'screens-outcome', 'screens-waiting', 'i18n-later-en'];
            return parts.every((part) => here.some((name) => name.includes(`/connect-${part}.`)));
        });
        await context.setOffline(true);
        await page.locator('button[type=submit]').click();
        await direction(page, { title: 'The server cannot be reached', who: 'You can fix this', button: 'Try again' }, 'server-gone', options, report);
        await context.setOffline(false);
        await press(page, 'Try again');
        report.equal('nothing typed is lost', await field.inputValue(), options.good);
        await page.locator('button[type=submit]').click();
        await shows(page, 'All done.');
    },

    /** The link alone on a phone, by touch, with less motion wished for. */
    async phone(context, options, report) {
        const page = await context.newPage();
        await page.setViewportSize({ width: 390, height: 844 });
        await page.emulateMedia({ reducedMotion: 'reduce' });
        await page.goto(options.link);
        await page.locator('button.primary').waitFor();
        const box = await page.locator('button.primary').boundingBox();
        report.check('a finger hits the button', box.height >= 44 && box.width > 300, box);
        const popup = await openWindow(context, page);
        const moving = () => page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running').length);
        report.equal('nothing moves', await moving(), 0);
        await popup.setViewportSize({ width: 390, height: 844 });
        await signIn(popup, options.login);
        await shows(page, 'You can close this page.');
        report.equal('nothing moves at the end', await moving(), 0);
        await look(page, 'phone-done', options, report);
    },

    /** From the list to the connection by keys alone; the focus is always seen. */
    async keyboard(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        await page.locator('.row').first().waitFor();
        const focused = () =>
            page.evaluate(() => {
                const at = document.activeElement;
                const shown = [at, at?.closest('.box')].some((one) => one && getComputedStyle(one).outlineStyle !== 'none');
                return { tag: at?.tagName, label: at?.getAttribute('aria-label') ?? at?.textContent ?? '', name: at?.getAttribute('name'), shown };
            });
        const tabTo = async (wanted) => {
            for (let step = 0; step < 12; step++) {
                await page.keyboard.press('Tab');
                const at = await focused();
                report.check(`the focus is seen: ${at.label || at.name}`, at.shown, at);
                if (wanted(at)) return at;
            }
            report.check('reached by Tab', false, await focused());
            return null;
        };
        await tabTo((at) => at.label === 'Search integrations');
        await page.keyboard.type(options.search);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.locator('form').waitFor();
        await tabTo((at) => at.name === options.field);
        await page.keyboard.type(options.good);
        await page.keyboard.press('Enter');
        await shows(page, 'All done.');
        report.check('connected without a pointer', true);
    },

    /** SharePoint's own REST: a key pair made here, its certificate downloaded and registered, nothing run. */
    async certificate(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        for (const [label, value] of options.typed) await page.getByLabel(label, { exact: false }).first().fill(value);
        await page.locator('button[type=submit]').click();
        await shows(page, 'Create a key pair first.');
        await look(page, 'certificate-none', options, report);
        await press(page, 'Create a key pair');
        const link = page.locator('a[download]');
        await link.waitFor();
        await look(page, 'certificate-made', options, report);
        const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
        report.equal('its name', download.suggestedFilename(), `${options.integration}.cer`);
        const file = readFileSync(await download.path(), 'utf8');
        const certificate = new X509Certificate(file);
        report.check('only the public half', !file.includes('PRIVATE'), file);
        const shown = await page.locator('code').innerText();
        report.equal('the thumbprint shown is its own', shown.replace(/[^0-9a-f]/gi, '').toLowerCase(), certificate.fingerprint256.replaceAll(':', '').toLowerCase());
        // Not yet registered: the page says whose turn it is, and nothing typed is lost.
        await page.locator('button[type=submit]').click();
        await page.locator('.actions button').waitFor({ timeout: 15_000 });
        report.facts.early = await page.locator('#card').innerText();
        await look(page, 'certificate-early', options, report);
        await page.locator('.actions button').click();
        await link.waitFor();
        const added = await fetch(options.upload, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ pem: file }) });
        report.equal('registered', added.status, 200);
        await page.locator('button[type=submit]').click();
        await shows(page, 'All done.');
        await look(page, 'certificate-done', options, report);
    },

    /** The list with our marks: initials stand out on every colour. */
    async marks(context, options, report) {
        const page = await context.newPage();
        await page.goto(options.link);
        await page.locator('.row').first().waitFor();
        const marks = await page.locator('.row .logo').evaluateAll((all) =>
            all.map((one) => ({ text: one.innerText.trim(), alone: one.firstElementChild?.tagName === 'svg', badge: one.querySelector('i svg') !== null }))
        );
        report.facts.marks = marks;
        report.check('drawings that stand alone', marks.filter((mark) => mark.alone && mark.text === '').length >= 3, marks);
        report.check('initials of two letters, most with a small drawing', marks.filter((mark) => mark.badge && mark.text.length === 2).length >= 6, marks);
        const contrasts = await page.evaluate(() => {
            const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
            return [...Array(8).keys()].map((hue) => {
                const probe = Object.assign(document.createElement('span'), { className: `logo hue${hue}` });
                document.body.append(probe);
                const [red, green, blue] = getComputedStyle(probe).backgroundColor.match(/\d+/g).map(Number);
                probe.remove();
                return 1.05 / (0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue) + 0.05);
            });
        });
        report.check('white on every colour reads well', contrasts.every((one) => one >= 4.5), contrasts);
        await look(page, 'marks', options, report);
    },

    /** A form in other languages: common titles speak them, the vendor's help stays. */
    async titles(context, options, report) {
        for (const [lang, wanted] of Object.entries(options.titles)) {
            const page = await context.newPage();
            await page.goto(`${options.link}&lang=${lang}`);
            await page.locator('form').waitFor();
            const labels = await page.locator('label').allInnerTexts();
            report.check(`${lang}: ${wanted}`, wanted.every((text) => labels.some((label) => label.startsWith(text))), labels);
            await look(page, `titles-${lang}`, options, report);
            await page.close();
        }
    },

    /** A page of ours at an address, as a person sees it. */
    async result(context, options, report) {
        const page = await context.newPage();
        await page.setExtraHTTPHeaders({ 'accept-language': options.accept });
        await page.goto(options.link);
        report.facts = { lang: await page.evaluate(() => document.documentElement.lang), text: await page.locator('main').innerText() };
        await look(page, options.name, options, report);
    }
};

await run(async (options, report) => {
    await withBrowser((context) => SCENARIOS[options.scenario](context, options, report));
});
