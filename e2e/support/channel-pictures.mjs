// @ts-check
// Every state that one comes to in channels, for the screenshots: a small club that plays chess, as it might be.
import { comeIn, gather, makeChannel } from './channel.mjs';

const topic = 'Morning chess';
const talk = /** @type {const} */ ([
  ['Ada', 'Good morning. Who plays today?'],
  ['Noor', 'Me, after nine. I found the game that we spoke of: https://example.org/games/1851'],
  ['Mika', 'I have looked at it already. That bishop!'],
  ['Noor', 'صباح الخير، هل تلعب الشطرنج؟'],
  [
    'Ada',
    'Thursday then, at the usual place. I bring the clock and the tea, and Lev brings the cake.',
  ],
]);

/**
 * @param {import('./world.mjs').World} world
 * @param {import('playwright-core').BrowserContextOptions} context of the one whose screen is shown
 * @param {(page: import('playwright-core').Page, state: string) => Promise<void>} take
 */
export async function pictureChannels(world, context, take) {
  const [ada, noor] = [await world.person('Ada'), await world.person('Noor')];
  const wire = await world.wire();
  const mika = await world.person('Mika', { context, through: wire });
  const { page } = mika;
  const shoot = (/** @type {string} */ state) => take(page, state);

  await mika.visit('/channels');
  await mika.sees('No channel is open to all at the moment.');
  await shoot('channels-none');
  await page.getByRole('button', { name: 'New channel' }).first().click();
  await page.getByRole('textbox', { name: 'What is it about?' }).fill(topic);
  await shoot('channel-new');
  await page.keyboard.press('Escape');

  const link = await gather([ada, noor], topic);
  const { pathname, hash } = new URL(link);
  await mika.visit(pathname + hash);
  await mika.sees('You are invited to a channel');
  await shoot('channel-invited');
  await comeIn(mika, link, topic);
  await mika.sees('Nothing has been said here yet.');
  await shoot('channel-empty');

  const people = { Ada: ada, Noor: noor, Mika: mika };
  for (const [name, words] of talk) {
    await people[name].writes(words);
    await mika.page.getByRole('log').getByText(words.slice(0, 12)).waitFor();
  }
  await ada.page.getByRole('textbox', { name: 'Message' }).pressSequentially('So');
  await mika.sees('Ada is typing');
  await mika.sees('3 members, 3 online');
  await shoot('channel');
  await mika.press('People');
  await mika.page.getByRole('button', { name: 'Write to Ada' }).waitFor();
  await shoot('channel-people');
  await page.keyboard.press('Escape');
  await mika.line('I have looked at it already. That bishop!').getByRole('button').first().click();
  await shoot('channel-change');

  await makeChannel(noor, 'Gardens of the world', { isPublic: true });
  await makeChannel(mika, 'Cinema on Friday');
  await mika.press('Invite');
  await page.getByRole('textbox', { name: 'Link' }).waitFor();
  await shoot('channel-invite');
  await page.keyboard.press('Escape');
  await ada.writes('Somebody has left a scarf here');
  await mika.visit('/channels');
  await page.getByRole('link', { name: /Morning chess.*1 new message/ }).waitFor();
  await mika.sees('Gardens of the world');
  await shoot('channels');

  await page.getByRole('link', { name: /Morning chess/ }).click();
  await mika.reads('Somebody has left a scarf here');
  wire.block();
  await mika.sees(/^Reconnecting\./, 20_000);
  await mika.writes('I think that it is mine');
  await mika.line('I think that it is mine').getByText('Waiting for the connection').waitFor();
  await shoot('channel-offline');
}
