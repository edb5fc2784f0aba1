// @ts-check
// The state that stands under each line one writes: on its way, arrived, or failed and sent again.
import assert from 'node:assert/strict';
import { meet } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

const cut = /WebSocket connection to|Failed to load resource/;
const slow = {
  LIVELOOP_LIMITS_MESSAGES_PER_SECOND: '1',
  LIVELOOP_LIMITS_MESSAGES_PER_SECOND_BURST: '1',
};

scenario(
  'a line is on its way until the server has it, and fails when the call is over',
  { expected: cut },
  async (world) => {
    const [ada, ben] = await inText(world);
    world.server.freeze();
    await ada.writes('are you there?');
    await ada.line('are you there?').getByText('Sending').waitFor();
    world.server.thaw();
    await ada.line('are you there?').getByText('Sent', { exact: true }).waitFor();
    await ben.reads('are you there?');

    world.server.freeze();
    await ada.writes('and now?');
    await ada.line('and now?').getByText('Sending').waitFor();
    await world.server.kill();
    await ada.sees('Reconnecting. What you write now is sent when the connection is back.');
    await ada.line('and now?').getByText('Sending').waitFor();
    await ben.leave();
    // Its memory is gone, and the call with it.
    await world.server.run();
    await ada.sees(
      /^The connection to the server was lost, and your call with Ben with it\./,
      30_000,
    );
    await ada.line('and now?').getByText('Not sent').waitFor();
  },
);

scenario(
  'a line that was refused is sent by trying again, once',
  { settings: slow },
  async (world) => {
    const [ada, ben] = await inText(world);
    await ada.writes('one');
    await ada.writes('two');
    const line = ada.line('two');
    await line.getByText('Too fast').waitFor();
    const sent = line.getByText('Sent', { exact: true });
    const again = line.getByRole('button', { name: 'Try again' });
    while (!(await sent.isVisible())) {
      await again.or(sent).first().waitFor();
      if (await again.isVisible()) await again.click();
    }
    await ben.reads('two');
    const lines = await ben.page.getByRole('log').getByRole('paragraph').allInnerTexts();
    assert.deepEqual(
      lines.map((each) => each.replaceAll(/\s+/g, ' ')),
      ['Ada: one', 'Ada: two'],
    );
  },
);

scenario(
  'one sees that the other is typing, and what one wrote to one is not sent to the next',
  {},
  async (world) => {
    const [ada, ben] = await inText(world);
    const box = ada.page.getByRole('textbox', { name: 'Message' });
    await box.pressSequentially('half a thou');
    await ben.sees('Ada is typing');
    await ben.press('Stop');
    await ada.waitsAlone();
    const cleo = await world.person('Cleo');
    await cleo.start('Text');
    await ada.meets(cleo);
    assert.equal(await box.inputValue(), '');
  },
);

/** @param {import('./support/world.mjs').World} world */
async function inText(world) {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await meet(ada, ben);
  return [ada, ben];
}
