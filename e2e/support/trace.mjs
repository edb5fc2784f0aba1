// @ts-check
// What Chromium itself records of a page's main thread while something is done on it.

/**
 * How long the longest tasks of any page's main thread took, longest first, in milliseconds.
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<void>} act
 */
export async function longestTasks(page, act) {
  const browser = page.context().browser();
  if (!browser) throw new Error('the page has no browser of its own');
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const threadOf = (/** @type {{ pid: number, tid: number }} */ { pid, tid }) => `${pid}/${tid}`;
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(threadOf),
  );
  const tasks = traceEvents.filter(
    (event) => mains.has(threadOf(event)) && event.name.endsWith('RunTask') && event.dur > 0,
  );
  return tasks.map(({ dur }) => dur / 1_000).sort((one, other) => other - one);
}
