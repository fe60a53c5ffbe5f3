// Masking in a real browser: on the WebAssembly kernel where the page's policy lets it, on the plain one where it does not, with the
// reason, and from a bundle that leaves the module out; the bytes are those of Node.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MaskSeed } from '@xaynet/core/bytes';
import { encodeMaskObject, MASK_CONFIGS, maskModel, rational } from '@xaynet/core/mask';
import { build } from 'esbuild';
import { launchChromium, servePages } from './chromium.ts';

const CONFIGS = MASK_CONFIGS.filter((_, i) => i % 7 === 0);
const weights = (): Float32Array => Float32Array.from({ length: 301 }, (_, i) => Math.fround(((i * 7919) % 401) / 199 - 1));

const SCRIPT = `
import { encodeMaskObject, MASK_CONFIGS, maskingBackend, maskModel, rational } from '@xaynet/core/mask';
const weights = ${weights.toString()};
globalThis.run = () => [maskingBackend(), MASK_CONFIGS.filter((_, i) => i % 7 === 0).map((vect) =>
  Array.from(encodeMaskObject(maskModel({ config: { vect, unit: vect }, seed: new Uint8Array(32).fill(9), scalar: rational(1, 3), model: weights() })), (byte) => byte.toString(16)).join(' '))];
`;

async function bundle(conditions: string[]): Promise<string> {
  const { outputFiles, warnings } = await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    conditions,
  });
  assert.deepEqual(warnings, []);
  return outputFiles[0]!.text;
}

test('a page masks on WebAssembly, or on the plain kernel where its policy or its bundle forbids that, with the bytes of Node', async () => {
  const scripts: Record<string, string> = { '/full.js': await bundle(['source']), '/without.js': await bundle(['source', 'no-wasm']) };
  assert.ok(scripts['/without.js']!.length < scripts['/full.js']!.length - 20_000, 'the module is left out');
  const server = await servePages(({ url = '/' }, response) => {
    const script = scripts[url];
    if (script !== undefined) return void response.setHeader('content-type', 'text/javascript').end(script);
    const [policy, file] = url.slice(1).split('-');
    if (policy === 'strict') response.setHeader('content-security-policy', "default-src 'self'");
    if (policy === 'wasm') response.setHeader('content-security-policy', "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'");
    response.setHeader('content-type', 'text/html').end(`<script src="/${file}.js"></script>`);
  });
  const browser = await launchChromium();
  const expected = CONFIGS.map((vect) => {
    const object = maskModel({ config: { vect, unit: vect }, seed: MaskSeed(new Uint8Array(32).fill(9)), scalar: rational(1, 3), model: weights() });
    return Array.from(encodeMaskObject(object), (byte) => byte.toString(16)).join(' ');
  });
  try {
    const tab = await browser.context.newPage();
    for (const [page, kernel, reason] of [
      ['open-full', 'wasm', /native keystream/],
      ['wasm-full', 'wasm', /native keystream/],
      ['strict-full', 'plain', /Content Security Policy/i],
      ['open-without', 'plain', /no-wasm/],
    ] as const) {
      await tab.goto(`${server.url}/${page}`);
      const [backend, objects] = (await tab.evaluate('run()')) as [{ kernel: string; keystream: string; reason?: string }, string[]];
      assert.deepEqual([backend.kernel, backend.keystream], [kernel, kernel], page);
      assert.match(backend.reason ?? '', reason, page);
      assert.deepEqual(objects, expected, page);
    }
  } finally {
    await browser.close();
    await server.close();
  }
});
