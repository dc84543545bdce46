// The logic of the log and the playground in Node. What it writes for others is run by them: a shell, Python, Node.
// Options: web, the folder of the pages; permissions, the source of the server's scopes.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { run } from './lib/run.mjs';
import { webModules } from './lib/web_module.mjs';

const NASTY = `it's "q" $(touch /tmp/x) \`id\` \\n é 東\n<b>`;
const URL_SENT = "http://localhost:3003/base/proxy/v1.0/items('a%20b')?x=1&y=$z";
const DRAFT = {
    integration: `ex'cel`, connection: `a"da $HOME`, method: 'PATCH', path: "/v1.0/items('a b')?x=1&y=$z",
    headers: [['X-Note', `it's "q" $HOME \\`]], body: JSON.stringify({ text: NASTY, nothing: null, yes: true }),
};

await run(async (options, report) => {
    const { load, done } = webModules(options.web);
    try {
        const code = await load('dashboard/playground/code.ts');
        const write = (id, draft) => code.LANGUAGES.find((one) => one.id === id).write(draft, 'http://localhost:3003/base');
        asShell(report, write('curl', DRAFT));
        asPython(report, write('python', DRAFT));
        await asNode(report, write('node', DRAFT));
        asRust(report, write);
        tables(report, await load('dashboard/playground/tables.ts'));
        filters(report, await load('dashboard/logs/filters.ts'));
        rows(report, await load('dashboard/logs/rows.ts'));
        steps(report, await load('dashboard/logs/steps.ts'));
        links(report, await load('shared/link.ts'));
        await tail(report, await load('dashboard/logs/tail.ts'));
        scopes(report, await load('dashboard/keys/scopes.ts'), readFileSync(options.permissions, 'utf8'));
    } finally {
        done();
    }
});

function asShell(report, command) {
    const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }; SHEETBEND_API_KEY=key; ${command}`;
    const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
    const expected = ['-X', 'PATCH', URL_SENT, '-H', 'Authorization: Bearer key', '-H', `Provider-Config-Key: ${DRAFT.integration}`, '-H', `Connection-Id: ${DRAFT.connection}`,
        '-H', `X-Note: ${DRAFT.headers[0][1]}`, '-H', 'Content-Type: application/json', '--data-raw', DRAFT.body];
    report.check('a shell reads what was meant', JSON.stringify(words) === JSON.stringify(expected), words);
}

function asPython(report, source) {
    const stub = `import json, os, sys, types
os.environ["SHEETBEND_API_KEY"] = "key"
stub = types.ModuleType("requests")
def request(method, url, headers, data=None, timeout=None):
    sys.stdout.write(json.dumps([method, url, headers, data.decode()]))
    sys.exit(0)
stub.request = request
sys.modules["requests"] = stub
exec(sys.stdin.read())`;
    const python = process.env.SHEETBEND_TEST_PYTHON ?? 'python3';
    const [method, url, headers, data] = JSON.parse(execFileSync(python, ['-c', stub], { encoding: 'utf8', input: source }));
    const right = method === 'PATCH' && url === URL_SENT && data === DRAFT.body && headers['X-Note'] === DRAFT.headers[0][1] && headers['Connection-Id'] === DRAFT.connection && headers.Authorization === 'Bearer key';
    report.check('Python reads what was meant', right, { method, url, headers, data });
}

async function asNode(report, source) {
    let seen;
    class Nango {
        patch(config) {
            seen = config;
            return { status: 200 };
        }
    }
    const body = source.replace(/^import .*$/m, '');
    await new Function('Nango', 'process', 'console', `return (async () => {${body}})()`)(Nango, { env: {} }, { log() {} });
    const right = seen.connectionId === DRAFT.connection && JSON.stringify(seen.data) === DRAFT.body && seen.headers['X-Note'] === DRAFT.headers[0][1] && seen.endpoint === "/v1.0/items('a%20b')?x=1&y=$z";
    report.check('Node reads what was meant', right, seen);
}

function asRust(report, write) {
    const source = write('rust', { ...DRAFT, body: 'a "# b "## c' });
    report.check('a raw text of Rust ends where it should', source.includes('.body(r###"a "# b "## c"###)'), source);
}

function tables(report, { tablesOf, letters }) {
    const shape = (answer) => tablesOf(answer).map((one) => [one.title, one.data.columns.join(), one.data.rows.length]);
    const cases = [
        [{ address: 'Orders!C4:E6', values: [[1, 2, 3], [4, 5, 6]], text: [['1']] }, [['Orders!C4:E6', 'C,D,E', 2]]],
        [{ value: [{ '@odata.etag': 'e', id: 1 }, { id: 2, name: 'x' }] }, [['value', 'id,name,@odata.etag', 2]]],
        [{ value: [{ fields: { Title: 'a', n: 1 }, plain: 1, id: 3 }, { fields: { Title: 'b' }, id: 4 }] }, [['value', 'fields.Title,id,plain,fields.n', 2]]],
        [{ value: [{ index: 0, values: [['a', 'b']] }, { index: 1, values: [['c', 'd']] }] }, [['value', 'A,B', 2]]],
        [{ d: { results: [{ Id: 1 }] } }, [['d.results', 'Id', 1]]],
        [[{ id: 1 }], [['Answer', 'id', 1]]],
        [{ value: [] }, []], [[1, 2], []], [null, []], ['text', []], [{ value: [null, { a: 1 }] }, []],
    ];
    const wrong = cases.filter(([answer, expected]) => JSON.stringify(shape(answer)) !== JSON.stringify(expected));
    report.check('lists are found by their shape', wrong.length === 0, wrong.map(([answer]) => shape(answer)));
    report.check('columns are lettered as in a sheet', [0, 25, 26, 701, 702].map(letters).join() === 'A,Z,AA,ZZ,AAA', [0, 25, 26, 701, 702].map(letters));
}

function filters(report, { read, write, asked, nothing, endsNow }) {
    const set = { ...nothing(), search: 'a b&c', types: ['proxy', 'auth:refresh_token'], states: ['failed'], integration: 'x/y', connection: 'é', status: '4xx,503', range: '1h' };
    const again = read(new URLSearchParams(write(set).toString()));
    report.check('an address says the same again', JSON.stringify(again) === JSON.stringify(set), again);
    report.check('no filter is no address', write(nothing()).toString() === '');
    const odd = read(new URLSearchParams('range=forever&from=soon&status=javascript:1,700,5xx&type='));
    report.check('nonsense is left out', odd.range === '24h' && odd.from === '' && odd.status === '5xx' && odd.types.length === 0, odd);
    const now = Date.parse('2026-01-02T00:00:00Z');
    report.check('a span begins where it should', asked(set, now).from === '2026-01-01T23:00:00.000Z', asked(set, now));
    report.check('the past has no tail', !endsNow({ ...set, to: '2026-01-01T00:00:00Z' }, now) && endsNow(set, now));
}

function rows(report, { older, newer, arrive, EMPTY, MOST }) {
    const row = (id, more = {}) => ({ id: String(id).padStart(8, '0'), ...more });
    const page = (from, count) => Array.from({ length: count }, (_, index) => row(from - index));
    let window = EMPTY;
    for (let at = 100_000; at > 93_000; at -= 200) window = older(window, page(at, 200), false);
    report.check('the window stays bounded', window.rows.length === MOST && window.above && window.below, window.rows.length);
    const first = Number(window.rows[0].id);
    window = newer(window, Array.from({ length: 200 }, (_, index) => row(first + 1 + index)), false);
    const sorted = window.rows.every((one, index) => index === 0 || one.id < window.rows[index - 1].id);
    report.check('what fell off comes back in order', sorted && window.rows.length === MOST && Number(window.rows[0].id) === first + 200);
    const small = older(EMPTY, [row(100), row(99), row(97)], true);
    const after = arrive(small, [row(99, { state: 'success' }), row(105), row(98)]);
    report.check('news find their place', after.rows.map((one) => Number(one.id)).join() === '105,100,99,98,97' && after.rows[2].state === 'success', after.rows);
}

function links(report, { safeLink }) {
    const scripts = ['data:text/html,x', 'javascript:alert(1)', ' javascript:alert(1)', 'java\nscript:x', '//x', 'vbscript:x', '', null, undefined];
    report.check('links are web links', scripts.every((link) => safeLink(link) === null) && safeLink('https://x') === 'https://x');
}

function steps(report, { stepsOf, wholeBody }) {
    const told = (messages) => stepsOf({ messages });
    const [retry] = told([{ created_at: '2026-01-01T00:00:00Z', message: 'x', level: 'warn', detail: { status: 503, retry: { attempt: 1, max: 3, waited: 250 } } }]);
    report.check('a retry is read', retry.retry.attempt === 1 && retry.retry.waitedMs === 250 && retry.rest === null, retry);
    const [refresh] = told([{ detail: { request: { method: 'POST', url: 'u' }, response: { code: 400 }, duration_us: 1500, problem: { cause: 'c', actor: 'user', remedy: 'r', link: 'javascript:alert(1)' } } }]);
    report.check('a problem is read, its script is not', refresh.problem.cause === 'c' && refresh.problem.link === null && refresh.durationMs === 1.5 && refresh.rest === null, refresh);
    const [refused] = told([{ request: { method: 'POST', url: 'https://x/y', target: '/y', body: { text: '{}', redacted: true } }, response: { code: 404, body: { left_out: 'binary' }, error: { code: 'itemNotFound', message: 'gone' } } }]);
    report.check('what the provider said is read', refused.problem.cause === 'gone' && refused.request.target === '/y' && wholeBody(refused.request.body) === null && refused.response.body.leftOut === 'binary', refused);
    const odd = [{}, { detail: null }, { detail: [] }, { detail: 'x', request: 7, response: null }, { message: {}, created_at: 5, detail: { retry: 'x', problem: [] } }, { request: { headers: 'x' } }];
    report.check('anything is a step', told(odd).length === odd.length);
}

async function tail(report, { events }) {
    const text = ': hello\n\nevent: operation\nid: 1\ndata: {"a":"é"}\n\nevent: gap\r\ndata: {}\r\n\r\ndata: one\ndata: two\n\n';
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 3, 1000]) {
        const stream = new ReadableStream({
            start(controller) {
                for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
                controller.close();
            },
        });
        const seen = [];
        for await (const event of events(stream)) seen.push([event.name, event.data]);
        report.check(`events in pieces of ${size}`, JSON.stringify(seen) === JSON.stringify([['heartbeat', ''], ['operation', '{"a":"é"}'], ['gap', '{}'], ['message', 'one\ntwo']]), seen);
    }
}

function scopes(report, { GROUPS, PRESETS, granted }, source) {
    const known = [...source.slice(0, source.indexOf('ACCOUNT_SCOPES')).matchAll(/"(environment:[a-z_:]+)"/g)].map((match) => match[1]);
    const offered = GROUPS.flatMap((group) => group.scopes.map((one) => one.scope));
    report.check('every scope of the server can be picked', known.length > 30 && [...known].sort().join() === [...offered].sort().join(), { known: known.filter((one) => !offered.includes(one)), offered: offered.filter((one) => !known.includes(one)) });
    const loose = PRESETS.flatMap((preset) => preset.scopes).filter((one) => !known.some((scope) => granted([one], scope)));
    report.check('presets grant something', loose.length === 0, loose);
    report.facts.scopes = known.length;
}
