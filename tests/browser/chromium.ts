// Chromium for the tests of this folder: one launch with the flags that a test machine needs, a profile that is gone afterwards, and a
// web server for pages. `XAYNET_CHROMIUM` names the browser, as scripts/test.mjs sets it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { FLAGS } from '../../bench/chromium-path.ts';

/** A browser with a profile of its own; `close` ends it and removes the profile. */
export interface Chromium {
  readonly context: BrowserContext;
  /** Folder of what it keeps on the disk. */
  readonly profile: string;
  close(): Promise<void>;
}

/** Milliseconds that a page may take to do what a test waits for, on a machine that is busy with other things. */
const PATIENCE = 150_000;

/** Launches Chromium, with more flags if need be. */
export async function launchChromium(...flags: string[]): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), 'xaynet-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.XAYNET_CHROMIUM || '/usr/bin/chromium',
    headless: true,
    args: [...FLAGS, ...flags],
  });
  context.setDefaultTimeout(PATIENCE);
  return {
    context,
    profile,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/**
 * A browser whose pages know whether they are seen: Playwright has every page that it launched itself believe that it is in front. This one
 * is launched by hand and Playwright only connects to it. Timers of hidden pages are as quick as others: a test that waits for one would wait
 * a second, and a minute on a machine where it takes long.
 */
export async function launchHonestChromium(...flags: string[]): Promise<Chromium> {
  const profile = mkdtempSync(join(tmpdir(), 'xaynet-chromium-'));
  const child = spawn(
    process.env.XAYNET_CHROMIUM || '/usr/bin/chromium',
    [...FLAGS, ...flags, '--disable-background-timer-throttling', '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(child, 'exit');
  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
      const [, address] = /DevTools listening on (\S+)/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', (code) => reject(new Error(`Chromium exited with ${code}: ${said}`)));
  });
  const browser = await chromium.connectOverCDP(endpoint, { noDefaults: true });
  const context = browser.contexts()[0]!;
  context.setDefaultTimeout(PATIENCE);
  return {
    context,
    profile,
    close: async () => {
      await (await browser.newBrowserCDPSession()).send('Browser.close').catch(() => undefined);
      await browser.close().catch(() => undefined);
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** A web server on loopback. */
export interface PageServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Serves with `answer`. */
export async function servePages(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<PageServer> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
