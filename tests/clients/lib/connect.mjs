// What the scripts about the connect page share: looking at a screen, signing in at the sandbox, a product that frames it.
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { axe } from './axe.mjs';

export const heading = (page) => page.locator('h1').innerText();
export const press = (page, text) => page.locator('button, a, label').filter({ hasText: text }).first().click({ timeout: 10_000 });
export const shows = (page, text) => page.getByText(text).first().waitFor({ timeout: 15_000 });

/** A picture and axe's word on a page as it stands, in both themes. */
export async function look(page, name, options, report) {
    for (const theme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: theme });
        const found = await axe(page.frames().find((frame) => frame.url().includes('/connect/')) ?? page.mainFrame());
        report.check(`axe: ${name}, ${theme}`, found.length === 0, found);
        for (const width of options.pictures ? [380, 768, 1280] : []) {
            await page.setViewportSize({ width, height: 820 });
            mkdirSync(options.pictures, { recursive: true });
            await page.screenshot({ path: `${options.pictures}/${name}-${theme}-${width}.png` });
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        report.check(`${name} fits its window`, !wide, name);
    }
    await page.emulateMedia({ colorScheme: 'light' });
}

/** Signs in at the sandbox's pages; `cancel` declines what they ask to accept. */
export async function signIn(popup, login, cancel = false) {
    await popup.waitForURL((url) => url.href !== 'about:blank', { timeout: 15_000 });
    for (let step = 0; step < 6 && !popup.isClosed(); step++) {
        await popup.waitForLoadState().catch(() => {});
        const choice = popup.locator('button').filter({ hasText: login }).first();
        const accept = popup.locator('button').filter({ hasText: cancel ? /^\s*cancel\s*$/i : /^\s*(accept|continue|yes)\s*$/i }).first();
        const next = (await choice.count().catch(() => 0)) ? choice : accept;
        await next.waitFor({ timeout: 1_500 }).catch(() => {});
        if (!(await next.count().catch(() => 0))) return popup.locator('body').innerText().catch(() => '');
        await next.click().catch(() => {});
        await popup.waitForTimeout(200).catch(() => {});
    }
    return '';
}

/** A server of one page of another origin. */
export async function serve(page) {
    const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A page of another origin that frames the connect page as the SDK does, and keeps what it hears. */
export async function serveProduct(host, token, query = '') {
    const page = `<!doctype html><html lang="en"><title>a product</title><body><script>
window.events = [];
addEventListener('message', (event) => {
    if (event.origin !== ${JSON.stringify(new URL(host).origin)}) return;
    window.events.push(event.data);
    if (event.data.type === 'ready') frame.contentWindow.postMessage({ type: 'session_token', sessionToken: ${JSON.stringify(token)} }, '*');
});
const frame = document.createElement('iframe');
frame.id = 'connect-ui';
frame.title = 'Connect';
frame.src = ${JSON.stringify(`${host}/connect/?apiURL=https://evil.example${query}`)};
frame.style = 'position:fixed;inset:0;width:100%;height:100%;border:0';
document.body.append(frame);
</script>`;
    return serve(page);
}
