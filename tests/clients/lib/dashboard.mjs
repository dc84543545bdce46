// The dashboard as a person meets it: signing in, its pages, and what must never happen while one looks at them.

/** Pages of an environment, by what they are called here. */
export const PAGES = {
    home: '', integrations: '/integrations', catalog: '/integrations/new', 'new-integration': '/integrations/new/microsoft-excel',
    integration: '/integrations/microsoft-excel', connections: '/connections', connection: '/connections/microsoft-excel/demo-excel',
    playground: '/playground', logs: '/logs', webhooks: '/webhooks', settings: '/settings', 'api-keys': '/api-keys',
    team: '/team', audit: '/audit', account: '/account', health: '/health',
};
const WITHOUT_ENVIRONMENT = ['team', 'audit', 'account', 'health'];

/** The password of everybody here. */
export const PASSWORD = 'correct horse battery';

export const button = (page, name) => page.getByRole('button', { name }).first();

/** `…/app` of the server whose set-up link this is. */
export const appOf = (setup) => setup.replace(/\/setup#.*$/, '');

/** The address of a page in the environment `dev`. */
export const pageOf = (app, name) => (WITHOUT_ENVIRONMENT.includes(name) ? `${app}/${name}` : `${app}/e/dev${PAGES[name]}`);

/** The first owner, by the link of the first start. */
export async function setUp(page, setup, email = 'ada@example.com', name = 'Ada') {
    await page.goto(setup);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Name').fill(name);
    await page.locator('input[type=password]').fill(PASSWORD);
    await button(page, 'Create the account').click();
    await page.getByRole('heading', { name: 'Home' }).waitFor();
}

/** Another person in the same browser, whose first visit takes the cookie of whoever was there before. */
export async function signIn(page, app, email) {
    await page.context().clearCookies();
    await page.goto(`${app}/sign-in`);
    await page.getByLabel('E-mail').fill(email);
    await page.locator('input[type=password]').fill(PASSWORD);
    await button(page, /^Sign in$/).click();
    await page.getByRole('heading', { name: 'Home' }).waitFor();
}

/** Calls the API as the page would: by its cookie, with its session's token. */
export async function call(page, method, path, body) {
    return page.evaluate(async ({ method, path, body }) => {
        const base = document.querySelector('meta[name="base-path"]').content;
        const { csrf_token } = await (await fetch(`${base}/internal/session`)).json();
        const headers = { 'Sheetbend-Environment': 'dev', 'Sheetbend-CSRF': csrf_token, 'Content-Type': 'application/json' };
        const answer = await fetch(base + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
        const text = await answer.text();
        let value = null;
        try {
            value = JSON.parse(text);
        } catch { /* no JSON */ }
        return { status: answer.status, body: value, text };
    }, { method, path, body });
}

/** Invites somebody and lets them choose their password; the page stays the inviter's. */
export async function invite(page, email, name, body) {
    const { body: made } = await call(page, 'POST', '/internal/users', { email, ...body });
    const token = new URL(made.invitation_url).hash.replace('#token=', '');
    const answer = await page.evaluate(async ({ token, name, password }) => {
        const base = document.querySelector('meta[name="base-path"]').content;
        // Without the inviter's cookie, or the invitation would be taken by their browser.
        const answer = await fetch(`${base}/internal/invitations/accept`, {
            method: 'POST', credentials: 'omit', headers: { 'Content-Type': 'application/json', 'Sheetbend-CSRF': '1' },
            body: JSON.stringify({ token, name, password }),
        });
        return answer.status;
    }, { token, name, password: PASSWORD });
    if (answer !== 200) throw new Error(`the invitation of ${email} ended with ${answer}`);
}

/** Hears what a page must never say: dialogs, errors, refusals of the policy. `expected` are texts that may come. */
export function watch(page, expected = []) {
    const loud = [];
    const hear = (text) => expected.some((one) => text.includes(one)) || loud.push(text);
    page.on('pageerror', (error) => hear(String(error)));
    page.on('console', (line) => line.type() === 'error' && hear(`${line.text()} ${line.location().url}`));
    page.on('dialog', (dialog) => {
        hear(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
    });
    return loud;
}

/** Waits until a page has drawn what it has. */
export async function settled(page) {
    await page.locator('main h1, main .notice, main [role=status]').first().waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' }).catch(() => {});
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Pixels by which the page is wider than its window. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
