// TypeScript's own compiler over the pages' sources, and openapi-typescript over the API's document.
// Options: web, the folder of the pages; openapi, the document.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { run } from './lib/run.mjs';

const ts = createRequire(import.meta.url)('typescript');
const packages = join(dirname(fileURLToPath(import.meta.url)), 'node_modules');

await run(async (options, report) => {
    const generated = COMMENT_HEADER + astToString(await openapiTS(pathToFileURL(options.openapi)));
    const kept = readFileSync(join(options.web, 'shared/openapi.d.ts'), 'utf8');
    report.check('openapi.d.ts is what the document says', generated === kept);

    const program = typed(options.web);
    const problems = ts.getPreEmitDiagnostics(program).map(told);
    report.check('no type errors', problems.length === 0, problems.slice(0, 30));
    const own = program.getSourceFiles().filter((file) => file.fileName.startsWith(options.web) && !file.isDeclarationFile);
    report.facts.files = own.length;
});

// The settings of the pages, with the packages of this folder wherever it stands.
function typed(web) {
    const { config, error } = ts.readConfigFile(join(web, 'tsconfig.json'), ts.sys.readFile);
    if (error) throw new Error(told(error));
    for (const [name, places] of Object.entries(config.compilerOptions.paths)) {
        config.compilerOptions.paths[name] = places.map((place) => place.replace(/^.*\/node_modules/, packages));
    }
    const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, web);
    if (errors.length > 0) throw new Error(errors.map(told).join('\n'));
    return ts.createProgram(fileNames, options);
}

function told(problem) {
    const text = ts.flattenDiagnosticMessageText(problem.messageText, ' ');
    if (!problem.file) return text;
    const { line } = problem.file.getLineAndCharacterOfPosition(problem.start ?? 0);
    return `${problem.file.fileName}:${line + 1}: ${text}`;
}
