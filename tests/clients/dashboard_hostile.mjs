// Every page of the dashboard over data that somebody else wrote to hurt: nothing runs, nothing breaks out of its place.
// Options: setup (the link), upstream (true: the integration `raw` answers hostile texts), receiver (an address that refuses
// webhooks in hostile words), pictures (a folder, or absent).
import { mkdirSync } from 'node:fs';
import { run } from './lib/run.mjs';
import { withBrowser } from './lib/chromium.mjs';
import { appOf, button, call, overflow, pageOf, setUp, settled, watch } from './lib/dashboard.mjs';

const MARK = 'onerror=pwned';
const SCRIPTS = [
    '<img src=x onerror=pwned()>', '"><script>pwned()</script>', "'-pwned()-'", 'javascript:pwned()', '</script><svg onload=pwned()>', '{{7*7}}${7*7}',
    '\u202Egnp.exe\u202C', '\u2066\u200F', 'e\u0301'.repeat(30), '\u0000'.replace('\u0000', '\\u0000'),
];
/** A text of a length, full of scripts, with a word that no line can break. */
const evil = (length) => `${SCRIPTS.join(' ')} ${'W'.repeat(10_000)}`.slice(0, length);

const HELD = [];

async function must(report, page, name, method, path, body) {
    const answer = await call(page, method, path, body);
    report.check(`seed: ${name}`, answer.status < 300, [answer.status, answer.text.slice(0, 300)]);
    return answer.body;
}

async function seed(report, page, options) {
    const seeded = (...of) => must(report, page, ...of);
    for (const key of ['raw', 'microsoft-excel']) await seeded(`name of ${key}`, 'PATCH', `/integrations/${key}`, { display_name: evil(255) });
    await seeded('look', 'PATCH', '/environment', { webhooks: { primary_url: options.receiver } });
    for (let at = 0; at < 3; at += 1) {
        await seeded('connection', 'POST', '/connections', {
            provider_config_key: 'raw', connection_id: `evil-${at}`, credentials: { type: 'OAUTH2', access_token: evil(2_000) },
            connection_config: { note: evil(5_000), nested: { [evil(200)]: [evil(900)] } }, metadata: { [evil(100)]: evil(9_000), deep: { html: SCRIPTS } },
            end_user: { id: evil(255), display_name: evil(255), email: `${'w'.repeat(60)}@${'w'.repeat(60)}.example` },
            tags: { ['w'.repeat(64)]: evil(200), html: SCRIPTS[0], rtl: SCRIPTS[6] },
        });
    }
    await seeded('variables', 'PUT', '/environment-variables', { variables: [{ name: 'W'.repeat(200), value: evil(4_000) }, { name: 'HTML', value: SCRIPTS.join('\n') }] });
    await seeded('person', 'POST', '/internal/users', { email: `${'w'.repeat(60)}@${'w'.repeat(60)}.example`, roles: { dev: 'support' } });
    await seeded('own name', 'PATCH', '/internal/account', { name: evil(100) });
    const { body: environments } = await call(page, 'GET', '/environments');
    await seeded('key', 'POST', '/environment/api-keys', { environment_id: environments.data[0].id, display_name: evil(255) });
    for (const path of [`/x?q=${encodeURIComponent(evil(3_000))}`, '/fail', '/page', '/list', '/deep']) {
        const answer = await call(page, 'POST', '/internal/playground', { integration: 'raw', connection: 'evil-0', method: 'POST', path, body: evil(2_000), headers: { 'X-Note': 'a"><script>pwned()</script>' } });
        HELD.push(answer.body?.operation_id);
    }
    const refused = await call(page, 'POST', '/internal/connections/raw/evil-1/refresh');
    report.facts.refresh = refused.status;
}

async function look(page, name, options, report) {
    await settled(page);
    for (const width of [380, 1024]) {
        await page.setViewportSize({ width, height: 800 });
        const over = await overflow(page);
        report.check(`${name} fits ${width} px`, over <= 0, over);
        const cut = await page.evaluate(() => [...document.querySelectorAll('.table-box')].filter((one) => one.scrollWidth > one.clientWidth + 1).length);
        report.check(`tables of ${name} fit ${width} px`, cut === 0, cut);
        if (options.pictures) {
            mkdirSync(options.pictures, { recursive: true });
            await page.screenshot({ path: `${options.pictures}/hostile-${name}-${width}.png` });
        }
    }
    const found = await page.evaluate(() => {
        const all = [...document.querySelectorAll('*')];
        return {
            pwned: window.__pwned ?? null,
            handlers: all.filter((one) => [...one.attributes].some((attribute) => attribute.name.startsWith('on'))).length,
            scripts: [...document.scripts].filter((one) => !one.src).length,
            images: [...document.images].filter((one) => one.getAttribute('src') === 'x').length,
            turned: [...document.querySelectorAll('pre, .json, .headers')].filter((one) => /[\u202a-\u202e\u2066-\u2069]/.test(one.textContent)).length,
            links: [...document.querySelectorAll('a[href]')].map((one) => one.protocol).filter((one) => !/^(https?|mailto|blob):$/.test(one)),
        };
    });
    const clean = found.pwned === null && found.handlers === 0 && found.scripts === 0 && found.images === 0 && found.turned === 0 && found.links.length === 0;
    report.check(`${name} runs nothing`, clean, found);
}

/** Whether a page shows the hostile text, so that the check above has something to look at. */
async function shows(page, name, report) {
    const text = await page.evaluate(() => document.body.innerText + [...document.querySelectorAll('input, textarea')].map((one) => one.value).join(' '));
    report.check(`${name} shows what was written`, text.includes(MARK) || text.includes('WWWWWWWW') || text.includes('wwwwwwww'), text.slice(0, 400));
}

async function insides(page, app, options, report) {
    const at = (path) => page.goto(`${app}/e/dev${path}`);
    for (const [index, id] of HELD.entries()) {
        await at(`/logs?op=${id}`);
        await page.locator('.log-detail h3').first().waitFor();
        for (const one of await page.locator('.log-detail summary').all()) await one.click();
        for (const one of (await page.locator('.log-detail .json-toggle[aria-expanded=false]').all()).slice(0, 12)) await one.click();
        await look(page, `operation-${index}`, options, report);
        await shows(page, `operation-${index}`, report);
    }
    await at('/webhooks');
    await page.locator('tbody tr').first().click();
    await page.locator('dialog h3').first().waitFor();
    await look(page, 'delivery', options, report);
    await shows(page, 'delivery', report);
    await page.goto(`${app}/audit`);
    await page.locator('tbody button').first().click();
    await page.locator('dialog dl').waitFor();
    await look(page, 'audit-entry', options, report);
    for (const path of ['/page', '/list', '/deep', '/fail']) {
        await at(`/playground?integration=raw&connection=evil-0&path=${encodeURIComponent(path)}`);
        await button(page, 'Send').click();
        await page.locator('.answer-line').waitFor();
        for (const tab of await page.getByRole('tab').all()) {
            await tab.click();
            await look(page, `answer${path.replace('/', '-')}-${(await tab.innerText()).split(/\s/)[0]}`, options, report);
        }
    }
    await at('/connections/raw/evil-0');
    await button(page, 'Show credentials').click();
    await page.locator('dialog pre').waitFor();
    await look(page, 'credentials', options, report);
    await at('/connections?add=1');
    await button(page, 'Authorize').waitFor();
    await look(page, 'test-connection', options, report);
    await at('');
    await settled(page);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('<img src=x');
    await page.locator('.palette-list li').first().waitFor();
    await look(page, 'palette', options, report);
    await shows(page, 'palette', report);
}

async function addresses(page, app, options, report) {
    const hostile = ['/e/%E0%A4%A/logs', `/e/${encodeURIComponent(SCRIPTS[0])}`, `/e/dev/connections/${encodeURIComponent(SCRIPTS[1])}/${encodeURIComponent('../..')}`,
        `/e/dev/logs?q=${encodeURIComponent(evil(4_000))}&op=${encodeURIComponent(SCRIPTS[0])}&type=${encodeURIComponent(SCRIPTS[1])}&from=x&status=%00`,
        `/e/dev/playground?integration=${encodeURIComponent(SCRIPTS[0])}&connection=${encodeURIComponent(evil(900))}&path=javascript:pwned()`,
        `/e/dev/webhooks?delivery=${encodeURIComponent(SCRIPTS[0])}&state=${encodeURIComponent(SCRIPTS[0])}`, '/%00', '/e/dev/../../x', `/sign-in?return=javascript:pwned()`,
        `/e/dev/connections?search=${encodeURIComponent(evil(3_000))}&tag=${encodeURIComponent(evil(3_000))}&integration=${encodeURIComponent(SCRIPTS[0])}`];
    for (const [index, path] of hostile.entries()) {
        await page.goto(app + path);
        await look(page, `address-${index}`, options, report);
    }
}

await run((options, report) => withBrowser(async (context) => {
    await context.addInitScript(() => {
        window.pwned = () => { window.__pwned = true; };
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    // Refusals of the server are told on the console by the browser itself; they are asked for here.
    const loud = watch(page, ['Failed to load resource']);
    await setUp(page, options.setup);
    const app = appOf(options.setup);
    await seed(report, page, options);
    const names = ['home', 'integrations', 'integration', 'connections', 'playground', 'logs', 'webhooks', 'settings', 'api-keys', 'team', 'audit', 'account', 'health'];
    for (const name of names) {
        await page.goto(pageOf(app, name));
        if (name === 'webhooks') await page.locator('tbody tr').first().waitFor();
        await look(page, name, options, report);
        if (name !== 'health' && name !== 'audit' && name !== 'webhooks' && name !== 'playground') await shows(page, name, report);
    }
    for (const path of ['/integrations/raw', '/connections/raw/evil-0', '/connections/raw/evil-1']) {
        await page.goto(`${app}/e/dev${path}`);
        await look(page, path.slice(1).replaceAll('/', '-'), options, report);
        await shows(page, path, report);
    }
    await report.step('insides', () => insides(page, app, options, report));
    await report.step('addresses', () => addresses(page, app, options, report));
    report.check('nothing was said that should not be', loud.length === 0, loud.slice(0, 10));
    report.facts.looked = Object.keys(report.checks).filter((name) => name.endsWith('runs nothing')).length;
}));
