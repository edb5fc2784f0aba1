// @ts-check
// The real binary as a test needs it: a free port, a fresh data folder, stopped by its own pid. What it
// logs is kept, and shown when a test fails. Knows nothing of browsers or pages.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const start_ms_max = 15_000;
const stop_ms_max = 15_000;
/** A file that may not grow is an error to be handled, as on a full disk, and not the end of the process. */
const outliveFullDisk = 'trap "" XFSZ; exec "$0" "$@"';
const run = promisify(execFile);

export class Server {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  /** @type {string[]} */
  #log = [];
  #port = 0;

  /**
   * @param {string} program
   * @param {string} folder
   * @param {Record<string, string>} settings
   */
  constructor(program, folder, settings) {
    this.program = program;
    this.folder = folder;
    this.settings = settings;
  }

  /** @param {Record<string, string>} [settings] environment variables, `LIVELOOP_…` */
  static async start(settings = {}) {
    const program = binary();
    const server = new Server(program, await mkdtemp(join(tmpdir(), 'liveloop-e2e-')), settings);
    await server.run();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  get log() {
    return this.#log.join('\n');
  }

  /** Runs the server, on the port that it had before if it ran already. */
  async run() {
    const listen = `127.0.0.1:${this.#port}`;
    const args = ['serve', '--listen', listen, '--data', join(this.folder, 'data')];
    // Run in its own folder, so that a developer's .env has no say.
    const started = spawn('bash', ['-c', outliveFullDisk, this.program, ...args], {
      cwd: this.folder,
      env: { ...withoutOurs(process.env), ...this.settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = started;
    createInterface({ input: started.stderr }).on('line', (line) => this.#log.push(line));
    this.#port = await this.#listening(started);
  }

  /** @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} started */
  async #listening(started) {
    const lines = createInterface({ input: started.stdout });
    const signal = AbortSignal.timeout(start_ms_max);
    try {
      const [line] = await Promise.race([
        once(lines, 'line', { signal }),
        once(started, 'exit', { signal }).then(([code]) => {
          throw new Error(`it ended with ${code}`);
        }),
      ]);
      const port = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
      if (!port) throw new Error(`it said ${JSON.stringify(line)}`);
      return Number(port);
    } catch (error) {
      started.kill('SIGKILL');
      throw new Error(`the server did not start: ${error}\n${this.log}`);
    }
  }

  /** Asks it to stop, and answers its exit code. */
  async stop() {
    return this.#end('SIGTERM');
  }

  /** Ends it as a crash would. */
  async kill() {
    return this.#end('SIGKILL');
  }

  /** Holds the whole process still until `thaw`: it takes what is sent and answers nothing. */
  freeze() {
    this.#process?.kill('SIGSTOP');
  }

  thaw() {
    this.#process?.kill('SIGCONT');
  }

  /** From now on none of its files takes another byte. */
  async fillDisk() {
    await this.#limitFiles('1');
  }

  async freeDisk() {
    await this.#limitFiles('unlimited');
  }

  /** @param {string} bytes_max */
  async #limitFiles(bytes_max) {
    await run('prlimit', ['--pid', `${this.#process?.pid}`, `--fsize=${bytes_max}:unlimited`]);
  }

  async remove() {
    this.thaw();
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    const ended = this.#process;
    this.#process = undefined;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return ended?.exitCode;
    const exit = once(ended, 'exit', { signal: AbortSignal.timeout(stop_ms_max) });
    ended.kill(signal);
    try {
      const [code] = await exit;
      return code;
    } catch {
      ended.kill('SIGKILL');
      throw new Error(`the server did not stop within ${stop_ms_max} ms of ${signal}\n${this.log}`);
    }
  }
}

function binary() {
  const built = ['debug', 'release'].map((profile) =>
    fileURLToPath(new URL(`../../target/${profile}/liveloop`, import.meta.url)),
  );
  const places = process.env.LIVELOOP_BIN ? [process.env.LIVELOOP_BIN] : built;
  const found = places.find((place) => existsSync(place));
  if (found) return found;
  throw new Error(
    `no server at ${places.join(' or ')}: \`make e2e\` builds one and plays these tests; or name one in LIVELOOP_BIN`,
  );
}

/** @param {NodeJS.ProcessEnv} environment */
function withoutOurs(environment) {
  const entries = Object.entries(environment).filter(([name]) => !name.startsWith('LIVELOOP_'));
  return Object.fromEntries(entries);
}
