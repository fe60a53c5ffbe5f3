// A real page in Chromium takes part in a round: the example of examples/browser, bundled, served from another origin than the
// coordinator's, so that cross-origin requests are part of it. The rest of the round are participants in this process.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { runParticipant } from '@xaynet/participant';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The bundle of the example, made as its README says. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'examples/browser/main.js')],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['source'],
  });
  return outputFiles[0]!.text;
}

test('a page takes part in a round across origins and its model is in the mean', { timeout: 60_000 }, async () => {
  const page = readFileSync(join(root, 'examples/browser/index.html'));
  const script = await bundle();
  const server = createServer(({ url }, response) => {
    if (url === '/bundle.js') response.setHeader('content-type', 'text/javascript').end(script);
    else response.setHeader('content-type', 'text/html').end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const settings = parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.5, max: 8 } },
      update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 1, max: 8 } },
      sum2: { count: { min: 1, max: 50 }, time: { min: 0.3, max: 8 } },
    },
    model: { length: 3 },
    store: { kind: 'memory' },
    log: { filter: 'error' },
  });
  const coordinator = await Coordinator.start(settings);
  const stop = new AbortController();
  for (let i = 0; i < 11; i++) {
    runParticipant({ url: coordinator.url, signal: stop.signal, poll: { min: 20, max: 100 }, train: async () => Float32Array.of(0.5, 0.5, 0.5) });
  }
  const profile = mkdtempSync(join(tmpdir(), 'xaynet-chromium-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.XAYNET_CHROMIUM || '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
  });
  try {
    const tab = await browser.newPage();
    const complaints: string[] = [];
    tab.on('pageerror', (error) => complaints.push(String(error)));
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?coordinator=${encodeURIComponent(coordinator.url)}`);
    // Whatever its role was: something was sent, and the model of a round came back to the page.
    await tab.waitForFunction(() => /\bsent\b[\s\S]*\bglobal-model\b/.test(document.querySelector('#log')?.textContent ?? ''), undefined, { timeout: 45_000 });
    const log = await tab.textContent('#log');
    assert.match(log ?? '', /selected/);
    assert.doesNotMatch(log ?? '', /error/);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    stop.abort();
    await coordinator.stop();
    await new Promise((resolve) => server.close(resolve));
    rmSync(profile, { recursive: true, force: true });
  }
});
