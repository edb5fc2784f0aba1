// @ts-check
// A call goes on while the way to the server does not: sockets that are cut, a page that is loaded again, a
// laptop that sleeps, another network.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { launchSleeper } from './support/chromium.mjs';
import { meet } from './support/person.mjs';
import { breakFirstConnection } from './support/probes.mjs';
import { scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const cut = /WebSocket connection to|Failed to load resource/;
const every_ms = 2_000;
/** `npm run cuts` plays the whole minute. */
const rounds = Number(process.env.LIVELOOP_E2E_CUTS ?? 10);

scenario(
  `the socket of one side is cut ${rounds} times: the picture goes on, no line is lost or doubled`,
  { expected: cut, isLong: true },
  async (world) => {
    const wire = await world.wire();
    const [ada, ben] = await inVideo(world, { through: wire });
    const room = await ada.room();
    const said = [];
    for (let round = 1; round <= rounds; round += 1) {
      const before = await Promise.all([ada.incoming(), ben.incoming()]);
      const cutsBefore = wire.cuts;
      wire.cut();
      assert.ok(wire.cuts > cutsBefore, 'there was a socket to cut');
      // One line each while Ada is away, which is when they can be lost.
      await ada.writes(`Ada ${round}`);
      await ben.writes(`Ben ${round}`);
      said.push(`Ada ${round}`, `Ben ${round}`);
      await Promise.all([
        pause(every_ms),
        rises(ada, before[0].framesDecoded),
        rises(ben, before[1].framesDecoded),
        ada.line(`Ada ${round}`).getByText('Sent', { exact: true }).waitFor({ timeout: 30_000 }),
      ]);
    }
    await Promise.all([ada.reads(`Ben ${rounds}`), ben.reads(`Ada ${rounds}`)]);
    for (const person of [ada, ben]) {
      const lines = (await person.lines()).map((line) => line.replace(/^\S+: /, ''));
      assert.deepEqual([...lines].sort(), [...said].sort(), `${person.name} has every line once`);
      assert.equal(await person.room(), room, 'it is the same call');
      assert.equal(await person.peers(), 1, 'the picture came the same way throughout');
    }
  },
);

scenario(
  'while one is away the other is told, sees them on, and may go on to the next',
  { expected: cut },
  async (world) => {
    const wire = await world.wire();
    const [ada, ben] = await inVideo(world, { through: wire });
    const room = await ben.room();
    const line = ben.page.getByText(/^Ada is reconnecting\. Waiting up to \d+ seconds?\.$/);

    wire.block();
    await ada.sees('Reconnecting. Your call goes on.');
    await line.waitFor();
    const before = await ben.incoming();
    await rises(ben, before.framesDecoded);
    await ada.writes('written while away');
    await ada.line('written while away').getByText('Sending').waitFor();
    wire.open();
    await line.waitFor({ state: 'detached', timeout: 30_000 });
    await ben.reads('written while away');
    await ada.line('written while away').getByText('Sent', { exact: true }).waitFor();

    wire.block();
    await line.waitFor();
    await ben.press('Next');
    await ben.sees('Looking for someone');
    wire.open();
    // Ada learns that Ben has gone on, and is found for him again.
    await until('both are in another call', () => Promise.all([ada.room(), ben.room()]), {
      holds: ([one, other]) => one !== undefined && one === other && one !== room,
      within_ms: 30_000,
    });
    await Promise.all([ada.seesAndHears(30_000), ben.seesAndHears(30_000)]);
  },
);

for (const who of ['one', 'both']) {
  scenario(`${who} load the page again in a call, and are back in it`, {}, async (world) => {
    const [ada, ben] = await inVideo(world);
    const room = await ada.room();
    await ben.writes('before');
    await ada.reads('before');
    await ada.press('Mute');
    await ben.sees('Muted');

    if (who === 'one') await ada.page.reload();
    else await Promise.all([ada.page.reload(), ben.page.reload()]);
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
    await ada.page.getByRole('button', { name: 'Unmute' }).click();
    await Promise.all([ada.seesAndHears(30_000), ben.seesAndHears(30_000)]);
    assert.deepEqual([await ada.room(), await ben.room()], [room, room], 'it is the same call');
    await ada.writes('and after');
    await ben.reads('and after');
    if (who === 'one') assert.deepEqual(await ben.lines(), ['You: before', 'Ada: and after']);
    assert.doesNotMatch(ada.page.url(), /[?#]/, 'nothing of it is in the address');
  });
}

scenario('a call that was stopped is not gone on with by loading the page', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await meet(ada, ben, 'Text');
  await ada.press('Stop');
  await ada.sees('You have stopped');
  assert.deepEqual(
    await ada.page.evaluate(() => [
      sessionStorage.length,
      JSON.stringify(localStorage).includes('thread'),
    ]),
    [0, false],
  );
});

scenario('one who waits and loads the page again keeps waiting', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await ada.start('Text');
  await ada.waitsAlone();
  await ada.page.reload();
  await ada.sees('Looking for someone');
  await ben.start('Text');
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
});

scenario(
  'the server is restarted twice in a call: the picture goes on, no line is lost or doubled',
  { expected: cut, settings: { LIVELOOP_DRAIN_RECONNECT_WITHIN: '2s' } },
  async (world) => {
    const [ada, ben] = await inVideo(world);
    const [room, said] = [await ada.room(), /** @type {string[]} */ ([])];
    for (const round of [1, 2]) {
      await ada.writes(`Ada before ${round}`);
      await ben.reads(`Ada before ${round}`);
      const before = await Promise.all([ada.incoming(), ben.incoming()]);
      assert.equal(await world.server.stop(), 0, 'it was asked to stop, and did');
      // Written while nobody is there to take it.
      await ada.writes(`Ada ${round}`);
      await ben.writes(`Ben ${round}`);
      said.push(`Ada before ${round}`, `Ada ${round}`, `Ben ${round}`);
      await world.server.run();
      await Promise.all([
        ada.reads(`Ben ${round}`),
        ben.reads(`Ada ${round}`),
        rises(ada, before[0].framesDecoded),
        rises(ben, before[1].framesDecoded),
      ]);
    }
    for (const person of [ada, ben]) {
      const lines = (await person.lines()).map((line) => line.replace(/^\S+: /, ''));
      assert.deepEqual([...lines].sort(), [...said].sort(), `${person.name} has every line once`);
      assert.equal(await person.room(), room, 'it is the same call');
      assert.equal(await person.peers(), 1, 'the picture came the same way throughout');
    }
  },
);

scenario(
  'the server dies in a call and is started again: both are told, known again, and meet anew',
  { expected: cut },
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await meet(ada, ben, 'Text');
    const room = await ada.room();
    const ids = await Promise.all([userId(ada), userId(ben)]);
    await world.server.kill();
    await ada.sees(/^Reconnecting\./);
    await world.server.run();
    const over = (/** @type {string} */ name) =>
      `The connection to the server was lost, and your call with ${name} with it. Looking for someone else.`;
    // Who is back first waits, and is told; for the other somebody is there at once.
    const told = Promise.race([ada.sees(over('Ben'), 40_000), ben.sees(over('Ada'), 40_000)]);
    await Promise.all([told, ada.meetsAgain(ben, room), ben.meetsAgain(ada, room)]);
    assert.deepEqual(await Promise.all([userId(ada), userId(ben)]), ids, 'they are who they were');
    await ada.writes('there you are');
    await ben.reads('there you are');
  },
);

scenario(
  'a laptop that sleeps in a call and wakes is back in it',
  {
    expected: cut,
    settings: { LIVELOOP_HEARTBEAT_INTERVAL: '1s', LIVELOOP_HEARTBEAT_TIMEOUT: '2s' },
  },
  async (world) => {
    const sleeper = await launchSleeper();
    try {
      const [ada, ben] = await inVideo(world, { browser: sleeper.browser });
      const room = await ben.room();
      await sleeper.sleep();
      // The server has noticed, and so will Ada have to.
      await ben.sees(/^Ada is reconnecting\./, 30_000);
      await sleeper.wake();
      await ben.page
        .getByText(/^Ada is reconnecting\./)
        .waitFor({ state: 'detached', timeout: 30_000 });
      const before = await Promise.all([ada.incoming(), ben.incoming()]);
      await Promise.all([rises(ada, before[0].framesDecoded), rises(ben, before[1].framesDecoded)]);
      assert.deepEqual([await ada.room(), await ben.room()], [room, room], 'it is the same call');
      await ada.writes('good morning');
      await ben.reads('good morning');
      await ada.page.close();
    } finally {
      await sleeper.close();
    }
  },
);

scenario('a page that the browser freezes goes on when it is thawed', {}, async (world) => {
  const [ada, ben] = await inVideo(world);
  const session = await ada.page.context().newCDPSession(ada.page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await ben.writes('are you asleep?');
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await ada.reads('are you asleep?');
  const before = await Promise.all([ada.incoming(), ben.incoming()]);
  await Promise.all([rises(ada, before[0].framesDecoded), rises(ben, before[1].framesDecoded)]);
});

scenario('on another network the media look for another way', { expected: cut }, async (world) => {
  const [ada, ben] = await inVideo(world);
  const former = await path(ben);
  await ada.page.context().setOffline(true);
  await ada.page.context().setOffline(false);
  await until('Ben is offered another way', () => path(ben), { holds: (now) => now !== former });
  const before = await Promise.all([ada.incoming(), ben.incoming()]);
  await Promise.all([rises(ada, before[0].framesDecoded), rises(ben, before[1].framesDecoded)]);
  assert.equal(await ben.peers(), 1, 'it is the same connection');
});

scenario('a connection that nothing mends is replaced by a new one', {}, async (world) => {
  // Who waited longer is the one that begins anew.
  const [ada, ben] = await inVideo(world, { before: [breakFirstConnection] });
  assert.deepEqual([await ada.peers(), await ben.peers()], [2, 2]);
});

/**
 * @param {import('./support/world.mjs').World} world
 * @param {import('./support/world.mjs').Manner} [manner] of Ada
 */
async function inVideo(world, manner) {
  const [ada, ben] = [await world.person('Ada', manner), await world.person('Ben')];
  await meet(ada, ben, 'Video');
  await Promise.all([ada.seesAndHears(), ben.seesAndHears()]);
  return [ada, ben];
}

/** @param {import('./support/person.mjs').Person} person @param {number} frames decoded so far */
function rises(person, frames) {
  return until(`${person.name} sees more of the picture`, () => person.incoming(), {
    holds: ({ framesDecoded }) => framesDecoded > frames + 3,
    within_ms: 30_000,
  });
}

/** Whom the token names by which this visitor is known. @param {import('./support/person.mjs').Person} person */
async function userId(person) {
  const token = await person.page.evaluate(() => localStorage.getItem('liveloop.token') ?? '');
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).u;
}

/** The credentials of the partner's end of the media path. @param {import('./support/person.mjs').Person} person */
function path(person) {
  return person.page.evaluate(() => {
    const live = window.seenByTest.peers.find(
      ({ connectionState }) => connectionState !== 'closed',
    );
    return /a=ice-ufrag:(\S+)/.exec(live?.remoteDescription?.sdp ?? '')?.[1];
  });
}
