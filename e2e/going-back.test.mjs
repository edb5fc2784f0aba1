// @ts-check
// Next, and back again; and the same call in two windows.
import assert from 'node:assert/strict';
import { meet } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const presses = 50;
const metAll = 'You have met everyone who is waiting.';
/** As on a site that is open to all: nobody meets the same one again at once. */
const noRepeat = { LIVELOOP_MATCHING_REPEAT: 'false' };

scenario(
  'after Next one goes back to the one before, by hand and by key',
  { settings: noRepeat },
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await meet(ada, ben);
    await ada.press('Next');
    await Promise.all([ada.sees(metAll), ben.sees(metAll)]);
    await ada.press('Go back to Ben');
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
    await ada.writes('there you are');
    await ben.reads('there you are');

    await ada.press('Next');
    await ada.page.getByRole('button', { name: 'Go back to Ben' }).waitFor();
    await Promise.all([ada.sees(metAll), ben.sees(metAll)]);
    await ada.page.keyboard.press('Escape');
    await ada.page.keyboard.press('b');
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
    const back = ada.page.getByRole('button', { name: /back to Ben/ });
    assert.equal(await back.count(), 0, 'they are here: there is nowhere to go back to');
  },
);

scenario('those who have met everybody may meet again', { settings: noRepeat }, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await meet(ada, ben);
  await ada.press('Next');
  await Promise.all([ada.sees(metAll), ben.sees(metAll)]);
  await ada.sees('1 other person is waiting too.');
  await ada.press('Meet them again');
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
});

scenario('one goes back out of the new call as well', {}, async (world) => {
  const { ada, ben, cleo } = await moveOn(world);
  const dan = await world.person('Dan');
  await dan.start('Text');
  await Promise.all([ada.meets(dan), dan.meets(ada)]);
  await cleo.press('Stop');
  await ben.waitsAlone();
  await ada.press('Go back to Ben');
  await Promise.all([ada.meets(ben), ben.meets(ada), dan.waitsAlone()]);
});

scenario('what is not granted is said, and harms nothing', {}, async (world) => {
  const { ada, ben, cleo } = await moveOn(world);
  await ada.press('Go back to Ben');
  await ada.page.getByRole('button', { name: 'Asked Ben to come back' }).waitFor();
  await ada.page
    .getByRole('button', { name: 'No way back to Ben now' })
    .waitFor({ timeout: 45_000 });
  assert.deepEqual([await ben.partner(), await cleo.partner()], ['Cleo', 'Ben']);
  await ada.waitsAlone();
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

scenario('a duplicated window takes the call over, and gives it back', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await meet(ada, ben, 'Video');
  await Promise.all([ada.seesAndHears(), ben.seesAndHears()]);
  const room = await ada.room();

  const twin = await duplicate(world, ada);
  await twin.meets(ben);
  await ada.sees('Live Loop is open in another window.');
  await Promise.all([twin.seesAndHears(30_000), ben.seesAndHears(30_000)]);
  assert.equal((await ada.incoming()).peers, 0, 'the former window has let go');
  assert.equal(await twin.room(), room);

  // A browser may load a forgotten window again by itself: that is no wish to have the call back.
  await ada.page.reload();
  await ada.sees('Live Loop is open in another window.');
  await twin.writes('from the twin');
  await ben.reads('from the twin');

  await ada.press('Use it here');
  await ada.meets(ben);
  await twin.sees('Live Loop is open in another window.');
  await Promise.all([ada.seesAndHears(30_000), ben.seesAndHears(30_000)]);
  assert.equal(await ada.room(), room);
  await ada.writes('from the first');
  await ben.reads('from the first');
  await twin.sees('Live Loop is open in another window.');
});

/**
 * As the browser's own command does it: a window with a copy of the storage and of the history.
 * @param {import('./support/world.mjs').World} world
 * @param {import('./support/person.mjs').Person} person
 */
async function duplicate(world, person) {
  const opened = person.page.context().waitForEvent('page');
  const entry = await person.page.evaluate(() => {
    window.open('/rules');
    return history.state;
  });
  const page = await opened;
  await page.waitForLoadState();
  const twin = await world.another(`${person.name}'s twin`, page);
  await page.evaluate((state) => history.replaceState(state, '', '/call'), entry);
  await page.reload();
  return twin;
}

/**
 * @param {import('./support/person.mjs').Person} one
 * @param {import('./support/person.mjs').Person} other
 */
async function both(one, other) {
  const [room, others] = await Promise.all([one.room(), other.room()]);
  return room === others ? room : undefined;
}

/** Ada has pressed Next: Ben is with Cleo, and she waits. @param {import('./support/world.mjs').World} world */
async function moveOn(world) {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  const cleo = await world.person('Cleo');
  await meet(ada, ben);
  await cleo.start('Text');
  await cleo.waitsAlone();
  // Who is left is found somebody first.
  await ada.press('Next');
  await Promise.all([ben.meets(cleo), cleo.meets(ben), ada.waitsAlone()]);
  return { ada, ben, cleo };
}
