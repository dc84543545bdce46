// The server goes away while a page is open, and comes back: each page says so and goes on by itself.
// Options: binary, arguments (of `sheetbend dev`, with a fixed address and directory).
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { run } from './lib/run.mjs';
import { withBrowser } from './lib/chromium.mjs';
import { PAGES, appOf, button, pageOf, setUp, settled, watch } from './lib/dashboard.mjs';

/** Starts the server; its facts, and how to end it. */
async function start({ binary, arguments: args }) {
    const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const facts = await new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
        ended.then((code) => reject(new Error(`the server ended with ${code}`)));
    });
    return { facts, end: async () => { child.kill('SIGKILL'); await ended; } };
}

const gone = (page) => page.locator('.banner[role=alert]').filter({ hasText: 'does not answer' });

await run((options, report) => withBrowser(async (context) => {
    let server = await start(options);
    try {
        const page = await context.newPage();
        page.setDefaultTimeout(20_000);
        // What the browser itself says of a server that is not there.
        const loud = watch(page, ['Failed to load resource', 'net::ERR_', 'WebSocket connection']);
        await setUp(page, server.facts.dashboard_url);
        const app = appOf(server.facts.dashboard_url);
        const tabs = new Map();
        // The audit page is visited for the first time while the server is gone.
        for (const name of Object.keys(PAGES).filter((one) => one !== 'audit')) {
            const tab = await context.newPage();
            tab.setDefaultTimeout(20_000);
            await tab.goto(pageOf(app, name));
            await settled(tab);
            tabs.set(name, tab);
        }
        const typed = tabs.get('settings').getByLabel('Webhook address');
        await typed.fill('https://example.com/typed-before');
        await server.end();
        for (const [name, tab] of tabs) {
            await report.step(`${name} says that the server is gone`, async () => {
                await tab.bringToFront();
                await gone(tab).waitFor();
                report.check(`${name} says that the server is gone`, true);
            });
        }
        // While it is gone: to a page that was not loaded yet, and a change that fails.
        const home = tabs.get('home');
        await home.bringToFront();
        await home.getByRole('link', { name: 'Audit' }).click();
        await home.getByText('could not be loaded').waitFor();
        const team = tabs.get('team');
        await team.bringToFront();
        await team.getByRole('link', { name: 'Connections' }).click();
        await team.locator('main [role=alert]').waitFor();
        const settings = tabs.get('settings');
        await settings.bringToFront();
        await settings.getByRole('button', { name: 'Save' }).first().click();
        await settings.locator('form [role=alert]').first().waitFor();
        await tabs.get('playground').bringToFront();
        await button(tabs.get('playground'), 'Send').click();
        await tabs.get('playground').locator('.bench-answer [role=alert]').waitFor();

        server = await start(options);
        for (const [name, tab] of tabs) {
            await report.step(`${name} goes on`, async () => {
                await tab.bringToFront();
                await gone(tab).waitFor({ state: 'detached' });
                await settled(tab);
                report.check(`${name} goes on`, true);
            });
        }
        await home.bringToFront();
        await home.getByRole('heading', { name: 'Audit' }).waitFor();
        await home.locator('tbody tr').first().waitFor();
        await team.bringToFront();
        await team.locator('.vlist-row').first().waitFor();
        report.check('what was typed is still there', (await typed.inputValue()) === 'https://example.com/typed-before');
        await settings.bringToFront();
        await settings.getByRole('button', { name: 'Save' }).first().click();
        await settings.getByText('Saved.').waitFor();
        const logs = tabs.get('logs');
        await logs.bringToFront();
        await logs.locator('.live.live').waitFor();
        // A call made now is seen by a page that was open all the time.
        const play = tabs.get('playground');
        await play.bringToFront();
        await button(play, 'Send').click();
        await play.locator('.answer-line').waitFor();
        await logs.bringToFront();
        await logs.locator('.vlist-row').first().waitFor();
        report.check('no page broke', loud.length === 0, loud);
        report.facts.pages = tabs.size + 1;
    } finally {
        await server.end();
    }
}));
