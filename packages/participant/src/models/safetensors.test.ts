import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assertCoded, assertNoSurprise, assertTensors, bytesOf, files, tensorOf, tensorsOf } from './python-files.test.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { tensorsIn } from './tensors.test.ts';
import type { NamedTensors } from './tensors.ts';

const python = files.safetensors;
const code = (code: string, message?: RegExp) => (error: { code?: string; message: string }) =>
  error.code === code && (message === undefined || message.test(error.message));
const invalid = (message: RegExp) => code('tensors-file-invalid', message);

/** A file of a header as it is given, and so many bytes of numbers. */
function file(header: unknown, numbers = 0, length?: bigint): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + numbers);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

test('files of the Python library are read, and written again byte for byte', () => {
  for (const name of ['all', 'plain', 'none'] as const) {
    const { tensors, metadata } = decodeSafetensors(bytesOf(python[name].bytes));
    assertTensors(tensors, tensorsOf(python[name]));
    assert.deepEqual(metadata, python[name].metadata);
    assert.deepEqual(Buffer.from(encodeSafetensors(tensors, metadata)).toString('base64'), python[name].bytes);
  }
});

test('16-bit floats are refused, left out, or read as F32', () => {
  const bytes = bytesOf(python.halves.bytes);
  assert.throws(() => decodeSafetensors(bytes), code('tensors-file-unsupported', /(F16|BF16).*widen/));
  const { h, bf, f } = python.halves.tensors;
  assertTensors(decodeSafetensors(bytes, { widen: true }).tensors, { h: tensorOf(h!), bf: tensorOf(bf!), f: tensorOf(f!) });
  assertTensors(decodeSafetensors(bytes, { only: (name) => name === 'f' }).tensors, { f: tensorOf(f!) });
});

test('other types are refused by name, or left out', () => {
  const bytes = bytesOf(python.bytes.bytes);
  assert.throws(() => decodeSafetensors(bytes, { widen: true }), code('tensors-file-unsupported', /u8: U8 \[3\]; the option only leaves it out/));
  assert.deepEqual(Object.keys(decodeSafetensors(bytes, { only: (name) => name !== 'u8' }).tensors), ['f']);
  assert.throws(() => decodeSafetensors(file({ a: { dtype: 'F128', shape: [], data_offsets: [0, 16] } }, 16)), code('tensors-file-unsupported', /F128/));
});

test('any tensors and texts come back', () => {
  const texts = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { maxKeys: 3, noNullPrototype: true });
  fc.assert(
    fc.property(tensorsIn('F32', 'F64', 'I32', 'I64'), texts, (tensors, metadata) => {
      const bytes = encodeSafetensors(tensors, metadata);
      const back = decodeSafetensors(bytes);
      assertTensors(back.tensors, tensors);
      assert.deepEqual(back.metadata, metadata);
      assert.equal((bytes.length - Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0)) % 8, 0);
    }),
    { numRuns: 200 },
  );
  assert.throws(() => encodeSafetensors({ __metadata__: { shape: [], data: Int32Array.of(1) } }), code('tensor-unexpected'));
  assert.throws(() => encodeSafetensors({ a: { shape: [2], data: Int32Array.of(1) } }), code('tensor-shape'));
  assert.throws(() => encodeSafetensors({}, { a: '\ud800' }), code('tensor-unexpected')); // JSON would escape it, Python would refuse it
});

test('what contradicts itself is refused', () => {
  const f32 = (shape: unknown, from: unknown, to: unknown) => ({ dtype: 'F32', shape, data_offsets: [from, to] });
  assert.throws(() => decodeSafetensors(file('[]')), invalid(/begins with \{/));
  assert.throws(() => decodeSafetensors(file(' {}')), invalid(/begins with \{/));
  assert.throws(() => decodeSafetensors(file('{"a":')), invalid(/not JSON/));
  assert.throws(() => decodeSafetensors(file('{}\0')), invalid(/not JSON/));
  assert.throws(() => decodeSafetensors(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff)), invalid(/UTF-8/));
  assert.throws(() => decodeSafetensors(file('{}', 0, 2n ** 64n - 1n)), invalid(/a header of 18446744073709551615 bytes/));
  assert.throws(() => decodeSafetensors(file('{}', 0, 3n)), invalid(/a header of 3 bytes in a file of 10/));
  assert.throws(() => decodeSafetensors(file('{}', 1)), invalid(/tensors of 0 bytes, 1 are there/));
  assert.throws(() => decodeSafetensors(file({ a: f32([1], 4, 8) }, 8)), invalid(/a begins at 4, the tensor before it ends at 0/));
  assert.throws(() => decodeSafetensors(file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12)), invalid(/b begins at 8/));
  assert.throws(() => decodeSafetensors(file({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8)), invalid(/b begins at 4/));
  assert.throws(() => decodeSafetensors(file({ a: f32([2], 0, 8) }, 4)), invalid(/tensors of 8 bytes, 4 are there/));
  for (const entry of [f32([2], 0, 4), f32([1], 4, 0), f32([-1], 4, 0), f32([1.5], 0, 6), f32('1', 0, 4), f32([1], '0', 4), f32([1], -4, 0), null, 5, []])
    assert.throws(() => decodeSafetensors(file({ a: entry }, 4)), invalid(/^.*a: /), JSON.stringify(entry));
  assert.throws(() => decodeSafetensors(file({ a: f32([2 ** 52, 2 ** 52], 0, 4) }, 4)), invalid(/a: /));
  for (const metadata of [1, [], null, { a: 1 }]) assert.throws(() => decodeSafetensors(file({ __metadata__: metadata })), invalid(/__metadata__/));
  assert.deepEqual(decodeSafetensors(file('{}   ')), { tensors: {}, metadata: {} });
  assert.deepEqual(decodeSafetensors(file(`{${' '.repeat(1_000_000)}}`)), { tensors: {}, metadata: {} }); // no time that grows with its square
});

test('a file that was cut or changed anywhere is refused with a code, or read', () => {
  const bytes = bytesOf(python.all.bytes);
  assertCoded(bytes, decodeSafetensors);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const changed = bytes.slice();
      changed[at] = byte;
      assertNoSurprise(changed, decodeSafetensors);
    }),
    { numRuns: 2000 },
  );
});

test('names that mean something to objects are names like others', () => {
  const tensors: NamedTensors = Object.fromEntries(['__proto__', 'constructor', '2', '10'].map((name, i) => [name, { shape: [], data: Float32Array.of(i) }]));
  assertTensors(decodeSafetensors(encodeSafetensors(tensors)).tensors, tensors);
});

test('what a hostile header says is told shortly, and however deep it is', () => {
  const file = (header: string): Uint8Array => {
    const bytes = new Uint8Array(12 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(Buffer.from(header), 8);
    return bytes;
  };
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  for (const [dtype, shape, offsets] of [
    ['F32', '[1]', `[${deep},4]`],
    ['F32', deep, '[0,4]'],
    ['n'.repeat(100_000), '[1]', '[0,4]'],
  ]) {
    assert.throws(
      () => decodeSafetensors(file(`{"a":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`)),
      (error: Error & { code: string }) => error.code.startsWith('tensors-file-') && error.message.length < 1000,
    );
  }
});

test('an ArrayBuffer is told from bytes', () => {
  const { buffer } = encodeSafetensors({ w: { shape: [1], data: Float32Array.of(1) } });
  assert.throws(() => decodeSafetensors(buffer as never), { code: 'option-invalid' });
  assert.deepEqual(decodeSafetensors(new Uint8Array(buffer)).tensors.w?.data, Float32Array.of(1));
});
