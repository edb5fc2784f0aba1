// @ts-check
// Without camera and microphone: one still meets others, in text or with nothing to show.
import assert from 'node:assert/strict';
import { haveNoDevices } from './support/probes.mjs';
import { scenario } from './support/scenario.mjs';

scenario('without any device one meets in text', {}, async (world) => {
  const ada = await world.person('Ada', { before: [haveNoDevices] });
  const ben = await world.person('Ben');
  await ada.prepare('Video');
  await ada.sees(/^No camera and no microphone was found\./);
  const cameras = ada.page.getByRole('combobox', { name: 'Camera' });
  assert.equal(await cameras.inputValue(), '', 'no camera is offered where there is none');
  assert.ok(await cameras.isDisabled());
  await ada.press('Go on with text');
  await ada.press('Start');
  await ada.waitsAlone();

  await ben.start('Text');
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
  await ada.writes('I have no camera');
  await ben.reads('I have no camera');
  await ben.writes('never mind');
  await ada.reads('never mind');
  assert.deepEqual(await ada.incoming(), { peers: 0, framesDecoded: 0, audioEnergy: 0 });
});

scenario('without any device one still sees and hears in a video call', {}, async (world) => {
  const ada = await world.person('Ada', { before: [haveNoDevices] });
  const ben = await world.person('Ben');
  await ada.start('Video');
  await ada.waitsAlone();
  await ben.start('Video');
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
  await ada.seesAndHears();
  await ben.sees("Ada's camera is off");
});

scenario(
  'those who chose text and those who chose video wait for their own kind',
  {},
  async (world) => {
    const [ada, ben, cleo] = [
      await world.person('Ada'),
      await world.person('Ben'),
      await world.person('Cleo'),
    ];
    await ada.start('Text');
    await ada.waitsAlone();
    await ben.start('Voice');
    await ben.waitsAlone();
    await ben.sees('You are the only one waiting for a voice call.');
    await cleo.start('Text');
    await Promise.all([cleo.meets(ada), ada.meets(cleo)]);
    assert.equal(await ben.partner(), undefined);
  },
);
