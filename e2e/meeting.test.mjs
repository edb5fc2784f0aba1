// @ts-check
// Strangers meet: they see, hear and write to each other, go on to the next, and are told when the other
// leaves. The whole product, from the start page on.
import assert from 'node:assert/strict';
import { meet } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const presses = 50;

scenario('strangers meet, talk, go on and part', {}, async (world) => {
  const [ada, ben, cleo] = [
    await world.person('Ada'),
    await world.person('Ben'),
    await world.person('Cleo'),
  ];

  await ada.start();
  await ada.waitsAlone();
  await ben.start();
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
  await Promise.all([ada.seesAndHears(), ben.seesAndHears()]);

  await ada.writes('hello from Ada');
  await ben.reads('hello from Ada');
  await ben.writes('hello from Ben');
  await ada.reads('hello from Ben');

  await cleo.start();
  await cleo.waitsAlone();
  await ada.press('Next');
  const [met, waiting] = await whoMeets(cleo, ada, ben);
  await waiting.waitsAlone();
  await waiting.sees(waiting === ada ? 'On to the next person.' : /^Ada left\. Looking for/);
  await Promise.all([met.seesAndHears(), cleo.seesAndHears()]);
  assert.equal(await waiting.partner(), undefined, 'a call has two sides');
  assert.equal((await waiting.incoming()).peers, 0, 'no connection outlives its call');

  await cleo.press('Next');
  const [partner, left] = await whoMeets(waiting, cleo, met);
  await Promise.all([waiting.seesAndHears(), partner.seesAndHears()]);

  await left.press('Stop');
  await left.sees('You have stopped');
  await partner.leave();
  await waiting.sees(`${partner.name} lost the connection. Looking for someone else.`, 10_000);
  await waiting.waitsAlone();
});

scenario('two windows of one visitor meet on this machine', {}, async (world) => {
  const ada = await world.person('Ada');
  await ada.start();
  await ada.waitsAlone();
  const again = await world.person('Ada too', { beside: ada });
  await again.start();
  await Promise.all([ada.meets(), again.meets()]);
  await Promise.all([ada.seesAndHears(), again.seesAndHears()]);
});

scenario(
  `both press Next at the same moment, ${presses} times`,
  { settings: { LIVELOOP_LIMITS_REQUESTS_PER_MINUTE: '0' }, isLong: true },
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await meet(ada, ben);
    const rooms = new Set([await ada.room()]);
    for (let press = 1; press <= presses; press += 1) {
      await Promise.all([ada.press('Next'), ben.press('Next')]);
      const room = await until('both are in one new room', () => both(ada, ben), {
        holds: (found) => found !== undefined && !rooms.has(found),
        within_ms: 30_000,
        every_ms: 20,
      });
      rooms.add(room);
    }
    assert.equal(rooms.size, presses + 1);
    await ada.writes('still here');
    await ben.reads('still here');
  },
);

/**
 * Waits until somebody has met one of two, and answers first that one, then the other.
 * @param {import('./support/person.mjs').Person} somebody
 * @param {import('./support/person.mjs').Person} one
 * @param {import('./support/person.mjs').Person} other
 */
async function whoMeets(somebody, one, other) {
  const name = await until(`${somebody.name} meets one of two`, () => somebody.partner(), {
    holds: (found) => found === one.name || found === other.name,
  });
  const pair = name === one.name ? [one, other] : [other, one];
  await pair[0].meets(somebody);
  return pair;
}

/**
 * @param {import('./support/person.mjs').Person} one
 * @param {import('./support/person.mjs').Person} other
 */
async function both(one, other) {
  const [room, others] = await Promise.all([one.room(), other.room()]);
  return room === others ? room : undefined;
}
