// @ts-check
// axe-core, run inside a page. It is evaluated by the debugger, so that the page's content policy stands.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

/**
 * What is seriously or critically wrong on the present screen, a line for each rule.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
export async function findViolations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => {
      const places = nodes.map(({ target, any }) => `${target.join(' ')} ${any[0]?.message ?? ''}`);
      return `${id}: ${help}\n  ${places.join('\n  ')}`;
    });
}
