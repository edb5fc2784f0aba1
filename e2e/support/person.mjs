// @ts-check
// One person at one page, and what they do there: they go by what is written on the screen, as people do.
// Knows the page's words, not its code.
import { readIncoming, readLines } from './probes.mjs';
import { until } from './until.mjs';

/** @typedef {'Video' | 'Voice' | 'Text'} Way */

export class Person {
  /** Errors of the page's scripts, of its console and of its content policy. */
  problems = /** @type {string[]} */ ([]);

  /**
   * @param {string} name
   * @param {import('playwright-core').Page} page
   * @param {string} url the start of the site
   */
  constructor(name, page, url) {
    this.name = name;
    this.page = page;
    this.url = url;
    page.on('pageerror', (error) => this.problems.push(`script: ${error.stack ?? error}`));
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      this.problems.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.setDefaultTimeout(10_000);
  }

  /** @param {string} [path] */
  async visit(path = '/') {
    await this.page.goto(this.url + path);
  }

  /** From the start to the studio, with a name and a way to talk chosen there. @param {Way} [way] */
  async prepare(way = 'Video') {
    await this.visit();
    await this.page.getByRole('link', { name: 'Meet someone' }).first().click();
    await this.page.getByRole('radio', { name: way, exact: true }).check({ force: true });
    await this.page.getByRole('textbox', { name: 'What should they call you?' }).fill(this.name);
  }

  /** The whole way from the start to looking for a partner. @param {Way} [way] */
  async start(way = 'Video') {
    await this.prepare(way);
    if (way !== 'Text') await this.seesLevelOrProblem();
    await this.press('Start');
  }

  /** Devices have answered: they are on, or the page says what is wrong. */
  async seesLevelOrProblem() {
    const answered = this.page.getByRole('img', { name: 'Microphone level' });
    await answered.or(this.page.getByRole('alert')).first().waitFor();
  }

  /** @param {string} name of a button */
  async press(name) {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  /** Where there is nothing but a screen to touch, keys are not spoken of. */
  async opensSettings() {
    await this.page.getByRole('button', { name: /^(Devices|Sound)( and keys)?$/ }).click();
  }

  /** @param {string | RegExp} words */
  async sees(words, within_ms = 10_000) {
    await this.page
      .getByText(words)
      .filter({ visible: true })
      .first()
      .waitFor({ timeout: within_ms });
  }

  /** Looking for somebody, and the server has said so. */
  async waitsAlone(within_ms = 10_000) {
    await this.sees('Looking for someone', within_ms);
    await this.sees(/^You are the only one (waiting|here)\b/, within_ms);
  }

  /** Who is in the call with this person, by the name on the tile; undefined when nobody is. */
  async partner() {
    const title = await this.page.title();
    return /^With (.+?) · /.exec(title)?.[1];
  }

  /** @param {Person} [whom] anybody if absent */
  async meets(whom, within_ms = 10_000) {
    return until(`${this.name} meets ${whom?.name ?? 'somebody'}`, () => this.partner(), {
      holds: (name) => name !== undefined && (!whom || name === whom.name),
      within_ms,
    });
  }

  /** In another call than that one. @param {Person} whom @param {string} room */
  async meetsAgain(whom, room, within_ms = 40_000) {
    await until(`${this.name} is in another call`, () => this.room(), {
      holds: (now) => now !== undefined && now !== room,
      within_ms,
    });
    await this.meets(whom);
  }

  /** So many calls with picture or sound have begun since the page was loaded. @param {number} calls */
  hasMet(calls) {
    const begun = () => this.page.evaluate(() => window.seenByTest.peers.length);
    return until(`${this.name} begins call ${calls}`, begun, { holds: (count) => count === calls });
  }

  incoming() {
    return this.page.evaluate(readIncoming);
  }

  /** Both picture and sound come in: frames go on being decoded, and what is heard is not silence. */
  async seesAndHears(within_ms = 20_000) {
    const first = await until(`${this.name} sees a picture`, () => this.incoming(), {
      holds: ({ framesDecoded }) => framesDecoded > 0,
      within_ms,
    });
    await until(`${this.name} sees it move, and hears`, () => this.incoming(), {
      holds: ({ framesDecoded, audioEnergy }) =>
        framesDecoded > first.framesDecoded + 5 && audioEnergy > 0,
      within_ms,
    });
  }

  /** The room of the present call, as this window keeps it. */
  room() {
    return this.page.evaluate(() => {
      const kept = JSON.parse(sessionStorage.getItem('liveloop.call') ?? '{}');
      return kept.match?.roomId;
    });
  }

  /** Every line of the conversation, in order, as `name: words`; the list holds only what is near its window. */
  async lines() {
    return (await this.page.evaluate(readLines)).map((each) => each.replaceAll(/\s+/g, ' '));
  }

  /** How many connections for picture and sound were begun since the page was loaded. */
  peers() {
    return this.page.evaluate(() => window.seenByTest.peers.length);
  }

  /** @param {string} words */
  async writes(words) {
    const box = this.page.getByRole('textbox', { name: 'Message' });
    await box.fill(words);
    await box.press('Enter');
  }

  /** @param {string} words */
  async reads(words) {
    await this.page.getByRole('log').getByText(words, { exact: true }).waitFor();
  }

  /** A line, with the state beneath it. @param {string} words */
  line(words) {
    const lines = this.page.getByRole('log').locator('[data-line]');
    return lines.filter({ has: this.page.getByText(words, { exact: true }) });
  }

  async leave() {
    await this.page.close();
  }
}

/**
 * One waits, the other comes, and they are together.
 * @param {Person} one
 * @param {Person} other
 * @param {Way} [way]
 */
export async function meet(one, other, way = 'Text') {
  await one.start(way);
  await one.waitsAlone();
  await other.start(way);
  await Promise.all([one.meets(other), other.meets(one)]);
}
