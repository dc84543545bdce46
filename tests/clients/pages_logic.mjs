// The pages' modules that touch no page, run by Node: codes to scan are read back by jsQR, the rest is checked by value.
// Options: web, the folder of the pages.
import { createRequire } from 'node:module';
import { run } from './lib/run.mjs';
import { webModules } from './lib/web_module.mjs';

const jsQR = createRequire(import.meta.url)('jsqr');

await run(async (options, report) => {
    const { load, done } = webModules(options.web);
    try {
        codes(report, await load('dashboard/components/qr.ts'));
        routes(report, await load('dashboard/shell/route.ts'));
        addresses(report, await load('shared/api.ts'));
        drafts(report, await load('dashboard/integrations/draft.ts'));
        brushes(report, await load('dashboard/components/brush.ts'));
    } finally {
        done();
    }
});

function codes(report, { qrModules }) {
    const texts = ['a', 'otpauth://totp/Sheetbend:ada%40contoso.example?secret=JBSWY3DPEHPK3PXP&issuer=Sheetbend', 'Grüße, 東京'];
    for (let length = 10; length <= 210; length += 10) texts.push('x'.repeat(length - 4) + String(length).padStart(4, '0'));
    const wrong = texts.filter((text) => read(qrModules(text)) !== text);
    report.check('codes are read by others', wrong.length === 0, wrong);
    report.check('too long is refused', throws(() => qrModules('x'.repeat(214)), RangeError));
    report.facts.codes = texts.length;
}

function read(rows) {
    const scale = 4;
    const margin = 4;
    const size = (rows.length + 2 * margin) * scale;
    const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
    rows.forEach((row, y) => row.forEach((dark, x) => {
        if (!dark) return;
        for (let dy = 0; dy < scale; dy += 1) {
            for (let dx = 0; dx < scale; dx += 1) {
                const at = (((y + margin) * scale + dy) * size + (x + margin) * scale + dx) * 4;
                pixels.fill(0, at, at + 3);
            }
        }
    }));
    const found = jsQR(pixels, size, size);
    return found && new TextDecoder().decode(Uint8Array.from(found.binaryData));
}

function routes(report, { find }) {
    const table = ['/', '/integrations', '/integrations/new', '/integrations/:key', '/connections/:integration/:connection'].map((path) => ({ path }));
    const at = (path) => {
        const found = find(table, path);
        return found && [found.route.path, found.params];
    };
    const expect = [
        ['/', ['/', {}]],
        ['/integrations/new', ['/integrations/new', {}]],
        ['/integrations/a%2Fb', ['/integrations/:key', { key: 'a/b' }]],
        ['/connections/excel/ada%40x', ['/connections/:integration/:connection', { integration: 'excel', connection: 'ada@x' }]],
        ['/connections/excel', null],
        ['/integrations/%E0%A4%A', null],
    ];
    const wrong = expect.filter(([path, wanted]) => JSON.stringify(at(path)) !== JSON.stringify(wanted));
    report.check('paths find their pages', wrong.length === 0, wrong.map(([path]) => [path, at(path)]));
}

function addresses(report, { address, failureOf }) {
    const made = address('/base', '/connections/{id}', { path: { id: 'a/b?c' }, query: { x: 'ä&', none: null, empty: '', many: ['1', '2'], flag: true } });
    report.check('values cannot leave their place', made === '/base/connections/a%2Fb%3Fc?x=%C3%A4%26&many=1&many=2&flag=true', made);
    report.check('a missing value is noticed', throws(() => address('', '/connections/{id}', {}), TypeError));
    const told = failureOf(424, { error: { code: 'x', message: 'Both. Do this.', payload: { cause: 'Both.', actor: 'user', remedy: 'Do this.' } } }, null);
    report.check('cause, actor and remedy are apart', told.message === 'Both.' && told.actor === 'user' && told.remedy === 'Do this.', told);
    const odd = [undefined, null, 'text', 7, [], { error: null }, { error: { errors: [null, { path: 'x' }], payload: 'no' } }];
    const silent = odd.filter((body) => typeof failureOf(500, body, null).message !== 'string');
    report.check('any body makes a failure', silent.length === 0, silent);
}

function drafts(report, { emptyDraft, creation }) {
    const form = {
        name: 'excel', display_name: 'Excel', auth_mode: 'OAUTH2', clouds: ['global', 'usgov'],
        fields: [['credentials.client_id', 'text'], ['credentials.scopes', 'scopes'], ['integration_config.tenant', 'text']]
            .map(([path, kind]) => ({ path, name: path.split('.')[1], kind })),
    };
    const draft = { ...emptyDraft(form, ['excel', 'excel-2']), values: { client_id: 'id', tenant: 'contoso' }, allowedHosts: ' a.example\n*.b.example ' };
    const body = creation(form, draft);
    report.check('a taken key gets a number', draft.key === 'excel-3', draft.key);
    report.check('fields go to their rooms', JSON.stringify([body.credentials, body.integration_config, body.allowed_hosts])
        === JSON.stringify([{ type: 'OAUTH2', client_id: 'id', scopes: '' }, { tenant: 'contoso' }, ['a.example', '*.b.example']]), body);
    report.check('no end is no key', !('secret_expires_at' in body));
}

function brushes(report, { moved }) {
    const after = (keys, count = 60) => keys.reduce((spot, key) => moved(spot, key.replace('+', ''), key.startsWith('+'), count) ?? spot, null);
    const expect = [
        [['ArrowLeft'], { at: 59, from: 59 }],
        [['ArrowRight', 'ArrowRight'], { at: 59, from: 59 }],
        [['ArrowLeft', '+ArrowLeft', '+ArrowLeft'], { at: 57, from: 59 }],
        [['Home', '+PageDown', '+End'], { at: 59, from: 0 }],
        [['Home', '+End', 'ArrowLeft'], { at: 58, from: 58 }],
        [['a'], null],
    ];
    const wrong = expect.filter(([keys, wanted]) => JSON.stringify(after(keys)) !== JSON.stringify(wanted));
    report.check('keys mark a span of bars', wrong.length === 0 && after(['End'], 0) === null, wrong.map(([keys]) => [keys, after(keys)]));
}

function throws(work, kind) {
    try {
        work();
        return false;
    } catch (error) {
        return error instanceof kind;
    }
}
