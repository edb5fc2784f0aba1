// @ts-check
// Real Chromium with fake cameras and microphones; one process a test file, one context a person. Knows
// nothing of the product.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const run = promisify(execFile);

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** Launches Chromium with a fresh profile, which goes with it when it is closed. */
export function launchChromium() {
  return chromium.launch(options());
}

/** One whose processes can be held still, as a laptop that sleeps does it. */
export async function launchSleeper() {
  const server = await chromium.launchServer(options());
  const browser = await chromium.connect(server.wsEndpoint());
  const root = server.process().pid;
  if (root === undefined) throw new Error('Chromium has no process');
  return {
    browser,
    sleep: () => signalTree(root, 'SIGSTOP'),
    wake: () => signalTree(root, 'SIGCONT'),
    close: async () => {
      await signalTree(root, 'SIGCONT');
      await server.close();
    },
  };
}

/** @param {number} root @param {NodeJS.Signals} signal */
async function signalTree(root, signal) {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout.trim().split('\n');
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number));
  const tree = [root];
  // Grows while it is walked: children, then theirs.
  for (const parent of tree) {
    tree.push(...pairs.filter(([, ppid]) => ppid === parent).map(([pid]) => pid));
  }
  for (const pid of tree) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has ended by itself since it was listed.
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

function options() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `no Chromium at ${executablePath}: install it (apt install chromium), or name it in CHROMIUM`,
    );
  }
  return { executablePath, args: flags };
}
