// axe-core in a page whose policy allows no script of others: it comes by the debugger.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds in a frame, as "rule: target". */
export async function axe(place) {
    await place.evaluate(AXE);
    const found = await place.evaluate((tags) => window.axe.run(document, { runOnly: tags }), WCAG);
    return found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}`));
}
