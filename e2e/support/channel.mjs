// @ts-check
// What people do in channels: make one, come in by its link, write, and look who is there.
import { until } from './until.mjs';

/** @typedef {import('./person.mjs').Person} Person */

/**
 * @param {Person} person
 * @param {string} topic
 * @param {{ isPublic?: boolean }} [manner]
 */
export async function makeChannel(person, topic, { isPublic = false } = {}) {
  await person.visit('/channels');
  await person.page.getByRole('button', { name: 'New channel' }).first().click();
  const dialog = person.page.getByRole('dialog', { name: 'A new channel' });
  await dialog.getByRole('textbox', { name: 'What is it about?' }).fill(topic);
  const field = dialog.getByRole('textbox', { name: 'What should they call you?' });
  // Who has said it once is not asked again.
  if (await field.isVisible()) await field.fill(person.name);
  if (isPublic) await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Make the channel' }).click();
  await isIn(person, topic);
}

/**
 * The link that the maker of a channel hands out.
 * @param {Person} person in the channel
 */
export async function inviteLink(person) {
  await person.press('Invite');
  const link = await person.page.getByRole('textbox', { name: 'Link' }).inputValue();
  await person.page.keyboard.press('Escape');
  return link;
}

/**
 * @param {Person} person
 * @param {string} link
 * @param {string} topic
 */
export async function comeIn(person, link, topic) {
  await follow(person, link);
  await isIn(person, topic);
}

/**
 * Opens an invitation and asks to come in.
 * @param {Person} person
 * @param {string} link
 */
export async function follow(person, link) {
  const { pathname, hash } = new URL(link);
  await person.visit(pathname + hash);
  const main = person.page.getByRole('main');
  await main.getByRole('textbox', { name: 'What should they call you?' }).fill(person.name);
  await main.getByRole('button', { name: 'Join the channel' }).click();
}

/** @param {Person} person @param {string} topic */
export async function isIn(person, topic) {
  const heading = { name: topic, exact: true, level: 2 };
  await person.page.getByRole('heading', heading).waitFor();
  await person.page.getByRole('textbox', { name: 'Message' }).waitFor();
}

/**
 * Two or more in a channel of the first one's.
 * @param {Person[]} people
 * @param {string} topic
 */
export async function gather([first, ...others], topic) {
  if (!first) throw new Error('nobody to gather');
  await makeChannel(first, topic);
  const link = await inviteLink(first);
  for (const other of others) await comeIn(other, link, topic);
  return link;
}

/**
 * Everybody comes to see the same conversation; answers it, without the names.
 * @param {Person[]} people
 * @param {(lines: string[]) => boolean} holds
 */
export async function agree(people, holds, within_ms = 30_000) {
  const said = async () => {
    const all = await Promise.all(people.map((each) => each.lines()));
    return all.map((lines) => lines.map((line) => line.replace(/^[^:]*: /, '')));
  };
  const [first = []] = await until('all see the same', said, {
    holds: ([one = [], ...rest]) =>
      holds(one) && rest.every((other) => JSON.stringify(other) === JSON.stringify(one)),
    within_ms,
    every_ms: 500,
  });
  return first;
}

/**
 * Says `message 1`, `message 2` and so on in the channel that the person is in, as that visitor, as fast as it is kept.
 * @param {Person} person
 * @param {number} many
 */
export async function sayMuch(person, many) {
  await person.page.evaluate(sayAll, { roomId: person.page.url().split('/').at(-1), many });
}

/**
 * Runs in the page, with a socket of its own.
 * @param {{ roomId: string | undefined, many: number }} what
 */
function sayAll({ roomId, many }) {
  const token = localStorage.getItem('liveloop.token');
  const socket = new WebSocket(`ws://${location.host}/ws?hello=1`);
  const send = (/** @type {object} */ frame) => socket.send(JSON.stringify(frame));
  const inFlight_max = 200;
  let [said, kept] = [0, 0];
  const say = () => {
    while (said < many && said - kept < inFlight_max) {
      said += 1;
      const message = `message ${said}${' and some more words'.repeat(said % 7)}`;
      send({ event: 'newMessage', data: { roomId, message }, ref: said + 1 });
    }
  };
  return new Promise((resolve, reject) => {
    socket.onopen = () => send({ event: 'hello', data: { token } });
    socket.onclose = reject;
    socket.onmessage = ({ data }) => {
      const { event, ack, error } = JSON.parse(data);
      if (error) reject(new Error(JSON.stringify(error)));
      if (event === 'welcome') send({ event: 'join-room', data: { roomId }, ref: 1 });
      if (ack === undefined) return;
      if (ack > 1) kept += 1;
      if (kept < many) return say();
      socket.onclose = null;
      socket.close();
      resolve(undefined);
    };
  });
}
