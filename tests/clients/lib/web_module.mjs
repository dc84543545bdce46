// Modules of the pages that touch no page, for Node: types stripped by TypeScript's own compiler.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ts = createRequire(import.meta.url)('typescript');

export function webModules(web) {
    const folder = mkdtempSync(join(tmpdir(), 'sheetbend-pages-'));
    const write = (path) => {
        const out = join(folder, path.replace(/\.tsx?$/, '.mjs'));
        if (existsSync(out)) return out;
        const { outputText } = ts.transpileModule(readFileSync(join(web, path), 'utf8'), {
            compilerOptions: { target: 'ES2023', module: 'ESNext', verbatimModuleSyntax: true },
        });
        mkdirSync(dirname(out), { recursive: true });
        writeFileSync(out, outputText.replace(/(from ")(\.[^"]+)\.tsx?"/g, '$1$2.mjs"'));
        for (const [, , imported] of outputText.matchAll(/(from ")(\.[^"]+\.ts)"/g)) write(join(dirname(path), imported));
        return out;
    };
    return {
        load: (path) => import(pathToFileURL(write(path))),
        done: () => rmSync(folder, { recursive: true }),
    };
}
