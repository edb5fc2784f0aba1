// @ts-check
// Channels are there for everybody: on a small phone and a desk, dark and light, with long names and words, from right
// to left, by key and for screen readers.
import { findViolations } from './support/axe.mjs';
import { gather } from './support/channel.mjs';
import { findOutOfReach } from './support/reach.mjs';
import { scenario } from './support/scenario.mjs';

const longTopic = 'Morning chess and whatever comes to mind';
const link = 'hello https://example.org/';
const rightToLeft = 'صباح الخير، هل تلعب الشطرنج؟';

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
        const ben = await world.person('W'.repeat(40));
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
        await ada.page.getByRole('button', { name: 'New channel' }).first().click();
        await look('a new channel');
        await ada.page.keyboard.press('Escape');
        await gather([ada, ben], longTopic);
        await look('an empty channel');
        for (const text of [link, 'w'.repeat(200), rightToLeft, 'and more']) {
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
