// @ts-check
// A test with a server and a browser of its own kind: `scenario(name, options, async (world) => …)`. People
// come in by `world.person(…)`. When a test fails, the server's log, what each page reported and a picture of
// each go out with the error; a page that reports a problem that was not expected fails a test that passed.
import { mkdir } from 'node:fs/promises';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium } from './chromium.mjs';
import { Person } from './person.mjs';
import { watchPage } from './probes.mjs';
import { Server } from './server.mjs';

const output = fileURLToPath(new URL('../output/', import.meta.url));
const test_ms_max = 120_000;

/** @type {Promise<import('playwright-core').Browser> | undefined} */
let launched;
after(async () => (await launched)?.close());

/**
 * @typedef {object} Options
 * @property {Record<string, string>} [settings] of the server, as environment variables
 * @property {RegExp} [expected] problems of pages that belong to the test: connections that it cuts
 */

/**
 * @typedef {object} Manner
 * @property {import('playwright-core').BrowserContextOptions} [context]
 * @property {(() => void)[]} [before] run in the page before its own scripts
 * @property {Person} [beside] whose browser profile is shared: a second window of the same visitor
 */

/**
 * @param {string} name
 * @param {Options} options
 * @param {(world: World) => Promise<void>} play
 */
export function scenario(name, options, play) {
  test(name, { timeout: test_ms_max }, async () => {
    launched ??= launchChromium();
    const world = new World(await launched, await Server.start(options.settings));
    try {
      await play(world);
      await world.hasNoProblem(options.expected);
    } catch (error) {
      throw new Error(`${error?.stack ?? error}\n${await world.tell(name)}`);
    } finally {
      await world.end();
    }
  });
}

export class World {
  /** @type {Person[]} */
  people = [];
  /** @type {Set<import('playwright-core').BrowserContext>} */
  #contexts = new Set();

  /**
   * @param {import('playwright-core').Browser} browser
   * @param {Server} server
   */
  constructor(browser, server) {
    this.browser = browser;
    this.server = server;
  }

  /**
   * Somebody with a browser profile of their own, at an empty page.
   * @param {string} name
   * @param {Manner} [manner]
   */
  async person(name, { context: options, before = [], beside } = {}) {
    const context =
      beside?.page.context() ??
      (await this.browser.newContext({ reducedMotion: 'reduce', ...options }));
    this.#contexts.add(context);
    const page = await context.newPage();
    await page.addInitScript(watchPage);
    for (const each of before) await page.addInitScript(each);
    const person = new Person(name, page, this.server.url);
    this.people.push(person);
    return person;
  }

  /** @param {RegExp} [expected] */
  async hasNoProblem(expected) {
    for (const person of this.#present()) {
      const refusals = await person.page.evaluate(() => window.seenByTest.refusals);
      person.problems.push(...refusals.map((refusal) => `content policy: ${refusal}`));
    }
    const problems = this.people.flatMap(({ name, problems }) =>
      problems.filter((each) => !expected?.test(each)).map((each) => `${name}: ${each}`),
    );
    if (problems.length > 0) throw new Error(`pages reported problems:\n${problems.join('\n')}`);
  }

  /** What is known when a test has failed. @param {string} test */
  async tell(test) {
    const told = [];
    await mkdir(`${output}failed`, { recursive: true });
    for (const person of this.#present()) {
      const file = `${output}failed/${test} - ${person.name}.png`.replaceAll(' ', '-');
      await person.page.screenshot({ path: file, timeout: 5_000 }).catch(() => undefined);
      const seen = await person.page.locator('body').innerText({ timeout: 2_000 }).catch(String);
      told.push(`-- ${person.name} at ${person.page.url()}, ${file}`, seen, ...person.problems);
    }
    return [...told, '-- the server', this.server.log].join('\n');
  }

  async end() {
    for (const context of this.#contexts) await context.close();
    await this.server.remove();
  }

  #present() {
    return this.people.filter(({ page }) => !page.isClosed());
  }
}
