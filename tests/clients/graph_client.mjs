// @microsoft/microsoft-graph-client through our proxy. It speaks https only: over http it drops Authorization.
// Options: base_url ("https://localhost:PORT/proxy/"), ca_file, api_key, integration, connection_id, display_name,
//          item_id, sheet, range, values
import graph from '@microsoft/microsoft-graph-client';
import { run } from './lib/run.mjs';

const { Client, PageIterator, ResponseType } = graph;

await run(async (options, report) => {
    const client = Client.init({
        baseUrl: options.base_url,
        defaultVersion: 'v1.0',
        customHosts: new Set([new URL(options.base_url).hostname]),
        fetchOptions: { headers: { 'Provider-Config-Key': options.integration, 'Connection-Id': options.connection_id, ...options.headers } },
        authProvider: (done) => done(null, options.api_key)
    });
    await report.step('me', async () => {
        const me = await client.api('/me').get();
        report.equal('me', me.displayName, options.display_name ?? me.displayName);
    });
    await report.step('pages of the drive', async () => {
        let seen = 0;
        const first = await client.api('/me/drive/root/children').top(1).get();
        await new PageIterator(client, first, () => (seen += 1) > 0).iterate();
        report.check('pages of the drive', seen >= (options.at_least_items ?? 1), seen);
        report.facts.items = seen;
    });
    await workbook(client, options, report);
    await report.step('download', async () => {
        const content = await client.api(`/me/drive/items/${options.item_id}/content`).responseType(ResponseType.ARRAYBUFFER).get();
        report.equal('download', Buffer.from(content).subarray(0, 2).toString(), 'PK');
    });
    await report.step('batch', async () => {
        const requests = ['/me', '/me/drive'].map((url, index) => ({ id: String(index), method: 'GET', url }));
        const { responses } = await client.api('/$batch').post({ requests });
        report.equal('batch', responses.map((response) => response.status), [200, 200]);
    });
    await report.refused(
        'an unknown item',
        () => client.api('/me/drive/items/does-not-exist').get(),
        (error) => error.statusCode === 404 && error.code === 'itemNotFound'
    );
});

async function workbook(client, options, report) {
    const book = `/me/drive/items/${options.item_id}/workbook`;
    await report.step('workbook', async () => {
        const session = await client.api(`${book}/createSession`).post({ persistChanges: true });
        const sheets = await client.api(`${book}/worksheets`).header('workbook-session-id', session.id).get();
        report.check('worksheets', sheets.value.length > 0, sheets);
        const sheet = options.sheet ?? sheets.value[0].name;
        const range = `${book}/worksheets/${encodeURIComponent(sheet)}/range(address='${options.range ?? 'H1:I2'}')`;
        const values = options.values ?? [[1, 2], [3, 4]];
        const written = await client.api(range).header('workbook-session-id', session.id).patch({ values });
        report.equal('range written', written.values, values);
        const read = await client.api(range).header('workbook-session-id', session.id).get();
        report.equal('range read', read.values, values);
        report.facts.address = read.address;
        await client.api(`${book}/closeSession`).header('workbook-session-id', session.id).post({});
    });
}
