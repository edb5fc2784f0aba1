// @ts-check
// What Chromium itself records of the frames of one page while something is done on it.

/** @typedef {{ name: string, ph: string, ts: number, dur: number, pid: number, tid: number, args: any, id2?: { local?: string } }} Event */

const categories = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline.frame'];

/**
 * In milliseconds, each list rising: how long the frames took on the main thread, from the first task that belongs to
 * one until it was painted; the time from each drawn frame to the next; and how long tasks of the main thread took.
 * @param {import('playwright-core').Page} page
 * @param {() => Promise<void>} act
 */
export async function framesWhile(page, act) {
  const browser = page.context().browser();
  if (!browser) throw new Error('the page has no browser of its own');
  await browser.startTracing(page, { categories });
  await act();
  const trace = JSON.parse((await browser.stopTracing()).toString());
  /** @type {Event[]} */
  const events = trace.traceEvents;
  const drawn = events.filter(({ name }) => name === 'DrawFrame').map(({ ts }) => ts);
  const mains = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(threadOf),
  );
  const tasks = events.filter(
    (event) => event.name.endsWith('RunTask') && event.ph === 'X' && mains.has(threadOf(event)),
  );
  return {
    frames_ms: rising(durations(events)),
    betweenDrawn_ms: rising(
      drawn.sort((one, other) => one - other).map((ts, at) => ts - (drawn[at - 1] ?? ts)),
    ),
    tasks_ms: rising(tasks.map(({ dur }) => dur)),
  };
}

/** @param {Event[]} events */
function durations(events) {
  const begun = new Map();
  const found = [];
  for (const { name, ph, ts, pid, id2 } of events.sort((one, other) => one.ts - other.ts)) {
    if (name !== 'AnimationFrame') continue;
    const id = `${pid}/${id2?.local}`;
    if (ph === 'b') begun.set(id, ts);
    if (ph === 'e' && begun.has(id)) found.push(ts - begun.get(id));
  }
  return found;
}

/** @param {{ pid: number, tid: number }} event */
function threadOf({ pid, tid }) {
  return `${pid}/${tid}`;
}

/** @param {number[]} times in microseconds */
function rising(times) {
  return times.map((time) => time / 1_000).sort((one, other) => one - other);
}
