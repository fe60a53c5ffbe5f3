// Participants in service workers, by the code of docs/RUNTIMES.md as it stands there: stopped after each slice of work, and in the middle of
// every other, they go on from IndexedDB and bring each message exactly once to a real coordinator.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Participant } from '@xaynet/participant';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { launchChromium, servePages } from './chromium.ts';
import { Round } from './round.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The code block of the guide that has this text, whole. */
function blockWith(text: string): string {
  const blocks = [...readFileSync(`${root}docs/RUNTIMES.md`, 'utf8').matchAll(/^```[jt]s\n([\s\S]*?)^```/gm)].map(([, code]) => code!);
  const [block] = blocks.filter((code) => code.includes(text));
  assert.ok(block, `docs/RUNTIMES.md has no block with ${text}`);
  return block;
}

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    conditions: ['source'],
    define: { 'import.meta.url': '""' }, // of threads, which nobody starts here
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

/** The guide's service worker, with time for one tick a slice, which also tells the page when a slice is done, and in which of its lives. */
const workerOf = (name: string, url: string): string =>
  `import { indexedDbStore } from '@xaynet/participant/browser';
  ${blockWith('export async function slice')}
  const train = async (length) => new Float32Array(length).fill(0.75);
  ${blockWith('self.addEventListener(type, work)').replaceAll('in the background', name).replace('https://coordinator.example', url).replace('10_000', '0')}
  const life = Math.random();
  self.addEventListener('message', (event) => event.waitUntil(navigator.locks.request('${name}', () => event.source.postMessage(life))));`;

/** Runs in the page. */
const PAGE = `import { indexedDbStore } from '@xaynet/participant/browser';
let told = () => undefined;
navigator.serviceWorker.onmessage = ({ data }) => told(data);
const active = {};
globalThis.begin = async (name, snapshot) => {
  await indexedDbStore(name).save(Uint8Array.from(snapshot));
  const registration = await navigator.serviceWorker.register('/' + name + '/sw.js');
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  if (worker.state !== 'activated') await new Promise((resolve) => worker.addEventListener('statechange', () => worker.state === 'activated' && resolve()));
  active[name] = registration.active;
};
globalThis.wake = (name) => active[name].postMessage('go');
globalThis.slice = (name) => new Promise((resolve) => {
  told = resolve;
  wake(name);
});`;

interface InPage {
  begin(name: string, snapshot: readonly number[]): Promise<void>;
  wake(name: string): void;
  /** Resolves to a number for this life of the service worker when a slice of its work is done. */
  slice(name: string): Promise<number>;
}

const ask = <Call extends keyof InPage>(page: Page, call: Call, ...given: Parameters<InPage[Call]>): Promise<Awaited<ReturnType<InPage[Call]>>> =>
  page.evaluate(([of, values]) => (globalThis as never as Record<string, (...v: unknown[]) => never>)[of]!(...values), [call, given] as const);

test('participants in service workers that are stopped again and again bring each message once', async () => {
  const round = await Round.begin(3);
  const browser = await launchChromium();
  const scripts: Record<string, string> = {
    '/page.js': await bundle(PAGE),
    '/sum/sw.js': await bundle(workerOf('sum', round.url)),
    '/update/sw.js': await bundle(workerOf('update', round.url)),
  };
  const server = await servePages(({ url }, response) => {
    const script = scripts[url!];
    if (script !== undefined) response.setHeader('content-type', 'text/javascript').end(script);
    else response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>');
  });
  try {
    const page = await browser.context.newPage();
    await page.goto(server.url);
    const devtools = await browser.context.newCDPSession(page);
    await devtools.send('ServiceWorker.enable');
    const running = new Set<string>();
    const stopping = new Set<string>();
    let stopped: () => void = () => undefined;
    devtools.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      for (const { versionId, runningStatus } of versions) {
        if (runningStatus !== 'stopped') running.add(versionId);
        else if (running.delete(versionId) && stopping.delete(versionId) && stopping.size === 0) stopped();
      }
    });
    /** Stops those that run; one that has an event to handle is started again by the browser. */
    const stop = async (): Promise<void> => {
      for (const id of running) stopping.add(id);
      if (stopping.size === 0) return;
      const all = new Promise<void>((resolve) => {
        stopped = resolve;
      });
      await devtools.send('ServiceWorker.stopAllWorkers');
      await all;
    };

    const keys = { sum: round.keys('sum'), update: round.keys('update') };
    for (const name of ['sum', 'update'] as const) {
      const participant = await Participant.create({ url: round.url, keys: keys[name], threads: 0 });
      await ask(page, 'begin', name, [...participant.snapshot()]);
    }
    round.join('update', 2, 0.25);
    const lives = new Set<number>();
    const isOver = (): boolean => round.events.some(({ type }) => type === 'model');
    for (let turn = 0; !isOver(); turn++) {
      for (const name of ['sum', 'update'] as const) {
        if (turn % 2 === 0) lives.add(await ask(page, 'slice', name));
        else await ask(page, 'wake', name);
      }
      await new Promise((resolve) => setTimeout(resolve, 7 * turn));
      await stop();
    }

    const { model } = await round.until('model');
    for (const weight of model.toWeights('F64')) assert.ok(Math.abs(weight - (0.75 + 0.25 + 0.25) / 3) < 1e-6, `${weight}`);
    assert.deepEqual(round.fate(keys.sum.publicKey), ['accepted sum', 'accepted sum2']);
    assert.deepEqual(round.fate(keys.update.publicKey), ['accepted update']);
    assert.ok(lives.size > 4, `${lives.size} lives`);
  } finally {
    await browser.close();
    await server.close();
    await round.end();
  }
});
