// @ts-check
// Real Chromium with fake cameras and microphones; one process a test file, one context a person. Knows
// nothing of the product.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

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
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `no Chromium at ${executablePath}: install it (apt install chromium), or name it in CHROMIUM`,
    );
  }
  return chromium.launch({ executablePath, args: flags });
}
