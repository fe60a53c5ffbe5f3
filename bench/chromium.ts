// The suite in a real page of headless Chromium: bundled with esbuild, served by nobody, driven through playwright-core.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { FLAGS } from './chromium-path.ts';
import { atEnd } from './end.ts';
import type { Line } from './lines.ts';
import type { Order } from './suite.ts';

/** Runs the order in a page, and tells every line and every start. */
export async function runInChromium(executablePath: string, order: Order, told: (line: Line | string) => void): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    alias: { 'node:crypto': fileURLToPath(new URL('page-cipher.ts', import.meta.url)) },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['source'],
    logLevel: 'error',
  });
  // Served from this machine's own address, because a page from nowhere has no crypto.subtle and a coarser clock.
  const server = createServer((request, response) => {
    response.setHeader('cross-origin-opener-policy', 'same-origin').setHeader('cross-origin-embedder-policy', 'require-corp');
    if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(outputFiles[0]!.text);
    else response.setHeader('content-type', 'text/html').end('<!doctype html><title>bench</title><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = mkdtempSync(join(tmpdir(), 'xaynet-bench-chromium-'));
  const forget = atEnd(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  // Signals are this program's: it closes the browser itself.
  const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: [...FLAGS] });
  try {
    const tab = await browser.newPage();
    const where = `Chromium ${browser.browser()?.version() ?? /Chrome\/([\d.]+)/.exec(await tab.evaluate(() => navigator.userAgent))?.[1] ?? ''}`;
    await tab.exposeFunction('told', told);
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await tab.waitForFunction(() => 'bench' in globalThis);
    await tab.evaluate(([order, where]) => (globalThis as unknown as { bench(order: Order, where: string): Promise<void> }).bench(order, where), [
      order,
      where,
    ] as const);
  } finally {
    await browser.close();
    server.close();
    forget();
  }
}
