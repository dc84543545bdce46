// The dashboard by keyboard, by links and by other people's links: keys, tabs, what is copied and shared, the look's form.
// Options: setup (the link), key (which no copied text may hold).
import { run } from './lib/run.mjs';
import { withBrowser } from './lib/chromium.mjs';
import { appOf, button, call, invite, setUp, settled, signIn, watch } from './lib/dashboard.mjs';

/** One pixel of PNG. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

const copied = (page) => page.evaluate(() => navigator.clipboard.readText());
const cursor = (page) => page.locator('.vlist-row.at-cursor').getAttribute('id').catch(() => null);
const focused = (page, selector) => page.evaluate((selector) => document.activeElement?.matches(selector) ?? false, selector);

async function keys(page, app, report) {
    await page.goto(`${app}/e/dev`);
    await settled(page);
    await page.keyboard.press('?');
    const list = page.getByRole('dialog', { name: 'Keys' });
    const text = await list.innerText();
    report.check('? lists the keys', ['Search', 'Go to Logs', 'Find a page'].every((one) => text.includes(one)), text);
    await page.keyboard.press('j');
    report.check('a dialog has the keyboard to itself', page.url().endsWith('/e/dev'));
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    for (const [strokes, heading] of [['gi', 'Integrations'], ['gc', 'Connections'], ['gp', 'Playground'], ['gw', 'Webhooks'], ['gh', 'Home'], ['gl', 'Logs']]) {
        for (const stroke of strokes) await page.keyboard.press(stroke);
        await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
    }
    const slash = async (where, selector) => {
        await page.goto(app + where);
        await settled(page);
        await page.keyboard.press('/');
        report.check(`/ searches ${where}`, await focused(page, selector));
        await page.keyboard.type('jk?');
        report.check(`a field of ${where} takes letters`, await page.evaluate(() => document.activeElement.value.endsWith('jk?')));
    };
    await slash('/e/dev/logs', '[type=search]');
    await slash('/e/dev/connections', '[type=search]');
    await slash('/e/dev/webhooks', '[type=search]');
    await slash('/e/dev/playground', '[data-path]');
}

async function palette(page, app, report) {
    await page.goto(`${app}/e/dev`);
    await settled(page);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('demo-share');
    await page.locator('.palette-list li', { hasText: 'sharepoint' }).first().waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/connections\/sharepoint/);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('audit');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Audit' }).waitFor();
    report.check('the palette leads to connections and pages', page.url().endsWith('/app/audit'), page.url());
}

async function walkRows(page, app, report) {
    await page.goto(`${app}/e/dev/logs`);
    await page.locator('.vlist-row').nth(3).waitFor();
    await page.keyboard.press('j');
    const first = await cursor(page);
    await page.keyboard.press('j');
    const second = await cursor(page);
    await page.keyboard.press('k');
    report.check('j and k move', first === 'operation-0' && second === 'operation-1' && (await cursor(page)) === 'operation-0', [first, second, await cursor(page)]);
    await page.keyboard.press('Enter');
    await page.locator('.log-detail h3').first().waitFor();
    const one = new URL(page.url()).searchParams.get('op');
    await page.keyboard.press('j');
    await page.waitForFunction((one) => new URL(location.href).searchParams.get('op') !== one, one);
    await page.keyboard.press('Escape');
    await page.locator('.log-detail').waitFor({ state: 'detached' });
    report.check('Escape closes', !page.url().includes('op='), page.url());
    await page.keyboard.press('p');
    await page.getByText('Paused').waitFor();
    await page.keyboard.press('p');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.goto(`${app}/e/dev/connections`);
    await page.locator('.vlist-row').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/connections\/[^/]+\/demo-/);
}

/** Another tab by the middle button, and by Ctrl and a click. */
async function tabs(page, app, report) {
    for (const [path, wanted] of [['/e/dev/connections', /\/connections\/[^/]+\/demo-/], ['/e/dev/logs', /\/logs\?op=/], ['/e/dev/integrations', /\/integrations\/[a-z]/]]) {
        for (const how of [{ button: 'middle' }, { modifiers: ['Control'] }]) {
            await page.goto(app + path);
            const row = page.locator('a.vlist-row, tbody a').first();
            await row.waitFor();
            const opened = page.context().waitForEvent('page');
            await row.click(how);
            const tab = await opened;
            await tab.waitForURL(wanted);
            await tab.locator('main h1, .log-detail h3').first().waitFor();
            report.check(`${path} opens a tab by ${Object.values(how)}`, page.url() === app + path, page.url());
            await tab.close();
        }
    }
    await page.goto(`${app}/e/dev/connections`);
    await page.locator('a.vlist-row').first().click();
    await page.waitForURL(/\/connections\/[^/]+\/demo-/);
}

async function brush(page, app, report) {
    await page.goto(`${app}/e/dev/logs`);
    const bars = page.getByRole('slider', { name: /Operations over time/ });
    await bars.focus();
    for (const key of ['ArrowLeft', 'ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft']) await page.keyboard.press(key);
    const told = await bars.getAttribute('aria-valuetext');
    report.check('the marked span is told', / to .*: \d+ operations?, \d+ failed/.test(told), told);
    await page.keyboard.press('Enter');
    await page.waitForURL(/from=.*to=/);
    const query = new URL(page.url()).searchParams;
    const minutes = (Date.parse(query.get('to')) - Date.parse(query.get('from'))) / 60_000;
    // A day in some sixty bars of a round length, three of them.
    report.check('the keyboard marks three bars', minutes >= 60 && minutes <= 100, minutes);
    await page.goto(`${app}/e/dev/logs`);
    await bars.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Escape');
    report.check('Escape lets go', !page.url().includes('from='), page.url());
}

/** What is copied holds no secret; a link shows the same to somebody else. */
async function share(page, app, options, report) {
    await page.goto(`${app}/e/dev/logs?q=items&type=proxy&status=2xx&integration=microsoft-excel`);
    await page.locator('.vlist-row').first().click();
    await button(page, 'Copy as curl').click();
    await page.getByText('The curl command copied.').waitFor();
    const command = await copied(page);
    report.check('curl names a variable, never a key', command.includes('$SHEETBEND_API_KEY') && command.includes('/proxy/') && !command.includes(options.key) && !/eyJ|sb_|Bearer [^$]/.test(command), command);
    await button(page, 'Copy link').click();
    await page.getByText('The link copied.').waitFor();
    const link = await copied(page);
    const shown = await page.locator('.vlist-row').count();
    await signIn(page, app, 'sue@example.com');
    await page.goto(link);
    await page.locator('.log-detail h3').first().waitFor();
    await page.locator('.vlist-row').first().waitFor();
    const fields = await page.evaluate(() => [document.querySelector('[data-search]').value, document.querySelector('[aria-label="HTTP status"]').value, document.querySelector('main [aria-label=Integration]').value]);
    report.check('a link shows somebody else the same', fields.join() === 'items,2xx,microsoft-excel' && (await page.locator('.vlist-row').count()) === shown, [fields, shown, link]);
    await signIn(page, app, 'ada@example.com');
}

async function look(page, app, report) {
    await page.goto(`${app}/e/dev/settings#look`);
    const frame = page.frameLocator('.look-preview');
    await frame.getByRole('button', { name: /Microsoft Excel/ }).waitFor();
    const accent = () => frame.locator('html').evaluate((root) => root.style.getPropertyValue('--light-accent'));
    const card = page.locator('#look');
    await card.getByRole('textbox', { name: 'Colour on light ground optional' }).fill('#7a1fa2');
    await page.waitForFunction(() => document.querySelector('.look-preview').contentDocument.documentElement.style.getPropertyValue('--light-accent') === '#7a1fa2');
    const worn = await frame.getByRole('button', { name: /Microsoft Excel/ }).evaluate((one) => getComputedStyle(one).backgroundColor);
    report.check('the preview wears a colour before it is saved', (await accent()) === '#7a1fa2' && worn === 'rgb(122, 31, 162)', worn);
    await card.getByRole('textbox', { name: 'Colour on light ground optional' }).fill('#ffe');
    await card.getByText('Six digits').waitFor();
    report.check('half a colour is not saved', await card.getByRole('button', { name: 'Save' }).isDisabled());
    await card.getByRole('textbox', { name: 'Colour on light ground optional' }).fill('#ffee00');
    await card.getByText('hard to read').waitFor();
    await card.getByRole('textbox', { name: 'Colour on light ground optional' }).fill('#7a1fa2');
    await card.getByLabel('Theme').selectOption('dark');
    await card.locator('input[type=file]').setInputFiles({ name: 'logo.gif', mimeType: 'image/gif', buffer: PNG });
    await card.getByText('A PNG, JPEG').waitFor();
    await card.locator('input[type=file]').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: PNG });
    await frame.locator('img.brand').waitFor();
    report.check('the preview wears the theme', (await frame.locator('html').getAttribute('data-theme')) === 'dark');
    await card.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    const { body } = await call(page, 'GET', '/environment');
    const { connect_ui } = body.data;
    report.check('it is saved', connect_ui.light_primary === '#7a1fa2' && connect_ui.default_theme === 'dark' && connect_ui.logo.startsWith('data:image/png;base64,') && connect_ui.dark_primary == null, connect_ui);
    const { body: test } = await call(page, 'POST', '/internal/test-connection', { integration: 'microsoft-excel' });
    const visitor = await page.context().newPage();
    await visitor.goto(test.connect_link);
    await visitor.locator('img.brand').waitFor();
    report.check('end users see it', (await visitor.locator('html').evaluate((root) => root.style.getPropertyValue('--light-accent'))) === '#7a1fa2');
    await visitor.close();
    const connecting = page.locator('#connecting');
    await connecting.getByLabel('Pages that may frame the Connect UI').fill('https://app.example.com');
    await connecting.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').first().waitFor();
    await page.goto(`${app}/e/dev/connections?add=1`);
    await button(page, 'Authorize').click();
    const connect = page.frameLocator('.connect-frame');
    await connect.getByRole('button').first().waitFor();
    report.check('the dashboard itself is always among the origins', !(await connect.locator('body').innerText()).includes('connect_origins'));
}

await run((options, report) => withBrowser(async (context) => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    // Whoever is not signed in yet is told so by a 401, which the browser writes down.
    const loud = watch(page, ['/internal/session']);
    await setUp(page, options.setup);
    const app = appOf(options.setup);
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(app).origin });
    await invite(page, 'sue@example.com', 'Sue', { roles: { dev: 'support' } });
    for (let at = 0; at < 6; at += 1) {
        await call(page, 'POST', '/internal/playground', { integration: 'microsoft-excel', connection: 'demo-excel', method: 'GET', path: `/v1.0/me/drive/root/children?items=${at}` });
    }
    for (const [name, work] of Object.entries({ keys, palette, walkRows, tabs, brush, look })) await report.step(name, () => work(page, app, report));
    await report.step('share', () => share(page, app, options, report));
    report.check('no error in the console', loud.length === 0, loud);
}));
