// @ts-check
// Scrolling through a conversation of `message 1`, `message 2` and so on, and what is in the document meanwhile.

/** @typedef {import('./person.mjs').Person} Person */

/** Less than what is in the document around what is in sight, so that every line comes into it. */
const step_px = 900;
const steps_max = 5_000;

/**
 * Turns the wheel until the first message of all is in sight.
 * @param {Person} person
 */
export async function scrollToBeginning(person) {
  const { page } = person;
  const beginning = page.getByText('This is where it begins.');
  await page.getByRole('log').hover();
  for (let step = 0; step < steps_max; step += 1) {
    await page.mouse.wheel(0, -step_px);
    if (step % 20 === 0 && (await beginning.isVisible())) break;
  }
  await page.getByRole('log').getByText('message 1 and').waitFor();
}

/**
 * From now on looks at the lines whenever some come into the document or leave it.
 * @param {Person} person
 */
export async function watchRows(person) {
  await person.page.evaluate(() => {
    const log = document.querySelector('[role="log"]');
    const numbers = /** @type {Set<number>} */ (new Set());
    const seen = { numbers, drawn: 0, broken: /** @type {string[]} */ ([]) };
    const look = () => {
      const lines = [...(log?.querySelectorAll('[data-line] p [dir="auto"]') ?? [])];
      const now = lines.map((line) => Number(/^message (\d+)/.exec(line.textContent ?? '')?.[1]));
      seen.drawn = Math.max(seen.drawn, now.length);
      for (const [at, number] of now.entries()) {
        seen.numbers.add(number);
        const next = now[at + 1];
        if (next !== undefined && next !== number + 1) seen.broken.push(`${number}, ${next}`);
      }
    };
    look();
    if (log) new MutationObserver(look).observe(log, { childList: true, subtree: true });
    Object.assign(window, { rowsSeen: seen });
  });
}

/** @param {Person} person */
export function rowsSeen(person) {
  return person.page.evaluate(() => {
    const { numbers, drawn, broken } = window.rowsSeen;
    return { seen: numbers.size, drawn, broken: broken.slice(0, 10) };
  });
}
