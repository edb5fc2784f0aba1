// @ts-check
// Pictures of every state a person can come to, on phone, tablet and desk, dark and light, into output/; the
// ones that the README shows go to docs/images/. `npm run screenshots -- phone dark channels` makes those alone.
import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pictureChannels } from './support/channel-pictures.mjs';
import { launchChromium } from './support/chromium.mjs';
import { people, sitBeforeCamera } from './support/drawn-people.mjs';
import { haveNoDevices } from './support/probes.mjs';
import { Server } from './support/server.mjs';
import { World } from './support/world.mjs';

const sizes = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  tablet: { viewport: { width: 820, height: 1180 }, hasTouch: true },
  desktop: { viewport: { width: 1440, height: 900 } },
};
const themes = /** @type {const} */ (['dark', 'light']);
const parts = { calls: walk, channels: walkChannels };
/** Which theme of each the README shows. */
const shown = { home: 'dark', studio: 'dark', waiting: 'dark', call: 'dark', channel: 'light' };

const output = fileURLToPath(new URL('output/', import.meta.url));
const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
const only = process.argv.slice(2);

await mkdir(output, { recursive: true });
await mkdir(images, { recursive: true });
const browser = await launchChromium();
try {
  for (const [size, measures] of Object.entries(sizes)) {
    for (const theme of themes) {
      for (const [part, play] of Object.entries(parts)) {
        if (!only.every((each) => [size, theme, part].includes(each))) continue;
        await play(size, theme, measures);
        console.log(`${part}, ${size}, ${theme}: done`);
      }
    }
  }
} finally {
  await browser.close();
}

/**
 * @param {string} size
 * @param {'dark' | 'light'} theme
 * @param {import('playwright-core').BrowserContextOptions} measures
 */
async function walk(size, theme, measures) {
  const world = new World(browser, await Server.start());
  const context = { ...measures, colorScheme: theme };
  try {
    const mika = await world.person('Mika', { context });
    const isUpright = size === 'phone';
    let ada = await seated(world, 'Ada', isUpright);
    await mika.page.addInitScript(sitBeforeCamera, { look: people.Mika, isUpright });
    const take = (/** @type {string} */ state, options = {}) =>
      takePicture(mika.page, `${state}-${size}-${theme}.png`, options);

    await others(world);
    await mika.visit();
    await mika.sees(/^\d+ (person|people) here now$/);
    await take('home');
    await take('home-whole', { fullPage: true });
    await mika.visit('/rules');
    await mika.page.getByRole('listitem').first().waitFor();
    await take('rules');
    await mika.visit('/nowhere');
    await take('not-found');
    await mika.prepare('Video');
    await mika.seesLevelOrProblem();
    await pictureMoves(mika.page, 'Your picture');
    await take('studio');
    await take('studio-whole', { fullPage: true });
    await mika.press('Start');
    await mika.waitsAlone();
    await pictureMoves(mika.page, 'Your picture');
    await take('waiting');

    await ada.start('Video');
    await Promise.all([mika.meets(ada), ada.meets(mika)]);
    await pictureMoves(mika.page, "Ada's picture");
    if (size === 'phone') await take('call-quiet');
    await talk(mika, ada);
    await take('call');
    await mika.opensSettings();
    await take('devices');
    await mika.page.keyboard.press('Escape');
    const kim = await world.person('Kim');
    await kim.start('Video');
    await kim.waitsAlone();
    // Who is left is found somebody first.
    await mika.press('Next');
    await Promise.all([ada.meets(kim), mika.waitsAlone()]);
    await take('waiting-with-way-back');
    const noor = await seated(world, 'Noor', isUpright);
    await noor.start('Video');
    await Promise.all([mika.meets(noor), noor.meets(mika)]);
    await pictureMoves(mika.page, "Noor's picture");
    await take('went-on');
    await ada.press('Stop');
    await kim.leave();
    await noor.press('Stop');
    await mika.waitsAlone();
    await take('partner-left');
    await noor.leave();
    await ada.press('Meet someone');
    await Promise.all([mika.meets(ada), ada.meets(mika)]);
    await pictureMoves(mika.page, "Ada's picture");
    await ada.leave();
    await mika.sees(/^Ada is reconnecting\./);
    await take('partner-away');
    await mika.waitsAlone();
    ada = await seated(world, 'Ada', isUpright);
    if (size === 'phone') {
      const wide = await seated(world, 'Ada', false);
      await wide.start('Video');
      await Promise.all([mika.meets(wide), wide.meets(mika)]);
      await pictureMoves(mika.page, "Ada's picture");
      await take('call-wide');
      await wide.press('Stop');
      await mika.waitsAlone();
    }
    await mika.press('Stop');
    await take('stopped');

    await mika.start('Text');
    await mika.waitsAlone();
    await ada.start('Text');
    await Promise.all([mika.meets(ada), ada.meets(mika)]);
    await talk(mika, ada);
    await take('text-call');
    await world.server.kill();
    await mika.sees(/^Reconnecting\./);
    await take('reconnecting');

    await world.server.run();
    await mika.start('Video');
    await mika.waitsAlone();
    await ada.start('Video');
    await Promise.all([mika.meets(ada), ada.meets(mika)]);
    await pictureMoves(mika.page, "Ada's picture");
    const opened = mika.page.context().waitForEvent('page');
    await mika.page.evaluate(() => window.open('/rules'));
    const twin = await opened;
    await twin.waitForLoadState();
    const entry = await mika.page.evaluate(() => history.state);
    await twin.evaluate((state) => history.replaceState(state, '', '/call'), entry);
    await twin.reload();
    await mika.sees('Live Loop is open in another window.');
    await mika.page.bringToFront();
    await take('elsewhere');
    await mika.press('Use it here');
    await pictureMoves(mika.page, "Ada's picture");
    await twin.close();
    await world.server.kill();
    await mika.sees(/^Reconnecting\./);
    await take('reconnecting-video');

    await world.server.run();
    const lee = await world.person('Lee', { context, before: [haveNoDevices] });
    await lee.prepare('Video');
    await lee.page.getByRole('alert').waitFor();
    await takePicture(lee.page, `media-error-${size}-${theme}.png`, {});
    await publish(size, theme, ['home', 'studio', 'waiting', 'call']);
  } finally {
    await world.end();
  }
}

/**
 * @param {string} size
 * @param {'dark' | 'light'} theme
 * @param {import('playwright-core').BrowserContextOptions} measures
 */
async function walkChannels(size, theme, measures) {
  const world = new World(browser, await Server.start());
  try {
    await pictureChannels(world, { ...measures, colorScheme: theme }, (page, state) =>
      takePicture(page, `${state}-${size}-${theme}.png`, {}),
    );
    await publish(size, theme, ['channel']);
  } finally {
    await world.end();
  }
}

/**
 * Somebody with a drawn face before the camera.
 * @param {World} world
 * @param {'Ada' | 'Noor'} name
 * @param {boolean} isUpright
 */
async function seated(world, name, isUpright) {
  const person = await world.person(name);
  const look = name === 'Ada' ? people.Ada : people.Noor;
  await person.page.addInitScript(sitBeforeCamera, { look, isUpright });
  return person;
}

/** Two who talk among themselves, so that the place is not empty. @param {World} world */
async function others(world) {
  const [noor, lev] = [await world.person('Noor'), await world.person('Lev')];
  await noor.start('Text');
  await lev.start('Text');
  await noor.meets(lev);
}

/**
 * @param {import('./support/person.mjs').Person} one
 * @param {import('./support/person.mjs').Person} other
 */
async function talk(one, other) {
  if (!(await one.page.getByRole('log').isVisible())) await one.press('Open chat');
  await one.writes('Hi Ada, where are you?');
  await other.reads('Hi Ada, where are you?');
  await other.writes('By the sea. The gulls are loud today, can you hear them?');
  await one.reads('By the sea. The gulls are loud today, can you hear them?');
  await one.writes('A little. It sounds like a holiday.');
  await other.reads('A little. It sounds like a holiday.');
  await one.line('A little. It sounds like a holiday.').getByText('Sent').waitFor();
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} label of a video, which must have begun to play and have faded in
 */
async function pictureMoves(page, label) {
  await page.waitForFunction(
    (name) => {
      const found = document.querySelector(`video[aria-label="${name}"]`);
      return found && found.currentTime > 0.5 && getComputedStyle(found).opacity === '1';
    },
    label,
    { timeout: 15_000 },
  );
  // A call begins small and grows sharp; a slow machine may never come so far, and shows what it has.
  await page
    .waitForFunction(
      (name) => document.querySelector(`video[aria-label="${name}"]`)?.videoHeight >= 700,
      label,
      { timeout: 10_000 },
    )
    .catch(() => undefined);
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} file
 * @param {{ fullPage?: boolean }} options
 */
async function takePicture(page, file, options) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: output + file, ...options });
}

/** @param {string} size @param {string} theme @param {(keyof typeof shown)[]} states */
async function publish(size, theme, states) {
  if (size === 'tablet') return;
  for (const state of states) {
    if (shown[state] !== theme) continue;
    await copyFile(`${output}${state}-${size}-${theme}.png`, `${images}${state}-${size}.png`);
  }
}
