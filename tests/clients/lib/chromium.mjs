// Debian's Chromium under playwright-core, without a word to the outside.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const QUIET = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-default-apps',
    '--disable-gpu',
    '--disable-quic',
    '--disable-sync',
    '--no-first-run'
];

/** Runs `work(context)` in a browser with an empty profile. `caIgnored` accepts the sandbox's own certificate. */
export async function withBrowser(work, { caIgnored = false } = {}) {
    const profile = mkdtempSync(join(tmpdir(), 'sheetbend-chromium-'));
    // Chromium refuses to sandbox its children when it runs as root, as it does in CI containers.
    const rootless = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: process.env.SHEETBEND_TEST_CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        ignoreHTTPSErrors: caIgnored,
        args: [...QUIET, ...rootless]
    });
    try {
        return await work(context);
    } finally {
        await context.close();
        rmSync(profile, { recursive: true, force: true });
    }
}
