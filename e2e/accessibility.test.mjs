// @ts-check
// Everybody can use it: axe finds nothing serious on any screen in either theme.
import { findViolations } from './support/axe.mjs';
import { scenario } from './support/scenario.mjs';

const nowhere = /404 \(Not Found\) http:\S+\/nowhere$/;

for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
  scenario(`axe finds nothing serious, ${colorScheme}`, { expected: nowhere }, async (world) => {
    const context = { colorScheme };
    const ada = await world.person('Ada', { context });
    let ben = await world.person('Ben', { context });
    await ada.visit();
    await clean(ada, 'home');
    await ada.visit('/rules');
    await clean(ada, 'rules');
    await ada.visit('/nowhere');
    await clean(ada, 'not found');

    await ada.prepare('Video');
    await ada.seesLevelOrProblem();
    await clean(ada, 'studio');
    await ada.press('Start');
    await ada.waitsAlone();
    await clean(ada, 'waiting');
    await ben.start('Video');
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
    await ada.seesAndHears();
    await ada.writes('hello');
    await ben.reads('hello');
    await clean(ada, 'video call, writing');
    await clean(ben, 'video call, reading');
    await ada.opensSettings();
    await clean(ada, 'devices and keys');
    await ada.page.keyboard.press('Escape');
    await ada.press('Stop');
    await ada.sees('You have stopped');
    await clean(ada, 'stopped');
    await ben.waitsAlone();
    await clean(ben, 'partner left');

    const cleo = await world.person('Cleo', { context });
    await ada.press('Meet someone');
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
    await cleo.start('Video');
    await cleo.waitsAlone();
    // Who is left is found somebody first.
    await ada.press('Next');
    await ben.meets(cleo);
    await ada.page.getByRole('button', { name: 'Go back to Ben' }).waitFor();
    await clean(ada, 'waiting, with a way back');
    const dan = await world.person('Dan', { context });
    await dan.start('Video');
    await ada.meets(dan);
    await ada.seesAndHears();
    await ada.page.getByRole('button', { name: 'Go back to Ben' }).waitFor();
    await clean(ada, 'video call, with a way back');
    for (const each of [cleo, dan, ben]) await each.leave();
    ben = await world.person('Ben', { context });

    await ada.start('Text');
    await ada.waitsAlone();
    await ben.start('Text');
    await Promise.all([ada.meets(ben), ben.meets(ada)]);
    await ada.writes('hello');
    await ben.reads('hello');
    await clean(ada, 'text call');
    await ben.leave();
    await ada.sees(/^Ben is reconnecting\./);
    await clean(ada, 'partner away');
  });
}

/**
 * @param {import('./support/person.mjs').Person} person
 * @param {string} screen
 */
async function clean(person, screen) {
  const violations = await findViolations(person.page);
  if (violations.length > 0) throw new Error(`${screen}:\n${violations.join('\n')}`);
}
