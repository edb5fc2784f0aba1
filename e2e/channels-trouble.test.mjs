// @ts-check
// What is written in channels while connections, pages, servers and disks come and go: nothing is lost, doubled or out
// of its order.
import assert from 'node:assert/strict';
import { agree, gather, makeChannel } from './support/channel.mjs';
import { scenario } from './support/scenario.mjs';

const cut = /WebSocket connection to|Failed to load resource: net::/;
const topic = 'Morning chess';
/** A connection that is away for longer has lost its session. */
const shortGrace = { LIVELOOP_SESSION_GRACE: '1s', LIVELOOP_SESSION_GRACE_CLOSED: '1s' };
const sent = { exact: true };

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

scenario(
  'what one has read stays read when the page is loaded again at once',
  {},
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await gather([ada, ben], topic);
    await ben.writes('one');
    await ada.reads('one');
    await ada.page.reload();
    await ada.reads('one');
    await ada.page.getByText('New since you were here').waitFor({ state: 'detached' });
    // The server knows it too, and another window of hers that has kept nothing of it.
    await ada.page.evaluate(() => localStorage.removeItem('liveloop.channels'));
    await makeChannel(ada, 'Elsewhere');
    await ben.writes('two');
    await ada.page.getByRole('link', { name: /Morning chess.*1 new message/ }).waitFor();
  },
);

scenario(
  'the server is restarted twice: what is written meanwhile is sent once, and all go on',
  { expected: cut, settings: { LIVELOOP_DRAIN_RECONNECT_WITHIN: '2s' } },
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await gather([ada, ben], topic);
    for (const round of [1, 2]) {
      assert.equal(await world.server.stop(), 0, 'it was asked to stop, and did');
      await ada.sees(/^The server is restarting\.|^Reconnecting\./);
      for (const each of [1, 2]) {
        await ada.writes(`Ada ${round}.${each}`);
        await ben.writes(`Ben ${round}.${each}`);
      }
      await ada.line(`Ada ${round}.2`).getByText('Waiting for the connection').waitFor();
      await world.server.run();
      await Promise.all([ada.reads(`Ben ${round}.2`), ben.reads(`Ada ${round}.2`)]);
      await ada.line(`Ada ${round}.2`).getByText('Sent', sent).waitFor();
    }
    const said = await agree([ada, ben], (lines) => lines.length === 8);
    for (const name of ['Ada', 'Ben']) {
      const own = said.filter((text) => text.startsWith(name));
      assert.deepEqual(
        own,
        ['1.1', '1.2', '2.1', '2.2'].map((each) => `${name} ${each}`),
      );
    }
    await ada.sees('2 members, 2 online');
  },
);

scenario(
  'the server dies and is started again: one is back by oneself, and is told so',
  { expected: cut },
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await gather([ada, ben], topic);
    await ada.writes('before');
    await ben.reads('before');
    await ada.line('before').getByText('Sent', sent).waitFor();
    await world.server.kill();
    await Promise.all([ada.sees(/^Reconnecting\./), ben.sees(/^Reconnecting\./)]);
    await ada.writes('Ada meanwhile');
    await ben.writes('Ben meanwhile');
    await world.server.run();
    const back = /^The connection was lost for a while\. You are back in your channels now\.$/;
    await Promise.all([ada.sees(back, 30_000), ben.sees(back, 30_000)]);
    const said = await agree([ada, ben], (lines) => lines.length === 3);
    assert.deepEqual([...said].sort(), ['Ada meanwhile', 'Ben meanwhile', 'before']);
    await ada.sees('2 members, 2 online');
    await ada.page.getByText(back).waitFor({ state: 'detached', timeout: 20_000 });
  },
);

scenario(
  'what the server cannot keep is said to wait, then to have failed, and is sent by trying again',
  { expected: /status of 503/ },
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await gather([ada, ben], topic);
    await ada.writes('one');
    await ben.reads('one');
    await world.server.fillDisk();
    await ada.writes('two');
    const line = ada.line('two');
    await line.getByText('The server cannot keep it yet, trying again').waitFor();
    await line.getByText('The server could not keep it').waitFor({ timeout: 60_000 });
    await world.server.freeDisk();
    await line.getByRole('button', { name: 'Try again' }).click();
    await line.getByText('Sent', sent).waitFor({ timeout: 30_000 });
    await ben.reads('two');
    assert.deepEqual(await agree([ada, ben], (lines) => lines.length === 2), ['one', 'two']);
    // Who is here was not known meanwhile, and is asked again.
    await Promise.all([ada, ben].map((each) => each.sees('2 members, 2 online', 20_000)));
  },
);
