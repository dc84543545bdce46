// The dashboard in a real browser, as a newcomer meets it: from the setup link to a call that is seen in the log; then
// every page, in both themes, by axe and at three widths.
// Options: setup (the link), login (of the sandbox), pictures (a folder, or absent).
import { mkdirSync } from 'node:fs';
import { axe } from './lib/axe.mjs';
import { withBrowser } from './lib/chromium.mjs';
import { run } from './lib/run.mjs';

const WIDTHS = [380, 1024, 1600];
const PAGES = {
    home: '', integrations: '/integrations', catalog: '/integrations/new', 'new-integration': '/integrations/new/microsoft-excel',
    integration: '/integrations/microsoft-excel', connections: '/connections', connection: '/connections/microsoft-excel/demo-excel',
    playground: '/playground', logs: '/logs', webhooks: '/webhooks', settings: '/settings', 'api-keys': '/api-keys',
    team: '/team', audit: '/audit', account: '/account', health: '/health',
};

const button = (page, name) => page.getByRole('button', { name }).first();

async function setUp(page, options, report) {
    await page.goto(options.setup);
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Name').fill('Ada');
    await page.locator('input[type=password]').fill('correct horse battery');
    report.check('the token left the address', !page.url().includes('token'), page.url());
    await button(page, 'Create the account').click();
    await page.getByRole('heading', { name: 'Home' }).waitFor();
}

/** An integration by the form: the rules are told before anything is sent. */
async function configure(page, app, report) {
    await page.goto(`${app}/integrations/new`);
    await page.getByPlaceholder(/Search .* providers/).fill('excel');
    await page.getByText('Microsoft Excel', { exact: true }).first().click();
    await page.getByRole('heading', { name: 'Configure Microsoft Excel' }).waitFor();
    const guide = await page.getByText('/oauth/callback').count();
    report.check('the redirect URI is there to copy', guide > 0, guide);
    await page.getByLabel('Client ID').fill('00000000-0000-4000-a000-000000000003');
    await page.getByLabel('Client secret').fill('not a real secret');
    const scopes = page.getByRole('textbox', { name: 'Scopes' }).or(page.getByRole('combobox', { name: 'Scopes' })).first();
    await scopes.fill('.default');
    await scopes.press('Enter');
    await scopes.fill('Files.Read');
    await scopes.press('Enter');
    await page.getByText(/\.default/).filter({ hasText: /combin|mix|beside|other/i }).first().waitFor();
    report.check('a mix that Microsoft refuses cannot be saved', await button(page, 'Create the integration').isDisabled());
}

/** The first call, by the button on the first page, and where it is told. */
async function call(page, app, report) {
    await page.goto(app);
    await button(page, 'List the files in the drive').click();
    await page.getByText('Sales.xlsx').first().waitFor();
    await page.goto(`${app}/logs`);
    const row = page.getByText('/v1.0/me/drive/root/children').first();
    await row.waitFor();
    await row.click();
    await page.getByText('Copy as curl').first().waitFor();
    report.check('the row is in the address', /[?&/]/.test(new URL(page.url()).pathname + page.url()), page.url());
    await page.goto(`${app}/logs?q=nothinglikethis`);
    await page.getByText("Nothing fits these filters").first().waitFor();
}

/** A grid out of a worksheet's range. */
async function play(page, app) {
    await page.goto(`${app}/playground?integration=microsoft-excel&connection=demo-excel`);
    await button(page, /Files in the drive/).click();
    await button(page, 'Send').click();
    await page.getByText('Sales.xlsx').first().waitFor();
}

async function look(page, app, options, report) {
    for (const [name, path] of Object.entries(PAGES)) {
        await page.setViewportSize({ width: 1024, height: 800 });
        await page.goto(app + path);
        await page.locator('h1').first().waitFor();
        await page.waitForLoadState('networkidle').catch(() => {});
        for (const theme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
            const found = await axe(page.mainFrame());
            report.check(`axe: ${name}, ${theme}`, found.length === 0, found);
            for (const width of WIDTHS) {
                await page.setViewportSize({ width, height: 800 });
                const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
                report.check(`${name} fits ${width} px`, over <= 0, over);
                if (!options.pictures) continue;
                mkdirSync(options.pictures, { recursive: true });
                await page.screenshot({ path: `${options.pictures}/dashboard-${name}-${theme}-${width}.png` });
            }
        }
    }
}

await run((options, report) => withBrowser(async (context) => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const loud = [];
    page.on('pageerror', (error) => loud.push(String(error)));
    page.on('console', (line) => line.type() === 'error' && loud.push(line.text()));
    await setUp(page, options, report);
    const app = new URL('app/e/dev', new URL('.', options.setup.replace('/app/setup', '/'))).href;
    await report.step('an integration', () => configure(page, app, report));
    await report.step('a call', () => call(page, app, report));
    await report.step('the playground', () => play(page, app));
    await look(page, app, options, report);
    report.check('no error in the console', loud.length === 0, loud);
    report.facts.pages = Object.keys(PAGES).length;
}));
