// @ts-check
// What a person is told when something is refused, lost or over, and the way out of each.
import assert from 'node:assert/strict';
import { meet } from './support/person.mjs';
import { refuseCamera } from './support/probes.mjs';
import { scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const cut = /WebSocket connection to|Failed to load resource/;

scenario('Stop leaves, and does not look again', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await meet(ada, ben);
  await ada.press('Stop');
  await ada.sees('You have stopped');
  await ben.sees('Ada left. Looking for someone else.');
  await ben.waitsAlone();

  const [cleo, dan] = [await world.person('Cleo'), await world.person('Dan')];
  await cleo.start('Text');
  await Promise.all([cleo.meets(ben), ben.meets(cleo)]);
  await dan.start('Text');
  await dan.waitsAlone();
  await ada.sees('You have stopped');

  await ada.press('Meet someone');
  await Promise.all([ada.meets(dan), dan.meets(ada)]);
});

scenario('a refused camera is one sentence with a way out', {}, async (world) => {
  const ada = await world.person('Ada', { before: [refuseCamera] });
  await ada.prepare('Video');
  const alert = ada.page.getByRole('alert');
  await alert.waitFor();
  assert.equal(await alert.getByRole('paragraph').count(), 1, 'the microphone is not to blame');
  await ada.sees(/^Your camera is blocked for this site\. .+ then press Try again\.$/);
  await ada.sees('Your camera is not on. They will only hear you.');
  await ada.press('Go on with voice');
  await alert.waitFor({ state: 'detached' });

  const ben = await world.person('Ben');
  await ada.press('Start');
  await ada.waitsAlone();
  await ben.start('Voice');
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
  await until('Ben hears Ada', () => ben.incoming(), { holds: (heard) => heard.audioEnergy > 0 });
});

scenario(
  'after a crash of the server both come back and meet',
  { expected: cut },
  async (world) => {
    const [ada, ben, cleo] = [
      await world.person('Ada'),
      await world.person('Ben'),
      await world.person('Cleo'),
    ];
    await meet(ada, ben);
    await cleo.start('Voice');
    await cleo.waitsAlone();

    await world.server.kill();
    await ada.sees('Reconnecting. What you write now is sent when the connection is back.');
    await ben.sees('Reconnecting. What you write now is sent when the connection is back.');
    await cleo.sees('Reconnecting. You will keep looking when it is back.');
    await world.server.run();
    await Promise.all([reconnects(ada), reconnects(ben), reconnects(cleo)]);
    await Promise.all([ada.meets(ben), ben.meets(ada), cleo.waitsAlone()]);
    await ada.writes('still there?');
    await ben.reads('still there?');
  },
);

scenario(
  'without a network the page says so, and goes on with it',
  { expected: cut },
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await meet(ada, ben);
    await ada.page.context().setOffline(true);
    // Chromium's emulation leaves open sockets alone: the server's end is what cuts it.
    await world.server.kill();
    await ada.sees('You are offline. This goes on by itself when the network is back.');
    await world.server.run();
    await reconnects(ben);
    await ben.waitsAlone();
    await ada.sees('You are offline. This goes on by itself when the network is back.');
    await ada.page.context().setOffline(false);
    await reconnects(ada);
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
  },
);

scenario(
  'a server that goes away in order says when to come back',
  { expected: cut },
  async (world) => {
    const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
    await meet(ada, ben);
    const stopped = world.server.stop();
    const restarting = 'The server is restarting. You will be connected again in a moment.';
    await Promise.all([ada.sees(restarting), ben.sees(restarting)]);
    assert.equal(await stopped, 0, 'it was asked to stop, and did');
    await world.server.run();
    await Promise.all([reconnects(ada), reconnects(ben)]);
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
  },
);

/** The line that says the server is away has gone. @param {import('./support/person.mjs').Person} person */
async function reconnects(person) {
  const line = person.page.getByText(/^(Reconnecting|You are offline|The server is restarting)\b/);
  await line.waitFor({ state: 'detached', timeout: 30_000 });
}
