// @ts-check
// People who mean harm: whatever they write or are called, and whatever picture they send of themselves, no script of
// theirs runs at anybody's page.
import assert from 'node:assert/strict';
import { agree, gather } from './support/channel.mjs';
import { payloads } from './support/payloads.mjs';
import { scenario } from './support/scenario.mjs';

scenario('nothing that anybody writes or is called is run', {}, async (world) => {
  const bad = '<img src=x onerror="window.__ran=1">';
  const [ada, ben] = [await world.person(bad), await world.person('Ben')];
  const name = '<script>window.__ran = 1</script>';
  await gather([ada, ben], name);
  for (const payload of payloads) await ada.writes(payload);
  const said = await agree([ada, ben], (lines) => lines.length === payloads.length);
  assert.deepEqual(
    said.map((each) => each.replaceAll(/\s+/g, ' ')),
    payloads.map((each) => each.replaceAll(/\s+/g, ' ')),
  );
  await ben.press('People');
  await ben.sees(bad);
  await ben.page.keyboard.press('Escape');
  for (const each of [ada, ben]) await findNothingRun(each);
});

scenario('no name of a person or a channel is run', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  const link = await gather([ada, ben], 'Morning chess');
  const { pathname, hash } = new URL(link);
  const [roomId, invite] = [pathname.split('/').at(-1), hash.replace('#invite=', '')];
  // As many as one address may make in a minute.
  const topics = payloads.slice(0, 8).map(cutTo40);
  await ben.page.evaluate(comeAll, { names: payloads, roomId, invite });
  await ada.page.evaluate(makeAll, topics);
  // The server takes out what would turn what stands around it.
  const shown = (/** @type {string} */ name) => cutTo40(name).replace('\u202e', '').trim();
  await ada.sees(`${payloads.length + 2} members`);
  await ada.press('People');
  const people = ada.page.getByRole('dialog', { name: 'People here' });
  for (const name of payloads) {
    await people.getByText(shown(name), { exact: true }).first().waitFor();
  }
  await findNothingRun(ada);
  await ada.page.keyboard.press('Escape');
  assert.equal((await ada.lines()).length, payloads.length);
  await ben.visit('/channels');
  for (const topic of topics) await ben.sees(topic);
  await findNothingRun(ben);
});

scenario('no name, picture or text of a stranger in a call is run', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await ben.visit('/rules');
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.__ran = 1"></svg>';
  const pictures = [
    `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`,
    `data:image/png;base64,${Buffer.from(svg).toString('base64')}`,
    'https://example.org/x.png',
    'javascript:window.__ran = 1',
  ];
  for (const [at, userImage] of pictures.entries()) {
    const name = `<img src=x onerror=window.__ran=${at}>`;
    await ada.start('Text');
    await ada.waitsAlone();
    const taken = await ben.page.evaluate(callAs, { name, userImage });
    // What the server lets through at all is a picture by its type, and never one that may hold scripts.
    assert.equal(taken, userImage.startsWith('data:image/png'));
    if (taken) await ada.reads(`I am ${name}`);
    await findNothingRun(ada);
  }
});

/**
 * Neither has a script run, nor is there anything on the page that somebody else has put there.
 * @param {import('./support/person.mjs').Person} person
 */
async function findNothingRun(person) {
  const found = await person.page.evaluate(() => ({
    ran: '__ran' in window,
    strangers: document.querySelectorAll('main :is(script, iframe, img, math, object)').length,
    refusals: window.seenByTest.refusals,
    links: [...document.querySelectorAll('[role="log"] a')].map((link) => ({
      href: link.getAttribute('href') ?? '',
      rel: link.getAttribute('rel'),
      handlers: [...link.attributes].filter(({ name }) => name.startsWith('on')).length,
    })),
  }));
  const { links, ...rest } = found;
  assert.deepEqual(rest, { ran: false, strangers: 0, refusals: [] });
  for (const { href, rel, handlers } of links) {
    assert.match(href, /^https:\/\/example\.org\//);
    assert.equal(rel, 'noopener noreferrer nofollow');
    assert.equal(handlers, 0);
  }
}

/**
 * Runs in the page: a visitor for each name comes in and says it.
 * @param {{ names: string[], roomId: string | undefined, invite: string }} what
 */
async function comeAll({ names, roomId, invite }) {
  for (const whole of names) {
    const name = [...whole].slice(0, 40).join('');
    const socket = new WebSocket(`ws://${location.host}/ws?hello=1`);
    const send = (/** @type {object} */ frame) => socket.send(JSON.stringify(frame));
    await new Promise((resolve, reject) => {
      socket.onopen = () => send({ event: 'hello', data: { name } });
      socket.onmessage = ({ data }) => {
        const { event, ack, error } = JSON.parse(data);
        if (error || event === 'error') reject(new Error(`${name}: ${data}`));
        if (event === 'welcome') send({ event: 'join-room', data: { roomId, invite }, ref: 1 });
        if (ack === 1) send({ event: 'newMessage', data: { roomId, message: name }, ref: 2 });
        if (ack === 2) resolve(undefined);
      };
    });
    socket.close();
  }
}

/** So long a name may be. @param {string} text */
function cutTo40(text) {
  return [...text].slice(0, 40).join('');
}

/** Runs in the page: makes channels that anybody finds. @param {string[]} topics */
async function makeAll(topics) {
  const token = localStorage.getItem('liveloop.token');
  for (const name of topics) {
    const { status } = await fetch('/api/rooms', {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ kind: 'group', name, public: true }),
    });
    if (status !== 201) throw new Error(`${name}: ${status}`);
  }
}

/**
 * Runs in the page: asks for a call with that picture and says who is there; false where it is refused.
 * @param {{ name: string, userImage: string }} as
 */
function callAs({ name, userImage }) {
  const socket = new WebSocket(`ws://${location.host}/ws?hello=1`);
  const send = (/** @type {object} */ frame) => socket.send(JSON.stringify(frame));
  return new Promise((resolve) => {
    socket.onopen = () => send({ event: 'hello', data: { name } });
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.event === 'welcome') {
        send({ event: 'request-room', data: { mode: 'text', userImage }, ref: 1 });
      }
      if (frame.error) resolve(false);
      if (frame.event === 'match-done') {
        const { roomId } = frame.data;
        send({ event: 'newMessage', data: { roomId, message: `I am ${name}` }, ref: 2 });
      }
      if (frame.ack === 2) resolve(true);
    };
  });
}
