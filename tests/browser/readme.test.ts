// The page of README.md as it stands, beside the built script on a web server, in Chromium: whoever copies it sees a global model. Only the
// port differs. The rest of the round are participants in this process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, loadSettings } from '@xaynet/coordinator';
import { runParticipant } from '@xaynet/participant';
import { buildScript } from '../../scripts/build-browser.mjs';
import { readmeBlock } from '../project/readme-blocks.ts';
import { launchChromium, servePages } from './chromium.ts';

const sample = fileURLToPath(new URL('../../packages/coordinator/samples/handful.toml', import.meta.url));

test('the ten lines for a page work as they stand: beside the script, they print a global model', async () => {
  const page = readmeBlock('html', '<!doctype html>');
  assert.ok(page.trim().split('\n').length <= 13, 'ten lines in their tags');
  const script = await buildScript({ wasm: true });
  const coordinator = await Coordinator.start(loadSettings(sample, { XAYNET__API__BIND_ADDRESS: '127.0.0.1:0', XAYNET__LOG__FILTER: 'error' }));
  const server = await servePages(({ url }, response) => {
    if (url === '/xaynet.js') response.setHeader('content-type', 'text/javascript').end(script);
    else response.setHeader('content-type', 'text/html').end(page.replace('http://127.0.0.1:8081', coordinator.url));
  });
  const stop = new AbortController();
  const others = Array.from({ length: 8 }, () =>
    runParticipant({ url: coordinator.url, signal: stop.signal, poll: { min: 20, max: 100 }, train: (_, { length }) => new Float32Array(length).fill(0.5) }),
  );
  const { context, close } = await launchChromium();
  try {
    const tab = await context.newPage();
    const complaints: string[] = [];
    tab.on('pageerror', (error) => complaints.push(String(error)));
    await tab.goto(server.url);
    await tab.waitForFunction(() => /^global model (0\.\d+,?){4}$/m.test(document.querySelector('#log')?.textContent ?? ''));
    assert.deepEqual(complaints, []);
  } finally {
    await close();
    stop.abort();
    await Promise.all(others.map(({ done }) => done));
    await coordinator.stop();
    await server.close();
  }
});
