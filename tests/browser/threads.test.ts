// Web Workers in a real Chromium: pages that are isolated and may share memory, and pages that are not; a policy that forbids workers,
// a script that is not there, workers that the page starts itself. Every sum must be the one that the page computes without threads.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Chromium, launchChromium, type PageServer, servePages } from './chromium.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the page does: sums, unmasks and aggregates with a pool, and compares with the accumulator of the page itself. */
const PAGE = `
import { MaskSeed } from '@xaynet/core/bytes';
import { Aggregation, encodeMaskObject, equalMaskObjects, maskModel, parseMaskConfig, scalarFrom } from '@xaynet/core/mask';
import { createMaskPool } from '@xaynet/core/threads';

const vect = parseMaskConfig('Prime/F32/B0/M3');
const config = { vect, unit: vect };
const seeds = Array.from({ length: 9 }, (_, i) => MaskSeed(new Uint8Array(32).fill(i + 1)));

globalThis.run = async ({ own, ...options }) => {
  const spawn = own === undefined ? undefined : () => new Worker(own === 'blob' ? URL.createObjectURL(new Blob([workerText], { type: 'text/javascript' })) : own);
  const workerText = own === 'blob' ? await (await fetch('/classic-worker.js')).text() : '';
  const pool = createMaskPool({ threads: 2, keepFree: true, smallWork: 0, spawn, ...options });
  const length = 5000;
  const masks = new Aggregation(config, length);
  const models = new Aggregation(config, length);
  const sliced = await pool.aggregate({ config, length });
  for (const seed of seeds) {
    masks.addMask(seed);
    const object = maskModel({ config, seed, scalar: scalarFrom(1), model: Float32Array.from({ length }, (_, i) => Math.sin(i + seed[0])) });
    models.add(object);
    await sliced.add(object);
  }
  const told = [];
  const sum = await pool.sumMasks({ config, length, seeds, onProgress: ({ done }) => told.push(done) });
  const weights = models.unmask(masks.object()).toWeights('F32');
  const { weights: same } = await pool.unmask({ sum: models, mask: sum.object(), data: 'F32' });
  const { weights: again } = await sliced.unmask(sum.object(), 'F32');
  const equal = (a, b) => a.length === b.length && a.every((weight, i) => weight === b[i]);
  const right = sum.count === 9 && equalMaskObjects(sum.object(), masks.object()) && equalMaskObjects(await sliced.object(), models.object()) && equal(weights, same) && equal(weights, again);
  const controller = new AbortController();
  const aborted = await pool
    .sumMasks({ config, length: 200_000, seeds, signal: controller.signal, onProgress: () => controller.abort('enough') })
    .catch((reason) => reason);
  const later = await pool.sumMasks({ config, length, seeds });
  const report = { ...pool.report(), right: right && equalMaskObjects(later.object(), masks.object()), told: told.at(-1), aborted, isolated: crossOriginIsolated };
  pool.close();
  return report;
};
`;

/** Headers by path: the isolation that shared memory asks for, and a policy without workers. */
const HEADERS: Record<string, Record<string, string>> = {
  '/isolated': { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  '/policy': { 'content-security-policy': "script-src 'self' 'unsafe-eval'; worker-src 'none'" },
};

let server: PageServer;
let browser: Chromium;

before(async () => {
  const bundle = async (stdin: { contents: string } | undefined, entry: string, format: 'esm' | 'iife'): Promise<string> => {
    const { outputFiles } = await build({
      ...(stdin === undefined ? { entryPoints: [join(root, entry)] } : { stdin: { ...stdin, resolveDir: root } }),
      bundle: true,
      write: false,
      format,
      target: 'es2022',
      conditions: ['source'],
    });
    return outputFiles[0]!.text;
  };
  const worker = 'packages/core/src/threads/worker.browser.ts';
  const [page, module, classic] = await Promise.all([
    bundle({ contents: PAGE }, '', 'esm'),
    bundle(undefined, worker, 'esm'),
    bundle({ contents: "import '@xaynet/core/threads/worker';" }, '', 'iife'),
  ]);
  const scripts: Record<string, string> = { '/page.js': page, '/worker.browser.js': module, '/alone/page.js': page, '/classic-worker.js': classic };
  server = await servePages(({ url = '/' }, response) => {
    for (const [name, value] of Object.entries({ ...HEADERS['/isolated'], ...HEADERS[url] })) {
      if (url === '/isolated' || scripts[url] !== undefined || HEADERS[url]?.[name] !== undefined) response.setHeader(name, value);
    }
    const script = scripts[url];
    if (script !== undefined) response.setHeader('content-type', 'text/javascript').end(script);
    else if (url.endsWith('.js')) response.writeHead(404).end();
    else
      response.setHeader('content-type', 'text/html').end(`<!doctype html><script type="module" src="${url === '/alone' ? '/alone' : ''}/page.js"></script>`);
  });
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

interface Report {
  readonly right: boolean;
  readonly told: number;
  readonly aborted: unknown;
  readonly isolated: boolean;
  readonly shared: boolean;
  readonly started: number;
  readonly threaded: number;
  readonly inline: number;
  readonly trouble: string | undefined;
}

/** Runs the page under a path; it must not complain. */
async function run(path: string, options: object = {}): Promise<Report> {
  const tab = await browser.context.newPage();
  const complaints: string[] = [];
  tab.on('pageerror', (error) => complaints.push(String(error)));
  try {
    await tab.goto(`${server.url}${path}`);
    await tab.waitForFunction(() => 'run' in globalThis);
    const report = await tab.evaluate((given) => (globalThis as unknown as { run(given: object): Promise<Report> }).run(given), options);
    assert.deepEqual(complaints, []);
    assert.deepEqual([report.right, report.told, report.aborted], [true, 9, 'enough'], JSON.stringify(report));
    return report;
  } finally {
    await tab.close();
  }
}

test('an isolated page shares memory with its workers, any other copies', async () => {
  for (const [path, options, shared] of [
    ['/isolated', {}, true],
    ['/isolated', { shared: false }, false],
    ['/', {}, false],
  ] as const) {
    const report = await run(path, options);
    assert.equal(report.isolated, path === '/isolated');
    assert.deepEqual([report.shared, report.inline, report.trouble], [shared, 0, undefined], path);
    assert.equal(report.started, 2 + 2 + 2, 'a slice each, the others, and the others again after the abort');
  }
});

test('a page that asks for shared memory and cannot have it is told', async () => {
  await assert.rejects(run('/', { shared: true }), /cannot share memory/);
});

test('a page can start the workers itself: from a blob, or a classic script', async () => {
  for (const own of ['blob', '/classic-worker.js']) {
    const report = await run('/', { own });
    assert.deepEqual([report.inline, report.trouble], [0, undefined], own);
  }
});

test('where workers are forbidden, or their script is not there, the page does it itself and knows why', async () => {
  for (const path of ['/policy', '/alone']) {
    const report = await run(path);
    assert.equal(report.threaded, 0, path);
    assert.ok(report.trouble !== undefined && report.trouble.length > 5, path);
  }
});
