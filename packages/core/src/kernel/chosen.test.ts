import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { maskingBackend, useMaskingBackend } from '../mask/backend.ts';
import { kernel } from './chosen.ts';
import type { Kernel } from './kernel.ts';
import { wasmKernel as leftOut } from './no-wasm.ts';
import { plain } from './plain.ts';
import { RIGHT, selfTest } from './wasm/self-test.ts';

test('Node has the WebAssembly kernel with the keystream of OpenSSL; every backend can be taken by name', () => {
  assert.deepEqual(maskingBackend(), { kernel: 'wasm', keystream: 'openssl' });
  assert.equal(kernel().name, 'wasm+openssl');
  useMaskingBackend('plain');
  assert.deepEqual(maskingBackend(), { kernel: 'plain', keystream: 'plain', reason: 'chosen by name' });
  assert.equal(kernel(), plain);
  useMaskingBackend('wasm');
  assert.deepEqual(maskingBackend(), { kernel: 'wasm', keystream: 'wasm', reason: 'chosen by name' });
  useMaskingBackend('wasm+openssl');
  assert.equal(kernel().name, 'wasm+openssl');
  useMaskingBackend('auto');
  assert.deepEqual(maskingBackend(), { kernel: 'wasm', keystream: 'openssl' });
  assert.throws(() => useMaskingBackend('gpu' as 'plain'), /'wasm\+openssl' expected, "gpu" given/);
});

test('the self-test knows what a right kernel gives, and a wrong one by any of its functions', () => {
  assert.equal(selfTest(plain), RIGHT);
  for (const wrong of [
    { ...plain, draws: (seed: Uint8Array) => plain.draws(seed.map((byte) => byte ^ 1)) },
    { ...plain, inRange: () => true },
    { ...plain, areFinite: () => true },
    { ...plain, decode: () => new Float32Array(17) },
    ...(['F64', 'I32', 'I64'] as const).map(
      (wrong): Kernel => ({
        ...plain,
        decode: (group, elements, decoding, data) =>
          data === wrong
            ? plain.decode(group, elements, decoding, data).fill((data === 'I64' ? 0n : 0) as never)
            : plain.decode(group, elements, decoding, data),
      }),
    ),
    ...[Float64Array, Int32Array, BigInt64Array].map(
      (Wrong): Kernel => ({
        ...plain,
        encode: (encoding, scalar, weights, out) => void (weights instanceof Wrong ? out.fill(0) : plain.encode(encoding, scalar, weights, out)),
      }),
    ),
    { ...plain, writeFractions: () => ({ count: 0, bytes: 0 }) },
  ]) {
    assert.notEqual(selfTest(wrong), RIGHT);
  }
});

test('a native keystream that is wrong somewhere in long pieces, or at a later block, is not used', () => {
  const output = execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '--eval', LYING], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  const reason = 'the native keystream is not that of wire 2.1';
  assert.deepEqual(
    JSON.parse(output),
    [0, 1, 2].map(() => ({ kernel: 'wasm', keystream: 'wasm', reason })),
  );
});

const LYING = `
  const { maskingBackend, useMaskingBackend } = await import('@xaynet/core/mask');
  const { createCipheriv } = process.getBuiltinModule('node:crypto');
  const lies = [
    (bytes) => { if (bytes.length > 8192) bytes[100] ^= 1; },
    (bytes, iv) => { if (iv[0] !== 0) bytes[0] ^= 1; },
    (bytes, iv) => { if (iv[4] !== 0) bytes[0] ^= 1; },
  ];
  const told = [];
  const real = process.getBuiltinModule;
  for (const lie of lies) {
    process.getBuiltinModule = (name) => name !== 'node:crypto' ? real(name) : { createCipheriv: (name, key, iv) => {
      const cipher = createCipheriv(name, key, iv);
      return { update: (zeros) => { const bytes = cipher.update(zeros); lie(bytes, iv); return bytes; } };
    } };
    useMaskingBackend('auto');
    told.push(maskingBackend());
  }
  console.log(JSON.stringify(told));
`;

test('without WebAssembly, where a policy forbids it, and where it computes wrongly, masking is plain and the reason is told', () => {
  // In a process of its own, as an instance is kept once it was made.
  const output = execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '--eval', REFUSED], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(output), [
    { kernel: 'plain', keystream: 'plain', reason: 'this engine has no WebAssembly' },
    { kernel: 'plain', keystream: 'plain', reason: 'unsafe-eval is not an allowed source of script' },
    { kernel: 'plain', keystream: 'plain', reason: 'the self-test of the WebAssembly kernel failed' },
  ]);
  assert.throws(() => leftOut(), /no-wasm/);
});

const REFUSED = `
  const { maskingBackend, useMaskingBackend } = await import('@xaynet/core/mask');
  const { Module, Memory, Instance } = WebAssembly;
  const refuse = class { constructor() { throw new Error('unsafe-eval is not an allowed source of script'); } };
  const wrong = class { constructor(module, imports) { this.exports = { ...new Instance(module, imports).exports, packSums() {} }; } };
  const told = [];
  for (const engine of [undefined, { Module: refuse, Memory, Instance }, { Module, Memory, Instance: wrong }]) {
    globalThis.WebAssembly = engine;
    useMaskingBackend('auto');
    told.push(maskingBackend());
  }
  console.log(JSON.stringify(told));
`;
