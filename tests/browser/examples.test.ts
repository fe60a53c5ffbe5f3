// The examples of sources and documents in a page: all that need nothing of Node, those that are marked `ts browser` among them, each a
// module of a bundle, with a real coordinator for those that take part. What their comments claim holds there too.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { withClaims } from '../project/claims.ts';
import { examples, root } from '../project/example-blocks.ts';
import { launchChromium, servePages } from './chromium.ts';
import { Round } from './round.ts';

const NEEDS_NODE = /from '(?:node:|@xaynet\/coordinator|@xaynet\/participant\/node|xaynet)|\bprocess\./;
const claims = fileURLToPath(new URL('../project/claims.ts', import.meta.url));

test('every example that needs no Node does in a page what it says', async ({ signal }) => {
  const chosen = examples().filter(({ code, where }) => where === 'browser' || !NEEDS_NODE.test(code));
  assert.ok(
    chosen.some(({ code }) => code.includes('runBrowserParticipant')),
    'the page itself is among them',
  );
  const folder = join(root, '.examples-under-test/browser');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The first round takes more updates than there are examples, so that nothing ends while they run, and hardly any of them is for a sum, of which
  // it takes no other.
  const round = await Round.begin(1000, 4, 0.01);
  const browser = await launchChromium();
  let server: Awaited<ReturnType<typeof servePages>> | undefined;
  try {
    round.join('sum', 1);
    await round.until('accepted');
    const names = chosen.map((_, i) => `example-${i}.ts`);
    for (const [i, { code }] of chosen.entries())
      writeFileSync(join(folder, names[i]!), withClaims(code, claims, 'browser').replaceAll('http://127.0.0.1:8081', round.url));
    await build({
      entryPoints: [...names.map((name) => join(folder, name)), join(root, 'packages/participant/src/browser/engine-worker.ts')],
      entryNames: '[name]',
      outdir: join(folder, 'built'),
      bundle: true,
      splitting: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['source'],
      supported: { 'top-level-await': true },
    });
    server = await servePages(({ url }, response) => {
      if (!url!.endsWith('.js')) return void response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,">');
      response.setHeader('content-type', 'text/javascript').end(readFileSync(join(folder, 'built', url!)));
    });
    const page = await browser.context.newPage();
    await page.goto(server.url);
    const failures: string[] = [];
    for (const [i, { name }] of chosen.entries()) {
      // One that does not end takes the time of the test, which then says where it was.
      const told = (): void => console.error(`${name} does not end`);
      signal.addEventListener('abort', told);
      const failure = await page.evaluate(
        (path) =>
          import(path).then(
            () => undefined,
            (error) => String(error?.message ?? error),
          ),
        `/example-${i}.js`,
      );
      signal.removeEventListener('abort', told);
      if (failure !== undefined) failures.push(`${name}: ${failure}`);
    }
    assert.deepEqual(failures, []);
    const taken = round.events.filter(({ type }) => type === 'accepted').length;
    assert.ok(taken > 1, `${taken} messages of examples reached the coordinator`);
  } finally {
    await browser.close();
    await server?.close();
    await round.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
