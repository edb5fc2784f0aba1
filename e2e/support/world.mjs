// @ts-check
// One server and the people who come to it, each with a browser profile of their own. Knows how to tell what
// happened: the server's log, what each page reported, and a picture of each.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Person } from './person.mjs';
import { watchPage } from './probes.mjs';
import { Wire } from './wire.mjs';

const output = fileURLToPath(new URL('../output/', import.meta.url));

/**
 * @typedef {object} Manner
 * @property {import('playwright-core').BrowserContextOptions} [context]
 * @property {(() => void)[]} [before] run in the page before its own scripts
 * @property {Person} [beside] whose browser profile is shared: a second window of the same visitor
 * @property {import('playwright-core').Browser} [browser] another one than the world's
 * @property {Wire} [through] on the way to the server
 */

export class World {
  /** @type {Person[]} */
  people = [];
  /** @type {Set<import('playwright-core').BrowserContext>} */
  #contexts = new Set();
  /** @type {Set<Wire>} */
  #wires = new Set();

  /**
   * @param {import('playwright-core').Browser} browser
   * @param {import('./server.mjs').Server} server
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
  async person(name, { context: options, before = [], beside, browser, through } = {}) {
    const context =
      beside?.page.context() ??
      (await (browser ?? this.browser).newContext({ reducedMotion: 'reduce', ...options }));
    this.#contexts.add(context);
    const page = await context.newPage();
    await page.addInitScript(watchPage);
    for (const each of before) await page.addInitScript(each);
    return this.#welcome(new Person(name, page, through?.url ?? this.server.url));
  }

  /** A window that the browser itself has opened, of somebody who is here. @param {string} name */
  async another(name, /** @type {import('playwright-core').Page} */ page) {
    await page.addInitScript(watchPage);
    return this.#welcome(new Person(name, page, this.server.url));
  }

  /** A way to the server that can be cut. */
  async wire() {
    const wire = await Wire.start(this.server.url);
    this.#wires.add(wire);
    return wire;
  }

  /** @param {Person} person */
  #welcome(person) {
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
    for (const wire of this.#wires) await wire.end();
    await this.server.remove();
  }

  #present() {
    return this.people.filter(({ page }) => !page.isClosed());
  }
}
