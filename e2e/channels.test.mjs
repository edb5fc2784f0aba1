// @ts-check
// Channels as people use them: made, shared by a link, found, written in and read, changed, left.
import assert from 'node:assert/strict';
import { comeIn, follow, gather, inviteLink, isIn, makeChannel } from './support/channel.mjs';
import { scenario } from './support/scenario.mjs';

const topic = 'Morning chess';

scenario('one changes and deletes what one has said, and all see it', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await gather([ada, ben], topic);
  for (const text of ['mistaek', 'regret', 'stays']) await ada.writes(text);
  await ben.reads('stays');

  await act(ada, 'mistaek', 'Edit');
  const box = ada.page.getByRole('textbox', { name: 'Message' });
  assert.equal(await box.inputValue(), 'mistaek');
  await ada.writes('mistake');
  await ben.reads('mistake');
  await ben.line('mistake').getByText('Edited').waitFor();

  await act(ada, 'regret', 'Delete');
  const sure = ada.page.getByRole('dialog', { name: 'Delete this message?' });
  await sure.getByRole('button', { name: 'Delete', exact: true }).click();
  for (const each of [ada, ben]) {
    await each.sees('This message was deleted.');
    assert.equal(await each.page.getByText('regret', { exact: true }).count(), 0);
  }
  assert.equal(await ben.page.getByRole('button', { name: /^Change or delete/ }).count(), 0);
  await ben.page.reload();
  await ben.sees('This message was deleted.');
  await ben.reads('mistake');
});

scenario('one sees who is typing, who is online, and what is new', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await gather([ada, ben], topic);
  await ada.sees('2 members, 2 online');
  await ben.page.getByRole('textbox', { name: 'Message' }).pressSequentially('hm');
  await ada.sees('Ben is typing');
  await ben.page.getByRole('textbox', { name: 'Message' }).fill('');
  await ada.page.getByText('Ben is typing').waitFor({ state: 'detached' });
  await ben.page.getByRole('textbox', { name: 'Message' }).pressSequentially('on');
  await ada.sees('Ben is typing');
  await ben.writes('one');
  await ada.page.getByText('Ben is typing').waitFor({ state: 'detached' });
  await ada.reads('one');

  await makeChannel(ada, 'Elsewhere');
  await ben.writes('two');
  await ben.writes('three');
  const entry = ada.page.getByRole('link', { name: /Morning chess.*2 new messages/ });
  await entry.click();
  await ada.reads('three');
  await ada.sees('New since you were here');
  await ada.page.getByRole('link', { name: /Morning chess/ }).waitFor();
  await ada.page.getByText('2 new messages').waitFor({ state: 'detached' });
  await ben.leave();
  await ada.sees('2 members, 1 online', 20_000);
});

scenario(
  'who has gone while one was away oneself is gone when one is back',
  { settings: { LIVELOOP_SESSION_GRACE_CLOSED: '1s' }, expected: /WebSocket connection to|net::/ },
  async (world) => {
    const wire = await world.wire();
    const ada = await world.person('Ada', { through: wire });
    const [ben, cleo] = [await world.person('Ben'), await world.person('Cleo')];
    await gather([ada, ben, cleo], topic);
    await ada.sees('3 members, 3 online');
    wire.block();
    await ada.sees(/^Reconnecting\./, 20_000);
    await ben.leave();
    // Neither of them is here now.
    await cleo.sees('3 members, 1 online', 20_000);
    wire.open();
    await ada.sees('3 members, 2 online', 20_000);
  },
);

scenario('two write to each other alone', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  const cleo = await world.person('Cleo');
  await gather([ada, ben, cleo], topic);
  await ben.press('People');
  await ben.page.getByRole('button', { name: 'Write to Ada' }).click();
  await isIn(ben, 'Ada');
  await ben.writes('just for you');
  // She looks at the page again, and what is new is looked for.
  await ada.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await ada.page.getByRole('link', { name: /^B Ben|^Ben/ }).click();
  await ada.reads('just for you');
  await ada.writes('thank you');
  await ben.reads('thank you');
  assert.equal(await cleo.page.getByRole('link', { name: /Ada|Ben/ }).count(), 0);

  await ben.visit('/channels');
  await ben.page.getByRole('link', { name: /Ada/ }).click();
  await ben.reads('just for you');
});

scenario(
  'a link lets in who has it until it ends, and its secret leaves the address',
  {},
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    const link = await gather([ada, ben], topic);
    assert.match(link, /#invite=.{16,}$/);
    assert.equal(new URL(ben.page.url()).hash, '');
    await ada.press('Invite');
    await ada.press('End the link');
    await ada.sees('The link has ended. Nobody can join with it any more.');
    await ada.page.keyboard.press('Escape');

    const cleo = await world.person('Cleo');
    await follow(cleo, link);
    await cleo.sees('This channel is not there, or the link has ended. Ask for a new link.');
    await ada.press('Invite');
    await ada.press('Make a new link');
    await ada.page.getByRole('textbox', { name: 'Link' }).waitFor();
    await ada.page.keyboard.press('Escape');
    await comeIn(cleo, await inviteLink(ada), topic);

    await ben.press('Leave');
    await ben.press('Leave the channel');
    await ben.sees('You are in no channel yet.');
    await ada.sees(/^2 members/);
  },
);

scenario('a channel that is open to all is found', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await ben.visit('/channels');
  await ben.sees('You are in no channel yet.');
  await ben.sees('No channel is open to all at the moment. Make the first one.');
  await makeChannel(ada, 'Gardens', { isPublic: true });
  await ben.page.reload();
  await ben.page.getByRole('link', { name: 'Join Gardens' }).click();
  await ben.page.getByRole('textbox', { name: 'What should they call you?' }).fill('Ben');
  await ben.press('Join the channel');
  await isIn(ben, 'Gardens');
  await ben.writes('hello');
  await ada.reads('hello');
});

scenario('with keys alone one writes, changes and reads on', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await gather([ada, ben], topic);
  const box = ada.page.getByRole('textbox', { name: 'Message' });
  await box.focus();
  await ada.page.keyboard.type('first');
  await ada.page.keyboard.press('Enter');
  await ben.reads('first');
  await ada.line('first').getByText('Sent', { exact: true }).waitFor();
  await ada.page.keyboard.press('ArrowUp');
  await ada.sees('You are changing your message');
  await ada.page.keyboard.type(' of all');
  await ada.page.keyboard.press('Enter');
  await ben.reads('first of all');
  assert.equal(await box.inputValue(), '');
  await ada.page.keyboard.press('Shift+Tab');
  const role = () => ada.page.evaluate(() => document.activeElement?.getAttribute('role'));
  for (let step = 0; step < 6 && (await role()) !== 'log'; step += 1) {
    await ada.page.keyboard.press('Shift+Tab');
  }
  assert.equal(await role(), 'log');
});

/**
 * @param {import('./support/person.mjs').Person} person
 * @param {string} words
 * @param {'Edit' | 'Delete'} what
 */
async function act(person, words, what) {
  const line = person.line(words);
  await line.getByText('Sending').waitFor({ state: 'detached' });
  await line.getByRole('button', { name: /^Change or delete/ }).click();
  await line.getByRole('button', { name: what, exact: true }).click();
}
