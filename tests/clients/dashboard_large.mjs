// More than fits: long texts, wide and deep trees, a million operations, a hundred thousand connections. What is drawn
// stays small and the page stays quick, measured against what the browser needs to read the same text at all.
// Options: setup (the link). Answers of the server are made here, since what is tested is what the page does with them.
import { run } from './lib/run.mjs';
import { withBrowser } from './lib/chromium.mjs';
import { appOf, button, overflow, setUp, settled, watch } from './lib/dashboard.mjs';

/** Elements on a page, at most. */
const ELEMENTS = 4_000;
const MIB = 1 << 20;
const OPERATIONS = 1_000_000;
const CONNECTIONS = 100_000;

const json = (route, value) => route.fulfill({ contentType: 'application/json', body: typeof value === 'string' ? value : JSON.stringify(value) });
const elements = (page) => page.evaluate(() => document.querySelectorAll('*').length);

/** The longest time that the page was busy without a pause while `work` ran, in milliseconds. */
async function longest(page, work) {
    await page.evaluate(() => window.__tasks.splice(0));
    await work();
    return page.evaluate(() => new Promise((resolve) => setTimeout(() => resolve(Math.max(0, ...window.__tasks)), 100)));
}

/** A page that draws all of it is stuck for many seconds; one that does not may still wait for a busy machine. */
const STUCK = 3_000;

/** What this browser needs for reading the text and writing it out again, which no page can avoid. */
const yardstick = (page, text) => page.evaluate((text) => {
    const began = performance.now();
    JSON.stringify(JSON.parse(text), null, 2);
    return performance.now() - began;
}, text);

async function quick(page, name, text, report, work) {
    const unit = await yardstick(page, text);
    const took = await longest(page, work);
    report.check(`${name}: the page stays quick`, took <= STUCK + 8 * unit, { took, unit });
    const drawn = await elements(page);
    report.check(`${name}: little is drawn`, drawn < ELEMENTS, drawn);
    for (const width of [380, 1024]) {
        await page.setViewportSize({ width, height: 800 });
        report.check(`${name} fits ${width} px`, (await overflow(page)) <= 0, await overflow(page));
    }
    report.facts[name] = { took: Math.round(took), unit: Math.round(unit), drawn };
}

async function operation(page, app, report) {
    const long = 'a line of a log that goes on and on, "quoted" <b>and</b> more\n'.repeat(84_000).slice(0, 5 * MIB);
    const told = (message, body) => JSON.stringify({ data: {
        id: 'op-1', type: 'proxy', action: 'call', state: 'failed', status: 500, message: 'GET https://a.example/x', integration: 'microsoft-excel', connection: 'demo-excel',
        provider: 'microsoft-excel', created_at: new Date().toISOString(), duration_ms: 12, error: null, detail: null,
        messages: [{ created_at: new Date().toISOString(), level: 'error', message, detail: { request: { method: 'POST', url: `https://a.example/${long.slice(0, 60_000)}`, body: { text: body } }, response: { code: 500, body: { text: body } } } }],
    } });
    for (const [name, text] of [['a message of 5 MB', told(long, long)], ['a JSON body of 5 MB', told('x', JSON.stringify({ rows: Array.from({ length: 40_000 }, (_, at) => ({ at, name: `row ${at} of a body that is long enough to count, with words`, more: [1, 2, 3] })) }))]]) {
        await page.route('**/operations/op-1', (route) => json(route, text));
        await quick(page, name, text, report, async () => {
            await page.goto(`${app}/e/dev/logs?op=op-1`);
            await page.locator('.log-detail h3').first().waitFor();
            await page.locator('.log-detail summary').last().click();
        });
        await page.unroute('**/operations/op-1');
    }
}

function nested(depth) {
    let value = { end: true };
    for (let at = 0; at < depth; at += 1) value = { [`level ${at}`]: value };
    return value;
}

async function answers(page, app, report) {
    const bodies = {
        'a text of 10 MiB': { kind: 'text', value: 'W'.repeat(10 * MIB) },
        'an answer of 10 MiB': { kind: 'json', value: { value: Array.from({ length: 60_000 }, (_, at) => ({ id: at, name: `row ${at} of an answer`, text: 'some more words to make it as long as it can be, and longer', cells: [at, at, at] })) } },
        'an object of 10,000 fields': { kind: 'json', value: Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`field ${at}`, { at }])) },
        'a sheet of 16,384 columns': { kind: 'json', value: { address: 'Sheet1!A1:XFD40', values: Array.from({ length: 40 }, (_, row) => Array.from({ length: 16_384 }, (_, column) => row * column)) } },
        'a tree 200 deep': { kind: 'json', value: nested(200) },
    };
    for (const [name, body] of Object.entries(bodies)) {
        const text = JSON.stringify({ status: 200, headers: { 'content-type': 'x' }, body, truncated: false, duration_ms: 1, operation_id: name });
        await page.route('**/internal/playground', (route) => json(route, text));
        await page.goto(`${app}/e/dev/playground`);
        await quick(page, name, text, report, async () => {
            await button(page, 'Send').click();
            await page.locator('.answer-line').waitFor();
            for (const tab of await page.getByRole('tab').all()) await tab.click();
        });
        if (name.startsWith('a tree')) await unfold(page, report);
        await page.unroute('**/internal/playground');
    }
}

async function unfold(page, report) {
    await page.getByRole('tab', { name: 'Tree' }).click();
    const closed = page.locator('.json-toggle[aria-expanded=false]');
    for (let turn = 0; turn < 220 && (await closed.count()) > 0; turn += 1) await closed.first().evaluate((one) => one.click());
    const end = await page.getByText('end').last().isVisible();
    report.check('the tree is opened to its end', end && (await closed.count()) === 0);
    await page.setViewportSize({ width: 380, height: 800 });
    report.check('an opened tree fits 380 px', (await overflow(page)) <= 0, await overflow(page));
}

/** A million operations, newest first, as the server pages through them. */
async function million(page, app, report) {
    const idOf = (index) => String(9_000_000 - index);
    const began = Date.now();
    const row = (index) => ({ id: idOf(index), type: 'proxy', action: 'call', state: 'success', status: 200, message: `GET https://a.example/items/${index}`, integration: 'x', connection: 'y',
        created_at: new Date(began - index * 50).toISOString(), duration_ms: 3, error: null });
    await page.route(/\/operations\?/, (route) => {
        const query = new URL(route.request().url()).searchParams;
        const limit = Number(query.get('limit'));
        const after = query.get('after');
        const first = query.get('cursor') ? 9_000_001 - Number(query.get('cursor')) : 0;
        const indices = after ? Array.from({ length: limit }, (_, at) => 9_000_000 - Number(after) - 1 - at) : Array.from({ length: limit }, (_, at) => first + at);
        const known = indices.filter((index) => index >= 0 && index < OPERATIONS);
        return json(route, { data: known.map(row), pagination: { cursor: known.length < limit ? null : idOf(known.at(-1)) } });
    });
    await page.setViewportSize({ width: 1024, height: 800 });
    await page.goto(`${app}/e/dev/logs`);
    const rows = page.locator('.vlist-row');
    await rows.first().waitFor();
    const bottom = () => page.evaluate(() => {
        const list = document.querySelector('.vlist');
        list.scrollTop = list.scrollHeight;
        return Number([...document.querySelectorAll('.vlist-row')].at(-1).id.split('-')[1]);
    });
    const deepest = async () => Number(/items\/(\d+)/.exec(await rows.last().innerText())?.[1] ?? 0);
    let most = 0;
    const took = await longest(page, async () => {
        for (const end = Date.now() + 60_000; (await deepest()) < 12_000 && Date.now() < end;) {
            await bottom();
            most = Math.max(most, await rows.count());
        }
    });
    report.check('a scroll goes deep', (await deepest()) >= 12_000, await deepest());
    report.check('few rows are drawn at any depth', most < 120, most);
    const held = await page.evaluate(() => document.querySelector('.vlist-all').offsetHeight / document.querySelector('.vlist-row').offsetHeight);
    report.check('few rows are held at any depth', held <= 5_000, held);
    report.check('scrolling stays quick', took < STUCK, took);
    for (const end = Date.now() + 60_000; !(await page.getByText('items/0 ').count()) && Date.now() < end;) {
        await page.evaluate(() => { document.querySelector('.vlist').scrollTop = 0; });
        await page.waitForTimeout(20);
    }
    report.check('and back to the newest', (await page.getByText('items/0 ').count()) > 0);
    report.facts.operations = { most, held, took: Math.round(took) };
    await page.unroute(/\/operations\?/);
}

async function connections(page, app, report) {
    const row = (index) => ({ id: index, connection_id: `user-${index}`, integration: 'microsoft-excel', provider: 'microsoft-excel', end_user: { id: `${index}`, email: `user${index}@example.com` },
        tags: { plan: 'pro' }, created_at: new Date().toISOString(), errors: [] });
    await page.route(/\/internal\/connections\?/, (route) => {
        const query = new URL(route.request().url()).searchParams;
        const [first, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit'))];
        const data = Array.from({ length: Math.min(limit, CONNECTIONS - first) }, (_, at) => row(first + at));
        return json(route, { data, next: first + limit < CONNECTIONS ? String(first + limit) : null, total_estimate: CONNECTIONS });
    });
    await page.goto(`${app}/e/dev/connections`);
    const rows = page.locator('.vlist-row');
    await rows.first().waitFor();
    const deepest = async () => Number(/user(\d+)@/.exec(await rows.last().innerText())?.[1] ?? 0);
    let most = 0;
    const took = await longest(page, async () => {
        for (const end = Date.now() + 60_000; (await deepest()) < 10_000 && Date.now() < end;) {
            await page.evaluate(() => { const list = document.querySelector('.vlist'); list.scrollTop = list.scrollHeight; });
            most = Math.max(most, await rows.count());
        }
    });
    report.check('the connections scroll deep', (await deepest()) >= 10_000, await deepest());
    report.check('few connections are drawn', most < 120, most);
    report.check('scrolling connections stays quick', took < STUCK, took);
    report.facts.connections = { most, took: Math.round(took) };
}

await run((options, report) => withBrowser(async (context) => {
    await context.addInitScript(() => {
        window.__tasks = [];
        new PerformanceObserver((list) => window.__tasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask' });
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const loud = watch(page);
    await setUp(page, options.setup);
    const app = appOf(options.setup);
    await settled(page);
    await report.step('an operation', () => operation(page, app, report));
    await report.step('answers', () => answers(page, app, report));
    await report.step('a million operations', () => million(page, app, report));
    await report.step('a hundred thousand connections', () => connections(page, app, report));
    report.check('no error in the console', loud.length === 0, loud);
}));
