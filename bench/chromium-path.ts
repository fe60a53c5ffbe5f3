// Where Chromium is on this machine; apart from chromium.ts, which loads a bundler and a driver.

import { existsSync } from 'node:fs';

/** How to get what is missing. */
export const HOW = 'install Chromium (Debian: apt-get install chromium) or set XAYNET_CHROMIUM to its path';

/** The Chromium of this machine: XAYNET_CHROMIUM, else the usual places. */
export function findChromium(): string | undefined {
  return [process.env.XAYNET_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));
}

/** How a test machine launches it: as root, without a screen, and with nothing that asks other machines. */
export const FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
