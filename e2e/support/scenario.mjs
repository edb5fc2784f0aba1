// @ts-check
// A test that plays in a world of its own: `scenario(name, options, async (world) => …)`. What the world knows
// goes out with the error when it fails; a page that reports a problem that was not expected fails it as well.
import { after, test } from 'node:test';
import { launchChromium } from './chromium.mjs';
import { Server } from './server.mjs';
import { World } from './world.mjs';

const test_ms_max = 120_000;
const slow_ms_max = 300_000;

/** @type {Promise<import('playwright-core').Browser> | undefined} */
let launched;
after(async () => (await launched)?.close());

/**
 * @typedef {object} Options
 * @property {Record<string, string>} [settings] of the server, as environment variables
 * @property {RegExp} [expected] problems of pages that belong to the test: connections that it cuts
 * @property {boolean} [isLong] of many rounds
 */

/**
 * @param {string} name
 * @param {Options} options
 * @param {(world: World) => Promise<void>} play
 */
export function scenario(name, options, play) {
  test(name, { timeout: options.isLong ? slow_ms_max : test_ms_max }, async () => {
    launched ??= launchChromium();
    const world = new World(await launched, await Server.start(options.settings));
    try {
      await play(world);
      await world.hasNoProblem(options.expected);
    } catch (error) {
      throw new Error(`${error?.stack ?? error}\n${await world.tell(name)}`);
    } finally {
      await world.end();
    }
  });
}
