// @ts-check
// The page as a page: light, steady, quiet on the console, and reached by any of its addresses.
import assert from 'node:assert/strict';
import { scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const script_bytes_max = 150_000;
const shift_max = 0.05;

scenario('the first screen needs little script', {}, async (world) => {
  const ada = await world.person('Ada');
  const fetched = await scriptsOf(ada, () => ada.visit());
  const bytes = fetched.reduce((sum, each) => sum + each.bytes, 0);
  assert.ok(fetched.length > 0 && bytes > 10_000, 'the scripts were found');
  assert.ok(bytes <= script_bytes_max, `${bytes} bytes of script: ${JSON.stringify(fetched)}`);

  const later = await scriptsOf(ada, async () => {
    await ada.page.getByRole('link', { name: 'Meet someone' }).first().click();
    await ada.page.getByRole('heading', { name: 'Ready when you are' }).waitFor();
  });
  assert.ok(later.length > 0, 'the studio comes when it is wanted');
});

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  scenario(`nothing jumps when pictures start, ${viewport.width} px`, {}, async (world) => {
    const ada = await world.person('Ada', {
      context: { viewport, reducedMotion: 'no-preference' },
    });
    const ben = await world.person('Ben');
    await ada.start('Video');
    await ada.waitsAlone();
    await ben.start('Video');
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
    await ada.seesAndHears();
    await ben.press('Next');
    await ada.hasMet(2);
    await ada.meets(ben);
    await ada.seesAndHears();
    const { shift, shifts } = await ada.page.evaluate(() => window.seenByTest);
    assert.ok(shift < shift_max, `layout shift ${shift}:\n${shifts.join('\n')}`);
  });
}

scenario('each address leads somewhere', { expected: /404 .+\/nowhere$/ }, async (world) => {
  const ada = await world.person('Ada');
  const heading = (/** @type {string} */ name) => ada.page.getByRole('heading', { name }).waitFor();
  const status = async (/** @type {string} */ path) =>
    (await ada.page.goto(world.server.url + path))?.status();

  assert.equal(await status('/studio'), 200);
  await heading('Ready when you are');
  assert.equal(await status('/studio?mode=text'), 200);
  await ada.sees('You will write to each other.');
  assert.equal(await status('/call'), 200);
  await heading('Ready when you are');
  await ada.page.waitForURL('**/studio');
  assert.equal(await status('/rules'), 200);
  await heading('Rules of the house');
  assert.equal(await status('/nowhere'), 404);
  await heading('Nothing lives here');
  await ada.page.getByRole('link', { name: 'Back to the start' }).click();
  await heading('Meet somebody new, face to face.');
  assert.equal(await status('/'), 200);
});

scenario('also after a reload the way back leads out of the call', {}, async (world) => {
  const [ada, ben] = [await world.person('Ada'), await world.person('Ben')];
  await ada.start('Video');
  await ada.waitsAlone();
  await ben.start('Video');
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
  await ada.page.reload();
  await Promise.all([ada.hasMet(1), ben.hasMet(2)]);
  await Promise.all([ada.meets(ben), ben.meets(ada)]);
  await Promise.all([ada.seesAndHears(), ben.seesAndHears()]);
  await ada.page.goBack();
  await ben.sees('Ada left. Looking for someone else.');
  await ada.page.getByRole('heading', { name: 'Ready when you are' }).waitFor();
});

scenario(
  'the site speaks with the voice of who runs it',
  {
    settings: {
      LIVELOOP_SITE_NAME: 'Corner Café',
      LIVELOOP_SITE_CONTACT: 'hello@example.org',
      LIVELOOP_SITE_RULES: '["Be kind.","Keep your shirt on."]',
    },
  },
  async (world) => {
    const ada = await world.person('Ada');
    await ada.visit('/rules');
    await ada.sees('Corner Café');
    await ada.sees('Keep your shirt on.');
    const contact = ada.page.getByRole('link', { name: 'hello@example.org' });
    assert.equal(await contact.getAttribute('href'), 'mailto:hello@example.org');
  },
);

scenario('the theme is switched by hand, and kept', {}, async (world) => {
  const ada = await world.person('Ada', { context: { colorScheme: 'dark' } });
  await ada.visit();
  const ink = () => ada.page.evaluate(() => getComputedStyle(document.body).color);
  const onDark = await ink();
  await ada.press('Switch to the light theme');
  const onLight = await until('the ink changes', ink, { holds: (colour) => colour !== onDark });
  await ada.page.reload();
  assert.equal(await ink(), onLight);
});

/**
 * The scripts that come in by what is done, with their size on the wire.
 * @param {import('./support/person.mjs').Person} person
 * @param {() => Promise<void>} act
 */
async function scriptsOf({ page }, act) {
  /** @type {import('playwright-core').Request[]} */
  const requests = [];
  const note = (/** @type {import('playwright-core').Request} */ request) => {
    if (request.resourceType() === 'script') requests.push(request);
  };
  page.on('requestfinished', note);
  await act();
  await page.waitForLoadState('networkidle');
  page.off('requestfinished', note);
  return Promise.all(
    requests.map(async (request) => ({
      path: new URL(request.url()).pathname,
      bytes: (await request.sizes()).responseBodySize,
    })),
  );
}
