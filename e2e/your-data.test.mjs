// @ts-check
// What is a visitor's own: they take it along, and have it removed.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { findViolations } from './support/axe.mjs';
import { gather } from './support/channel.mjs';
import { scenario } from './support/scenario.mjs';

const topic = 'Morning chess';

scenario('one takes along what is theirs, and leaves no trace', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await gather([ada, ben], topic);
  await ada.writes('a secret opening');
  await ben.reads('a secret opening');
  await ben.writes('I say nothing');
  await ada.reads('I say nothing');

  await ada.visit('/your-data');
  const file = ada.page.waitForEvent('download');
  await ada.press('Download what is mine');
  const kept = JSON.parse(await readFile(await (await file).path(), 'utf8'));
  assert.deepEqual(
    [kept.name, kept.rooms.map((room) => room.name), kept.messages.map((said) => said.message)],
    ['Ada', [topic], ['a secret opening']],
  );

  await ada.press('Erase me');
  const sure = ada.page.getByRole('dialog', { name: 'Erase everything that is yours?' });
  await sure.getByRole('button', { name: 'Keep everything' }).click();
  await sure.waitFor({ state: 'hidden' });
  await ada.press('Erase me');
  await sure.waitFor();
  assert.deepEqual(await findViolations(ada.page), []);
  await sure.getByRole('button', { name: 'Erase me' }).click();
  await ada.page.waitForURL((url) => url.pathname === '/');

  await ben.sees('This message was deleted.');
  await ben.sees(/^1 member/, 20_000);
  assert.equal(await ben.page.getByText('a secret opening').count(), 0);
  await ada.visit('/your-data');
  await ada.sees(/There is nothing of you here yet/);
  await ada.visit('/channels');
  await ada.sees('You are in no channel yet.');
  const left = await ada.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  assert.doesNotMatch(left, /secret opening|Morning chess|Ada/);
});
