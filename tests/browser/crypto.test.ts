// WebCrypto in a real browser: where the page is a secure context it is found and signs, verifies and hashes long messages with the
// same bytes and verdicts as the portable base; where it is not, `crypto.subtle` is missing and the portable base does everything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { launchChromium, servePages } from './chromium.ts';

const SCRIPT = `
import { detectCryptoProviders, sha256Async, signAsync, signingKeyPairFromSeed, useCryptoProvider, verifyAsync } from '@xaynet/core/crypto';
const { publicKey, secretKey } = signingKeyPairFromSeed(new Uint8Array(32).fill(3));
const message = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
const results = async () => {
  const signature = await signAsync(message, secretKey);
  const good = await verifyAsync(signature, message, publicKey);
  signature[63] += 0x10; // S above the group order
  return [[...signature], good, await verifyAsync(signature, message, publicKey), [...(await sha256Async(message))]];
};
globalThis.run = async () => {
  const report = await detectCryptoProviders();
  const best = await results();
  useCryptoProvider('noble');
  return { secure: isSecureContext, report, good: best[1], bad: best[2], same: JSON.stringify(best) === JSON.stringify(await results()) };
};
`;

test('WebCrypto is found in a secure context, is not missed in another, and gives the same bytes', async () => {
  const { outputFiles, warnings } = await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    conditions: ['source'],
  });
  assert.deepEqual(warnings, []);
  const script = outputFiles[0]!.text;
  assert.doesNotMatch(script, /getBuiltinModule|createRequire/, 'nothing native is in the bundle');
  const server = await servePages((_, response) => response.setHeader('content-type', 'text/html').end(`<script>${script}</script>`));
  const browser = await launchChromium('--host-resolver-rules=MAP xaynet.test 127.0.0.1');
  try {
    const tab = await browser.context.newPage();
    const base = { signing: 'noble', shortSigning: 'noble', hashing: 'noble', agreement: 'noble', sealing: 'noble' };
    for (const [host, secure] of [
      ['127.0.0.1', true],
      ['xaynet.test', false],
    ] as const) {
      await tab.goto(`http://${host}:${server.port}/`);
      const result: unknown = await tab.evaluate('run()');
      const report = secure ? { ...base, asyncSigning: 'webcrypto', asyncHashing: 'webcrypto' } : base;
      assert.deepEqual(result, { secure, report, good: true, bad: false, same: true });
    }
  } finally {
    await browser.close();
    await server.close();
  }
});
