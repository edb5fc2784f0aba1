// @ts-check
// Waiting for what can be asked but not listened to: asked again and again, for a bounded time.
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Answers the first value of `ask` that holds, and throws with the last one seen if none does in time.
 * @template T
 * @param {string} what said in the error
 * @param {() => Promise<T> | T} ask
 * @param {{ holds?: (value: T) => boolean, within_ms?: number, every_ms?: number }} [options]
 * @returns {Promise<T>}
 */
export async function until(what, ask, options = {}) {
  const { holds = Boolean, within_ms = 10_000, every_ms = 100 } = options;
  const deadline = performance.now() + within_ms;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`not within ${within_ms} ms: ${what}; last seen: ${JSON.stringify(value)}`);
    }
    await pause(every_ms);
  }
}
