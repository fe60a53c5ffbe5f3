// A real page in Chromium takes part in a round: the example of examples/browser with the script for tags, served from another origin
// than the coordinator's, so that cross-origin requests are part of it. The rest of the round are participants in this process.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { runParticipant } from '@xaynet/participant';
import { buildScript } from '../../scripts/build-browser.mjs';
import { launchChromium, servePages } from './chromium.ts';

const example = (name: string): Buffer => readFileSync(fileURLToPath(new URL(`../../examples/browser/${name}`, import.meta.url)));

test('a page takes part in a round across origins and its model is in the mean', async () => {
  const script = await buildScript({ smallest: false });
  const server = await servePages(({ url }, response) => {
    if (url === '/xaynet.js') response.setHeader('content-type', 'text/javascript').end(script);
    else if (url === '/main.js') response.setHeader('content-type', 'text/javascript').end(example('main.js'));
    else response.setHeader('content-type', 'text/html').end(example('index.html'));
  });
  const settings = parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.5, max: 60 } },
      update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 1, max: 60 } },
      sum2: { count: { min: 1, max: 50 }, time: { min: 0.3, max: 60 } },
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
  const browser = await launchChromium();
  try {
    const tab = await browser.context.newPage();
    const complaints: string[] = [];
    tab.on('pageerror', (error) => complaints.push(String(error)));
    tab.on('console', (message) => complaints.push(message.text()));
    await tab.goto(`${server.url}/?coordinator=${encodeURIComponent(coordinator.url)}`);
    // Whatever its role was: something was sent, and the model of a round came back to the page.
    await tab.waitForFunction(() => /\bsent\b[\s\S]*\bglobal-model\b/.test(document.querySelector('#log')?.textContent ?? ''));
    const log = await tab.textContent('#log');
    assert.match(log ?? '', /selected/);
    assert.doesNotMatch(log ?? '', /error/);
    assert.deepEqual(
      complaints.filter((text) => !text.includes('favicon')),
      [],
    );
  } finally {
    await browser.close();
    stop.abort();
    await coordinator.stop();
    await server.close();
  }
});
