// @ts-check
// Channels as people use them: made, shared by a link, written in, read later, left; with connections that come
// and go, and with people who mean harm.
import assert from 'node:assert/strict';
import { findViolations } from './support/axe.mjs';
import { agree, comeIn, gather, inviteLink, isIn, makeChannel } from './support/channel.mjs';
import { findOutOfReach } from './support/reach.mjs';
import { scenario } from './support/scenario.mjs';
import { longestTasks } from './support/trace.mjs';

const cut = /WebSocket connection to|Failed to load resource/;
const topic = 'Morning chess';
/** A connection that is away for longer has lost its session. */
const shortGrace = { LIVELOOP_SESSION_GRACE: '1s', LIVELOOP_SESSION_GRACE_CLOSED: '1s' };

scenario(
  'three in a channel, one offline for a while: all come to see the same',
  { settings: shortGrace, expected: cut },
  async (world) => {
    const wire = await world.wire();
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    const cleo = await world.person('Cleo', { through: wire });
    await gather([ada, ben, cleo], topic);
    await ada.writes('who is here?');
    await Promise.all([ben.reads('who is here?'), cleo.reads('who is here?')]);

    wire.block();
    await cleo.sees(/^Reconnecting\./, 20_000);
    for (const text of ['c1', 'c2', 'c3']) await cleo.writes(text);
    await cleo.line('c3').getByText('Waiting for the connection').waitFor();
    for (let at = 1; at <= 12; at += 1) {
      await ada.writes(`a${at}`);
      await ben.writes(`b${at}`);
    }
    await ben.reads('a12');
    await ada.reads('b12');
    wire.open();

    const everything = 1 + 3 + 24;
    const said = await agree([ada, ben, cleo], (lines) => lines.length >= everything);
    assert.equal(new Set(said).size, everything, 'nothing twice');
    for (const [who, count] of Object.entries({ a: 12, b: 12, c: 3 })) {
      const own = said.filter((text) => new RegExp(`^${who}\\d+$`).test(text));
      const wanted = Array.from({ length: count }, (_, at) => `${who}${at + 1}`);
      assert.deepEqual(own, wanted, 'each in the order in which they were written');
    }
    await cleo.line('c3').getByText('Sent', { exact: true }).waitFor();
  },
);

scenario(
  'what waits to be sent survives a reload, and is said once',
  { expected: cut },
  async (world) => {
    const wire = await world.wire();
    const ada = await world.person('Ada');
    const ben = await world.person('Ben', { through: wire });
    await gather([ada, ben], topic);
    await ben.writes('before');
    await ada.reads('before');
    wire.block();
    await ben.sees(/^Reconnecting\./, 20_000);
    await ben.writes('kept in the browser');
    wire.open();
    await ben.page.reload();
    await ada.reads('kept in the browser');
    await agree([ada, ben], (lines) => lines.length === 2);
    await ben.page.reload();
    const said = await agree([ada, ben], (lines) => lines.length === 2);
    assert.deepEqual(said, ['before', 'kept in the browser']);
  },
);

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
  await ben.writes('one');
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

scenario('two write to each other alone', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  const cleo = await world.person('Cleo');
  await gather([ada, ben, cleo], topic);
  await ben.press('People');
  await ben.page.getByRole('button', { name: 'Write to Ada' }).click();
  await isIn(ben, 'Ada');
  await ben.writes('just for you');
  const entry = ada.page.getByRole('link', { name: /^B Ben|^Ben/ });
  await entry.click({ timeout: 40_000 });
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
    await assert.rejects(comeIn(cleo, link, topic));
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

/** So much may be said at once. */
const unhurried = {
  LIVELOOP_LIMITS_MESSAGES_PER_SECOND: '0',
  LIVELOOP_LIMITS_EVENTS_PER_SECOND: '0',
};
const many = 10_000;
/** The main thread draws every frame: a task that takes longer is a frame that does. */
const task_ms_max = 100;

scenario(
  `${many} messages scroll smoothly, to the very first`,
  { settings: unhurried, isLong: true },
  async (world) => {
    const ada = await world.person('Ada', { context: { viewport: { width: 1280, height: 800 } } });
    await makeChannel(ada, topic);
    await ada.page.evaluate(sayMuch, { roomId: ada.page.url().split('/').at(-1), many });
    await ada.page.reload();
    await ada.page.getByRole('log').getByText(`message ${many}`).waitFor();
    const beginning = ada.page.getByText('This is where it begins.');
    const [longest = 0, ...others] = await longestTasks(ada.page, async () => {
      await ada.page.getByRole('log').hover();
      for (let turn = 0; turn < 3_000; turn += 1) {
        await ada.page.mouse.wheel(0, -2_500);
        if (turn % 20 === 0 && (await beginning.isVisible())) return;
      }
      throw new Error('the first message did not come into sight');
    });
    await ada.page.getByRole('log').getByText('message 1 and').waitFor();
    const drawn = await ada.page.getByRole('log').locator('[data-line]').count();
    assert.ok(drawn < 100, `${drawn} lines are in the document`);
    assert.ok(longest < task_ms_max, `tasks of ${[longest, ...others.slice(0, 5)]} ms`);
  },
);

/**
 * Runs in the page: says all of it over a socket of its own, as the visitor that the page is.
 * @param {{ roomId: string | undefined, many: number }} what
 */
function sayMuch({ roomId, many }) {
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

/** What has run scripts in other pages: markup, addresses, style, and ways out of all of them. */
const payloads = [
  '<script>window.__ran = 1</script>',
  '<img src=x onerror="window.__ran = 1">',
  '<svg onload="window.__ran = 1"></svg>',
  '<svg><script>window.__ran = 1</script></svg>',
  '<iframe srcdoc="<script>parent.__ran = 1</script>"></iframe>',
  '"><script>window.__ran = 1</script>',
  "' onmouseover='window.__ran = 1",
  'javascript:window.__ran=1',
  'https://example.org/"onmouseover="window.__ran=1',
  'https://example.org/javascript:window.__ran=1',
  'data:text/html,<script>window.__ran = 1</script>',
  '{{constructor.constructor("window.__ran = 1")()}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is one of the payloads.
  '${window.__ran = 1}',
  '<math><mtext><table><mglyph><style><img src=x onerror=window.__ran=1>',
  '<a href="javascript:window.__ran = 1">here</a>',
  '\u202e<script>window.__ran = 1</script>',
  '__proto__',
];

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
  for (const each of [ada, ben]) {
    const found = await each.page.evaluate(() => ({
      ran: '__ran' in window,
      strangers: document.querySelectorAll('main :is(script, iframe, img, math, object)').length,
      links: [...document.querySelectorAll('[role="log"] a')].map((link) => ({
        href: link.getAttribute('href') ?? '',
        rel: link.getAttribute('rel'),
        handlers: [...link.attributes].filter(({ name }) => name.startsWith('on')).length,
      })),
    }));
    assert.equal(found.ran, false);
    assert.equal(found.strangers, 0);
    for (const { href, rel, handlers } of found.links) {
      assert.match(href, /^https:\/\/example\.org\//);
      assert.equal(rel, 'noopener noreferrer nofollow');
      assert.equal(handlers, 0);
    }
  }
});

for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
  for (const [size, measures] of Object.entries({
    phone: { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true },
    desk: { viewport: { width: 1280, height: 800 } },
  })) {
    scenario(
      `all of it is within reach of everybody, ${size}, ${colorScheme}`,
      {},
      async (world) => {
        const ada = await world.person('Ada', { context: { ...measures, colorScheme } });
        const ben = await world.person('Ben');
        /** @type {string[]} */
        const wrong = [];
        const look = async (/** @type {string} */ screen) => {
          const least = { text_px_min: 14, target_px_min: 44 };
          const found = [
            ...(await findViolations(ada.page)),
            ...(await ada.page.evaluate(findOutOfReach, least)),
          ];
          wrong.push(...found.map((each) => `${screen}: ${each}`));
        };
        await ada.visit('/channels');
        await ada.sees('You are in no channel yet.');
        await look('nothing yet');
        await ada.press('New channel');
        await look('a new channel');
        await ada.page.keyboard.press('Escape');
        await gather([ada, ben], topic);
        await look('an empty channel');
        for (const text of ['hello https://example.org/', 'w'.repeat(200), 'and more']) {
          await ada.writes(text);
          await ben.writes(`I say ${text}`);
        }
        await ada.reads('I say and more');
        await look('a channel');
        await ada.line('and more').getByRole('button').first().click();
        await look('what one can do with a message');
        await ada.press('People');
        await look('people');
        await ada.page.keyboard.press('Escape');
        await ada.press('Invite');
        await look('the invitation');
        await ada.page.keyboard.press('Escape');
        await ada.visit('/channels');
        await ada.page.getByRole('link', { name: /Morning chess/ }).waitFor();
        await look('the list');
        await ada.visit('/channels/AAAAAAAAAAAAAAAAAAAAAA');
        await ada.page.getByRole('heading', { name: 'You are not in this channel' }).waitFor();
        await look('a channel that one is not in');
        if (wrong.length > 0) throw new Error(wrong.join('\n'));
      },
    );
  }
}

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
