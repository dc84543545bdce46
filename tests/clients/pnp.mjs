// @pnp/sp and @pnp/graph through our proxy, paging over absolute next links that we rewrite.
// Options: proxy_url ("http://localhost:PORT/proxy"), api_key, ca_file,
//          sp {site_path, integration, connection_id, list, page_size, pages}, graph {integration, connection_id}
import { DefaultHeaders as GraphHeaders, DefaultInit as GraphInit, graphfi } from '@pnp/graph';
import { NodeFetchWithRetry } from '@pnp/nodejs';
import { DefaultParse, InjectHeaders } from '@pnp/queryable';
import { DefaultHeaders, DefaultInit, spfi } from '@pnp/sp';
import '@pnp/graph/users/index.js';
import '@pnp/sp/items/index.js';
import '@pnp/sp/lists/index.js';
import '@pnp/sp/webs/index.js';
import { run } from './lib/run.mjs';

await run(async (options, report) => {
    const headers = ({ integration, connection_id }) =>
        InjectHeaders({
            Authorization: `Bearer ${options.api_key}`,
            'Provider-Config-Key': integration,
            'Connection-Id': connection_id,
            'Sheetbend-Rewrite-Links': 'true'
        });
    if (options.sp) {
        const behave = (instance) =>
            instance.using(DefaultHeaders(), DefaultInit(), NodeFetchWithRetry(), DefaultParse(), headers(options.sp));
        await sharePoint(spfi(options.proxy_url + options.sp.site_path).using(behave), options.sp, report);
    }
    if (options.graph) {
        const base = `${options.proxy_url}/v1.0`;
        const behave = (instance) =>
            instance.using(GraphHeaders(), GraphInit(base), NodeFetchWithRetry(), DefaultParse(), headers(options.graph));
        await report.step('graph me', async () => {
            const me = await graphfi(base).using(behave).me();
            report.check('graph me', me.displayName, me);
        });
    }
});

async function sharePoint(sp, options, report) {
    const list = () => sp.web.lists.getByTitle(options.list);
    await report.step('web', async () => {
        report.facts.web = (await sp.web()).Title;
        report.check('web', report.facts.web, report.facts);
    });
    await report.step('lists', async () => {
        const titles = (await sp.web.lists()).map((one) => one.Title);
        report.check('lists', titles.includes(options.list), titles);
    });
    await report.step('pages', async () => {
        const pages = [];
        const ids = new Set();
        for await (const page of list().items.top(options.page_size ?? 2)) {
            pages.push(page.length);
            page.forEach((item) => ids.add(item.Id));
        }
        report.facts.pages = pages;
        report.check('pages', pages.length >= (options.pages ?? 3), pages);
        report.equal('no item twice', ids.size, pages.reduce((sum, length) => sum + length, 0));
    });
    if (options.write !== false) {
        await report.step('write', async () => {
            const added = await list().items.add({ Title: "It's added" });
            await list().items.getById(added.Id).update({ Title: 'changed' });
            report.equal('add and update', (await list().items.getById(added.Id)()).Title, 'changed');
            await list().items.getById(added.Id).delete();
            await report.refused('a deleted item is gone', () => list().items.getById(added.Id)(), (error) => error.status === 404);
        });
    }
}
