// The company's own sign-in in a real browser: to the issuer and back to the page that was asked for.
// Options: url (the server's), control (the issuer's, which signs in by itself as whoever is named).
import { run } from './lib/run.mjs';
import { withBrowser } from './lib/chromium.mjs';
import { watch } from './lib/dashboard.mjs';

await run((options, report) => withBrowser(async (context) => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const loud = watch(page, ['Failed to load resource']);
    const as = (id) => fetch(`${options.control}/_control/login?as=${id}`, { method: 'POST' });
    await as('grace');
    const asked = `${options.url}/app/e/dev/logs?q=excel&status=4xx`;
    await page.goto(asked);
    await page.getByRole('link', { name: 'Go on with Example ID' }).click();
    await page.getByRole('heading', { name: 'Logs' }).waitFor();
    report.check('one lands where one wanted to go', page.url() === asked, page.url());
    await page.goto(`${options.url}/app/account`);
    await page.getByText('grace@oidc.example').first().waitFor();
    report.check('no password is offered to whoever has none', (await page.getByLabel('Current password').count()) === 0);
    await context.clearCookies();
    await as('unsure-who');
    await page.goto(`${options.url}/app/`);
    await page.getByRole('link', { name: 'Go on with Example ID' }).click();
    await page.getByText('The sign-in did not succeed').waitFor();
    report.check('a refusal says who must do what', (await page.locator('main').innerText()).includes('not verified'), page.url());
    report.check('no error in the console', loud.length === 0, loud);
}));
