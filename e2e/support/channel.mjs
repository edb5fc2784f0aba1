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
  const { pathname, hash } = new URL(link);
  await person.visit(pathname + hash);
  const main = person.page.getByRole('main');
  await main.getByRole('textbox', { name: 'What should they call you?' }).fill(person.name);
  await main.getByRole('button', { name: 'Join the channel' }).click();
  await isIn(person, topic);
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
