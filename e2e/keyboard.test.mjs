// @ts-check
// Without a mouse: from the start page into a call and through it, with the focus always to be seen.
import assert from 'node:assert/strict';
import { scenario } from './support/scenario.mjs';

const stops_max = 40;

scenario('by keyboard alone from the start into a call, and through it', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await ben.start('Video');
  await ben.waitsAlone();

  const { page } = ada;
  const { keyboard } = page;
  await ada.visit();
  await page.getByRole('heading', { name: 'Meet somebody new, face to face.' }).waitFor();
  await tabTo(page, 'Meet someone');
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Ready when you are' }).waitFor();
  await ada.seesLevelOrProblem();
  await tabTo(page, 'What should they call you?');
  await keyboard.type('Ada');
  await tabTo(page, 'Start');
  await keyboard.press('Enter');
  await Promise.all([ada.meets(ben), ben.meets(ada)]);

  await keyboard.press('m');
  await page.getByRole('button', { name: 'Unmute' }).waitFor();
  await ben.sees('Muted');
  await keyboard.press('m');
  await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
  await keyboard.press('v');
  await ben.sees("Ada's camera is off");
  await keyboard.press('v');
  await page.getByRole('button', { name: 'Turn camera off' }).waitFor();

  await keyboard.press('c');
  await page.getByRole('log').waitFor({ state: 'detached' });
  await keyboard.press('/');
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator(':focus')).waitFor();
  await keyboard.type('no mouse, nms');
  await keyboard.press('Enter');
  await ben.reads('no mouse, nms');
  await keyboard.press('Escape');

  await keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Devices and keys' });
  await keys.waitFor();
  await keyboard.press('n');
  await keyboard.press('Escape');
  await keys.waitFor({ state: 'hidden' });
  assert.equal(await ada.partner(), 'Ben', 'a key pressed in a dialog is not one of the call');

  await keyboard.press('n');
  await Promise.all([ada.hasMet(2), ben.hasMet(2)]);
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
  await keyboard.press('s');
  await ada.sees('You have stopped');
  await ben.waitsAlone();
  assert.equal(await focusedName(page), 'Meet someone', 'the focus goes where the action went');
});

scenario('in a text call one writes at once', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await ada.start('Text');
  await ada.waitsAlone();
  await ben.start('Text');
  await ada.meets(ben);
  await ada.page
    .getByRole('textbox', { name: 'Message' })
    .and(ada.page.locator(':focus'))
    .waitFor();
  await ada.page.keyboard.type('straight away');
  await ada.page.keyboard.press('Enter');
  await ben.reads('straight away');
});

/**
 * Presses Tab until the control of that name has the focus; every stop on the way must show that it has it.
 * @param {import('playwright-core').Page} page
 * @param {string} name
 */
async function tabTo(page, name) {
  const passed = [];
  for (let stop = 0; stop < stops_max; stop += 1) {
    await page.keyboard.press('Tab');
    const found = await focusedName(page);
    passed.push(found);
    assert.ok(await page.evaluate(isFocusShown), `the focus on "${found}" cannot be seen`);
    if (found === name) return;
  }
  throw new Error(`no "${name}" within ${stops_max} stops: ${passed.join(', ')}`);
}

/** @param {import('playwright-core').Page} page */
function focusedName(page) {
  return page.evaluate(() => {
    const focused = document.activeElement;
    const label = focused?.labels?.[0]?.querySelector('span') ?? focused;
    return (focused?.getAttribute('aria-label') ?? label?.textContent ?? '').trim();
  });
}

/** Whether the focused element, or the label around an unseen input, is drawn otherwise than without focus. */
function isFocusShown() {
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  const drawn = [focused, focused.closest('label')].filter((each) => each !== null);
  const look = () =>
    drawn.map((each) => {
      const { outline, boxShadow, borderColor } = getComputedStyle(each);
      return `${outline} ${boxShadow} ${borderColor}`;
    });
  const withFocus = look();
  focused.blur();
  const without = look();
  focused.focus({ focusVisible: true });
  return withFocus.some((each, i) => each !== without[i]);
}
