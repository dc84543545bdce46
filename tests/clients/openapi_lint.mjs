// Redocly's linter over our openapi.json. Options: file, and rules to turn off with the reason beside the call.
import { createConfig, lint } from '@redocly/openapi-core';
import { run } from './lib/run.mjs';

await run(async (options, report) => {
    const config = await createConfig({ extends: ['recommended'], rules: options.rules ?? {} });
    const problems = await lint({ ref: options.file, config });
    const shown = problems.map((problem) => `${problem.severity} ${problem.ruleId} ${problem.location[0]?.pointer}: ${problem.message}`);
    const errors = shown.filter((line) => line.startsWith('error'));
    report.facts.warnings = shown.length - errors.length;
    report.check('no errors', errors.length === 0, errors.slice(0, 20));
});
