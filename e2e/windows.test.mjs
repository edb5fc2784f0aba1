// @ts-check
// One call in two windows of one browser: the newer one has it, until the other asks for it back.
import assert from 'node:assert/strict';
import { meet } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

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
