import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { maskingBackend, useMaskingBackend } from '../mask/backend.ts';
import { kernel } from './chosen.ts';
import type { Kernel, Unmasking } from './kernel.ts';
import { testedKernel as leftOut } from './no-wasm.ts';
import { wasmUnmasking as unmaskingLeftOut } from './no-wasm-unmasking.ts';
import { plain } from './plain.ts';
import { plainUnmasking } from './plain-unmasking.ts';
import { unmasking } from './unmasking.ts';
import { RIGHT, selfTest } from './wasm/self-test.ts';
import { RIGHT_UNMASKING, testUnmasking } from './wasm/self-test-unmasking.ts';

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
    ...[Float64Array, Int32Array, BigInt64Array].map(
      (Wrong): Kernel => ({
        ...plain,
        encode: (encoding, scalar, weights, out) => void (weights instanceof Wrong ? out.fill(0) : plain.encode(encoding, scalar, weights, out)),
      }),
    ),
    ...[Float32Array, Float64Array, Int32Array, BigInt64Array].map(
      (Wrong): Kernel => ({
        ...plain,
        readFractions: (bytes, weights, from) => (weights instanceof Wrong ? { count: 0, bytes: 0 } : plain.readFractions(bytes, weights, from)),
      }),
    ),
  ]) {
    assert.notEqual(selfTest(wrong), RIGHT);
  }
});

test('the test of unmasking knows what is right, and what is wrong in any of its functions', () => {
  assert.equal(testUnmasking(plainUnmasking), RIGHT_UNMASKING);
  for (const wrong of ['F32', 'F64', 'I32', 'I64'] as const) {
    const lie: Unmasking['decode'] = (group, elements, decoding, data) => {
      const weights = plainUnmasking.decode(group, elements, decoding, data);
      return data === wrong ? weights.fill((data === 'I64' ? 0n : 0) as never) : weights;
    };
    assert.notEqual(testUnmasking({ ...plainUnmasking, decode: lie }), RIGHT_UNMASKING, wrong);
  }
  assert.notEqual(testUnmasking({ ...plainUnmasking, writeFractions: () => ({ count: 0, bytes: 0 }) }), RIGHT_UNMASKING);
  assert.throws(() => unmaskingLeftOut(), /no-wasm/);
});

test('unmasking follows the kernel that is in use, and is plain where its module computes wrongly', () => {
  useMaskingBackend('plain');
  assert.equal(unmasking(), plainUnmasking);
  useMaskingBackend('auto');
  assert.notEqual(unmasking(), plainUnmasking);
  const output = execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '--eval', WRONG_UNMASKING], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(output), ['wasm+openssl', true]);
});

const WRONG_UNMASKING = `
  const { Module, Memory, Instance } = WebAssembly;
  const wrong = class { constructor(module, imports) { this.exports = { ...new Instance(module, imports).exports, decodeOthers() { return 0; } }; } };
  globalThis.WebAssembly = { Module, Memory, Instance: wrong };
  const { kernel } = await import('./chosen.ts');
  const { unmasking } = await import('./unmasking.ts');
  const { plainUnmasking } = await import('./plain-unmasking.ts');
  console.log(JSON.stringify([kernel().name, unmasking() === plainUnmasking]));
`;

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
