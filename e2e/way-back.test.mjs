// @ts-check
// Next, and back again.
import assert from 'node:assert/strict';
import { meet } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

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
