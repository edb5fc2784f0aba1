// @ts-check
// On every screen, small or magnified, everything is reached without scrolling sideways, can be read, and
// can be hit with a thumb.
import assert from 'node:assert/strict';
import { findOutOfReach } from './support/reach.mjs';
import { scenario } from './support/scenario.mjs';

const text_px_min = 14;
const target_px_min = 44;

/** Each a narrow window: the smallest phone, a phone held sideways, and a desk at 200 %. */
const windows = {
  '320 px wide': { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true },
  'a phone held sideways': {
    viewport: { width: 740, height: 360 },
    hasTouch: true,
    isMobile: true,
  },
  '1440 × 900 at 200 %': { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 },
};

for (const [window, context] of Object.entries(windows)) {
  scenario(
    `nothing is out of reach, ${window}`,
    { expected: /404 .+\/nowhere$/ },
    async (world) => {
      const [ada, ben] = [await world.person('Ada', { context }), await world.person('Ben')];
      /** @type {string[]} */
      const wrong = [];
      const look = async (/** @type {string} */ screen) => {
        const found = await ada.page.evaluate(findOutOfReach, { text_px_min, target_px_min });
        wrong.push(...found.map((each) => `${screen}: ${each}`));
      };

      await ada.visit();
      await look('home');
      await ada.visit('/rules');
      await look('rules');
      await ada.visit('/nowhere');
      await look('not found');
      await ada.prepare('Video');
      await ada.seesLevelOrProblem();
      await look('studio');
      await ada.press('Start');
      await ada.waitsAlone();
      await look('waiting');
      await ben.start('Video');
      await Promise.all([ada.meets(ben), ben.meets(ada)]);
      await ada.seesAndHears();
      await look('video call');
      await ada.page.keyboard.press('/');
      await ada.writes('w'.repeat(300));
      await ben.writes('a line long enough to want a second one on a narrow screen');
      await ada.reads('a line long enough to want a second one on a narrow screen');
      await look('video call with chat');
      await ada.opensSettings();
      await look('devices and keys');
      await ada.page.keyboard.press('Escape');
      await ada.press('Stop');
      await ada.sees('You have stopped');
      await look('stopped');
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
    },
  );
}

scenario('on a phone a wide picture is seen, and the chat leaves it free', {}, async (world) => {
  const context = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const [ada, ben] = [await world.person('Ada', { context }), await world.person('Ben')];
  await ben.start('Video');
  await ben.waitsAlone();
  await ada.start('Video');
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
  await ada.seesAndHears();
  await ada.press('Open chat');
  await ada.page.getByRole('log').waitFor();
  const { seen, lower } = await ada.page.evaluate(() => {
    const video = document.querySelector('video[data-testid="remote-video"]');
    const { width, height } = video.getBoundingClientRect();
    const aspects = [width / height, video.videoWidth / video.videoHeight].sort((a, b) => a - b);
    const { top } = document.querySelector('[role="log"]').getBoundingClientRect();
    return { seen: aspects[0] / aspects[1], lower: 1 - top / window.innerHeight };
  });
  assert.ok(seen > 0.64, `${seen} of the picture is seen`);
  assert.ok(lower < 0.34, `chat and controls take ${lower} of the height`);
});
