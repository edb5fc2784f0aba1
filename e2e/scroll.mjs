// @ts-check
// How smoothly ten thousand messages scroll: fills a channel of a real server, turns the wheel from the last message to
// the first, and prints what Chromium's trace says of the frames. `npm run scroll -- 3` does it three times.
import { makeChannel, sayMuch } from './support/channel.mjs';
import { launchChromium } from './support/chromium.mjs';
import { scrollToBeginning } from './support/scroll.mjs';
import { Server } from './support/server.mjs';
import { framesWhile } from './support/trace.mjs';
import { World } from './support/world.mjs';

const messages = 10_000;
const rounds = Number(process.argv[2] ?? 1);
/** So much may be said at once. */
const unhurried = {
  LIVELOOP_LIMITS_MESSAGES_PER_SECOND: '0',
  LIVELOOP_LIMITS_EVENTS_PER_SECOND: '0',
};

const browser = await launchChromium();
const world = new World(browser, await Server.start(unhurried));
try {
  const ada = await world.person('Ada', { context: { viewport: { width: 1280, height: 800 } } });
  await makeChannel(ada, 'Morning chess');
  await sayMuch(ada, messages);
  for (let round = 1; round <= rounds; round += 1) {
    await ada.page.reload();
    await ada.page.getByRole('log').getByText(`message ${messages}`).waitFor();
    const began = performance.now();
    const { frames_ms, betweenDrawn_ms, tasks_ms } = await framesWhile(ada.page, () =>
      scrollToBeginning(ada),
    );
    const took_s = ((performance.now() - began) / 1_000).toFixed(1);
    const lines = await ada.page.getByRole('log').locator('[data-line]').count();
    console.log(
      `round ${round}: ${messages} messages in ${took_s} s, ${lines} lines in the document`,
    );
    tell('main-thread frames', frames_ms);
    tell('from one drawn frame to the next', betweenDrawn_ms);
    tell('main-thread tasks', tasks_ms);
  }
  await world.hasNoProblem();
} finally {
  await world.end();
  await browser.close();
}

/** @param {string} what @param {number[]} times rising, in milliseconds */
function tell(what, times) {
  const at = (/** @type {number} */ share) =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(1);
  const over = times.filter((time) => time > 100).length;
  console.log(
    `  ${what}: ${times.length}, median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms, over 100 ms: ${over}`,
  );
}
