// What a page's requests look like on the wire, across origins: no preflight for anything, documents that did not change are answered 304 by way of
// Chromium's own cache, and the verdict of a message can be read.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { build } from 'esbuild';
import { launchChromium, servePages } from './chromium.ts';

const PAGE = `
import { HttpTransport, Participant } from '@xaynet/participant';
globalThis.go = async (url) => {
  const transport = new HttpTransport({ url });
  for (let i = 0; i < 3; i++) await transport.params();
  const garbage = await transport.send(new Uint8Array(280));
  const participant = await Participant.create({ url, threads: 0 });
  for (;;) {
    const { verdict, sent, waitingFor } = await participant.tick();
    if (sent) return { garbage, verdict };
    if (waitingFor) throw new Error(waitingFor);
  }
};
`;

test('a page asks without a preflight, is answered 304 for what it has, and reads verdicts', async () => {
  const coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      model: { length: 3 },
      pet: { sum: { prob: 0.999999, count: { min: 1, max: 50 }, time: { min: 600, max: 3600 } } },
      store: { kind: 'memory' },
      log: { filter: 'off' },
    }),
  );
  const seen: string[] = [];
  const between = createServer((request, response) => {
    const onward = forward(`${coordinator.url}${request.url}`, { method: request.method!, headers: request.headers }, (answer) => {
      seen.push(`${request.method} ${request.url} ${answer.statusCode}`);
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(between, 'listening');
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    conditions: ['source'],
    define: { 'import.meta.url': '""' },
  });
  const pages = await servePages(({ url }, response) => {
    if (url === '/page.js') response.setHeader('content-type', 'text/javascript').end(outputFiles[0]!.text);
    else response.setHeader('content-type', 'text/html').end('<script src="/page.js"></script>');
  });
  const browser = await launchChromium();
  try {
    for (let phase = ''; phase !== 'sum'; phase = ((await (await fetch(`${coordinator.url}/status`)).json()) as { phase: string }).phase);
    const tab = await browser.context.newPage();
    await tab.goto(pages.url);
    const url = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
    const told = await tab.evaluate((url) => (globalThis as unknown as { go: (url: string) => Promise<{ garbage: object; verdict: object }> }).go(url), url);
    assert.deepEqual(told.verdict, { accepted: true });
    assert.match(JSON.stringify(told.garbage), /^\{"accepted":false,"code":"(sealed-box-open-failed|message-unexpected)","reason":"\w.+"\}$/);
    assert.ok(!seen.some((line) => line.startsWith('OPTIONS')), seen.join());
    assert.deepEqual(seen.filter((line) => line.includes('/params')).slice(0, 3), ['GET /params 200', 'GET /params 304', 'GET /params 304']);
  } finally {
    await browser.close();
    await pages.close();
    between.closeAllConnections();
    between.close();
    await coordinator.stop();
  }
});
