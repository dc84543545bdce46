// People in two browsers: environments, invitation, roles, second factor, sessions, a lost password, removal; by clicking.
// Options: setup (the link).
import { createHmac } from 'node:crypto';
import { run } from './lib/run.mjs';
import { withBrowser } from './lib/chromium.mjs';
import { PASSWORD, appOf, button, setUp, settled, watch } from './lib/dashboard.mjs';

/** RFC 6238: what an authenticator shows for a secret in base32. */
function code(secret) {
    const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
    const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
    const tag = createHmac('sha1', key).update(step).digest();
    return String((tag.readUInt32BE(tag[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const heading = (page, name) => page.getByRole('heading', { name, level: 1 }).waitFor();
const pick = async (page, opener, item) => {
    await page.getByRole('button', { name: opener }).first().click();
    await page.getByRole('menu').locator(':visible').getByText(new RegExp(`^${item}…?$`)).click();
};
const password = (page) => page.locator('input[type=password]').first();

async function environments(page, app, report) {
    await page.goto(`${app}/e/dev/settings#environments`);
    const name = page.locator('#environments').getByLabel('Name');
    await name.fill('Prod!');
    await page.getByText('Small letters, digits').waitFor();
    await name.fill('prod');
    await page.locator('#environments').getByLabel('Production').check();
    await button(page, 'Create environment').click();
    await page.waitForURL(/\/e\/prod$/);
    await heading(page, 'Home');
    await pick(page, /^Environment: prod/, 'dev');
    await page.waitForURL(/\/e\/dev$/);
    report.check('another environment is one click away', true);
}

async function invited(page, theirs, app, report) {
    await page.goto(`${app}/team`);
    await button(page, 'Invite').click();
    await page.getByLabel('E-mail').fill('bob@example.com');
    await page.getByLabel('dev', { exact: true }).selectOption('developer');
    await page.getByLabel('prod', { exact: true }).selectOption('support');
    await button(page, 'Make an invitation').click();
    await page.getByText('Send this link').waitFor();
    const link = await page.locator('dialog .copy-text code').innerText();
    await button(page, 'Done').click();
    await theirs.goto(link);
    await heading(theirs, 'Join Sheetbend');
    report.check('the token left the address', !theirs.url().includes('token'));
    await theirs.getByLabel('Your name').fill('Bob');
    await password(theirs).fill(PASSWORD);
    await button(theirs, 'Join').click();
    await heading(theirs, 'Home');
    await theirs.goto(link);
    await theirs.getByRole('alert').waitFor();
    report.check('an invitation works once', true);
}

async function roles(page, theirs, app, report) {
    await theirs.goto(`${app}/e/prod`);
    await settled(theirs);
    const keys = () => theirs.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'API keys' }).count();
    report.check('support has no keys in prod', (await keys()) === 0);
    await pick(theirs, /^Environment: prod/, 'dev');
    await theirs.waitForURL(/\/e\/dev$/);
    report.check('a developer has them in dev', (await keys()) === 1);
    await page.goto(`${app}/team`);
    await pick(page, 'What to do with bob@example.com', 'Change roles');
    await page.getByLabel('prod', { exact: true }).selectOption('developer');
    await button(page, 'Save').click();
    await page.getByText('Roles saved.').waitFor();
    await theirs.goto(`${app}/e/prod/api-keys`);
    await heading(theirs, 'API keys');
    report.check('a new role holds at the next visit', (await keys()) === 1);
}

async function secondFactor(theirs, app, report) {
    await theirs.goto(`${app}/account`);
    await button(theirs, 'Switch on').click();
    const secret = await theirs.locator('dialog .copy-text code').innerText();
    const field = theirs.getByLabel('The six digits that it shows now');
    await field.fill('000000');
    await theirs.locator('dialog').getByRole('button', { name: 'Switch on' }).click();
    await theirs.locator('dialog [role=alert]').waitFor();
    await field.fill(code(secret));
    await theirs.locator('dialog').getByRole('button', { name: 'Switch on' }).click();
    await theirs.getByText('Keep these recovery codes').waitFor();
    const [recovery] = await theirs.locator('dialog li code').allInnerTexts();
    await button(theirs, 'I have kept them').click();
    await pick(theirs, /^Bob$/, 'Sign out');
    await heading(theirs, 'Sign in');
    await theirs.getByLabel('E-mail').fill('bob@example.com');
    await password(theirs).fill(PASSWORD);
    await button(theirs, 'Sign in').click();
    await heading(theirs, 'Second factor');
    await theirs.getByLabel('Code').fill('123456');
    await button(theirs, 'Sign in').click();
    await theirs.getByRole('alert').waitFor();
    await theirs.getByLabel('Code').fill(recovery);
    await button(theirs, 'Sign in').click();
    await heading(theirs, 'Account');
    report.check('a recovery code opens the door, to where one was', true);
}

/** Ends a session from another, and sees it end where it was. */
async function sessions(page, other, app, report) {
    await other.goto(`${app}/sign-in`);
    await other.getByLabel('E-mail').fill('ada@example.com');
    await password(other).fill(PASSWORD);
    await button(other, 'Sign in').click();
    await heading(other, 'Home');
    await page.goto(`${app}/account`);
    await page.getByText('this one').waitFor();
    await button(page, /^Sign out$/).click();
    await page.getByText('Signed out there.').waitFor();
    await other.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Connections' }).click();
    await heading(other, 'Sign in');
    report.check('an ended session is out at its next step', true);
    await other.getByLabel('E-mail').fill('ada@example.com');
    await password(other).fill(PASSWORD);
    await button(other, 'Sign in').click();
    await heading(other, 'Connections');
    report.check('and comes back to where it was', other.url().endsWith('/connections'), other.url());
    await pick(other, /^Ada$/, 'Sign out');
}

async function lost(page, theirs, app, report) {
    await page.goto(`${app}/team`);
    await pick(page, 'What to do with bob@example.com', 'Reset the password');
    await button(page, 'Make a link').click();
    await page.getByText('Send this link').waitFor();
    const link = await page.locator('dialog .copy-text code').innerText();
    await button(page, 'Done').click();
    await pick(page, 'What to do with bob@example.com', 'Second factor off');
    await button(page, 'Switch off').click();
    await page.getByText('The second factor is off.').waitFor();
    await theirs.goto(link);
    await heading(theirs, 'Choose a new password');
    await password(theirs).fill('another good password');
    await button(theirs, 'Set the password').click();
    await heading(theirs, 'Home');
    report.check('a lost password is replaced by link', true);
    await pick(page, 'What to do with bob@example.com', 'Remove');
    await page.locator('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('Removed.').waitFor();
    await theirs.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Logs' }).click();
    await heading(theirs, 'Sign in');
    report.check('whoever is removed is out', true);
}

async function ends(page, app, report) {
    await page.goto(`${app}/e/prod/settings#environments`);
    const begin = page.getByRole('button', { name: 'Delete environment…' });
    await begin.waitFor();
    report.check('a production environment is not deleted', await begin.isDisabled());
    await page.locator('#environments').getByLabel('Name').fill('staging');
    await button(page, 'Create environment').click();
    await page.waitForURL(/\/e\/staging$/);
    await page.goto(`${app}/e/staging/settings#environments`);
    await begin.click();
    const end = page.locator('dialog').getByRole('button', { name: 'Delete environment' });
    report.check('an environment is not deleted by one click', await end.isDisabled());
    await page.locator('dialog input').fill('staging');
    await end.click();
    await page.waitForURL(/\/e\/(dev|prod)$/);
    await page.goto(`${app}/e/staging/logs`);
    await heading(page, 'The environment staging is not open to you');
    report.check('a deleted environment says so', true);
}

await run((options, report) => withBrowser((mine) => withBrowser(async (other) => {
    const [page, theirs] = [await mine.newPage(), await other.newPage()];
    const loud = [page, theirs].map((one) => {
        one.setDefaultTimeout(15_000);
        return watch(one, ['Failed to load resource']);
    });
    await setUp(page, options.setup);
    const app = appOf(options.setup);
    await environments(page, app, report);
    await invited(page, theirs, app, report);
    await roles(page, theirs, app, report);
    await secondFactor(theirs, app, report);
    const third = await other.newPage();
    third.setDefaultTimeout(15_000);
    await theirs.context().clearCookies();
    await sessions(page, third, app, report);
    await lost(page, theirs, app, report);
    await ends(page, app, report);
    report.check('no error in the console', loud.flat().length === 0, loud);
})));
