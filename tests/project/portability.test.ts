// Core runs where there is no WebAssembly, no TextEncoder, no crypto, no Buffer and no process: it is loaded in a Node process
// from which all of them were removed before its first line, and does one masked sum with sealed, signed messages there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const PROLOGUE = `
const print = console.log.bind(console);

for (const name of ['WebAssembly', 'TextEncoder', 'TextDecoder', 'crypto', 'Crypto', 'CryptoKey', 'SubtleCrypto', 'Buffer', 'fetch', 'Request', 'Response', 'URL', 'URLSearchParams',
  'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'structuredClone', 'atob', 'btoa', 'performance', 'SharedArrayBuffer', 'Atomics', 'navigator', 'console', 'AbortSignal', 'AbortController']) delete globalThis[name];
const real = process;
delete globalThis.process;
`;

const PROGRAM = `
import * as core from '@xaynet/core';
let counter = 0;
const random = (length) => Uint8Array.from({ length }, () => (counter = (counter * 1103515245 + 12345) & 0x7fffffff) >> 16);
const config = core.parseMaskConfig('Power2/F32/B0/M6');
const pair = { vect: config, unit: config };
const coordinator = core.generateEncryptKeyPair(random);
const keys = core.generateSigningKeyPair(random);
const scalar = core.scalarFrom(1);
const seeds = [1, 2, 3].map((byte) => core.MaskSeed(new Uint8Array(32).fill(byte)));
const models = [[0.5, -0.25], [0.25, 0.75], [0, 0.25]].map((weights) => Float32Array.from(weights));
const aggregate = new core.Aggregation(pair, 2);
const masks = new core.Aggregation(pair, 2);
models.forEach((model, i) => {
  const maskedModel = core.maskModel({ config: pair, seed: seeds[i], scalar, model });
  const signature = core.sign(new Uint8Array(3), keys.secretKey);
  const payload = core.encodePayload({ tag: 'update', sumSignature: signature, updateSignature: signature, maskedModel, localSeedDict: new core.KeyMap() });
  const sealed = core.seal(core.signMessage({ coordinator: coordinator.publicKey, tag: 'update', multipart: false }, payload, keys), coordinator.publicKey, random);
  const message = core.parseMessage(core.openSealed(sealed, coordinator));
  if (!core.verifyMessage(message)) throw new Error('signature');
  aggregate.add(core.decodePayload('update', message.payload).maskedModel);
  masks.addMask(seeds[i]);
});
const mean = aggregate.unmask(masks.object());
print(JSON.stringify([[...mean.toWeights('F32')], core.toHex(core.encodeModel(mean.toModel())).length > 0]));
real.exitCode = 0;
`;

test('core masks, seals, signs and unmasks without WebAssembly, TextEncoder, crypto and the rest of the platform', async () => {
  // Bundled first: stripping types, as Node does for sources, needs WebAssembly itself. The banner runs before any module of core.
  const { outputFiles } = await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['source'],
    banner: { js: PROLOGUE },
  });
  const run = spawnSync(process.execPath, ['--input-type=module'], { encoding: 'utf8', input: outputFiles[0]!.text, env: { PATH: process.env.PATH } });
  assert.equal(run.stderr, '');
  assert.equal(run.status, 0);
  assert.deepEqual(JSON.parse(run.stdout), [[0.25, 0.25], true]);
});
