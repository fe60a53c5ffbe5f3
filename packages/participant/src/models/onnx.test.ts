import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeOnnx, patchOnnx } from './onnx.ts';
import { joined, varint } from './protobuf.ts';
import { assertNoSurprise, assertTensors, bytesOf, files, tensorsOf } from './python-files.test.ts';
import type { NamedTensors } from './tensors.ts';

const python = files.onnx;
const mlp = bytesOf(python.mlp.bytes);
const kinds = bytesOf(python.kinds.bytes);
const integersToo = { only: ({ dtype }: { dtype: string | undefined }) => dtype !== undefined };
const code = (code: string, message?: RegExp) => (error: { code?: string; message: string }) =>
  error.code === code && (message === undefined || message.test(error.message));

// Messages by hand, for what Python's library does not write.
const field = (number: number, wire: number, ...parts: (Uint8Array | number[])[]): Uint8Array => {
  const bytes = joined(parts.map((part) => Uint8Array.from(part)));
  return joined(wire === 2 ? [varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes] : [varint(BigInt(number * 8 + wire)), bytes]);
};
const named = (name: string): Uint8Array => field(8, 2, [...Buffer.from(name)]);
const model = (...tensors: Uint8Array[]): Uint8Array => field(7, 2, ...tensors.map((tensor) => field(5, 2, tensor)));
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

test('float initialisers of a file of Python are read, integers when they are asked for', () => {
  assertTensors(decodeOnnx(mlp), tensorsOf(python.mlp));
  assert.deepEqual(decodeOnnx(mlp, integersToo).shape?.data, BigInt64Array.of(2n));
  assertTensors(decodeOnnx(mlp, { only: ({ name, shape }) => name.startsWith('fc2') && shape.length === 2 }), {
    'fc2.weight': tensorsOf(python.mlp)['fc2.weight']!,
  });
});

test('numbers in raw_data and in typed fields of all four types are read and replaced', () => {
  const before = tensorsOf(python.kinds);
  assertTensors(decodeOnnx(kinds, integersToo), before);
  const after: NamedTensors = {
    i32: { shape: [4], data: Int32Array.of(2 ** 31 - 1, -1, 5, 0) },
    i64: { shape: [2, 2], data: BigInt64Array.of(0n, 2n ** 63n - 1n, -(2n ** 63n), 1n) },
    f64: { shape: [], data: Float64Array.of(-0) },
  };
  const patched = patchOnnx(kinds, after);
  assertTensors(decodeOnnx(patched, integersToo), after);
  // Written back, the file is what Python wrote: lengths of all messages around included.
  assert.deepEqual(patchOnnx(patched, before), kinds.slice());
});

test('everything but the numbers stays byte for byte', () => {
  const before = tensorsOf(python.mlp);
  assert.deepEqual(patchOnnx(mlp, before), mlp.slice());
  assert.deepEqual(patchOnnx(mlp, {}), mlp);
  const after = Object.fromEntries(Object.entries(before).map(([name, { shape, data }]) => [name, { shape, data: (data as Float32Array).map((x) => 2 * x) }]));
  const patched = patchOnnx(mlp, after);
  assertTensors(decodeOnnx(patched), after);
  assert.equal(patched.length, mlp.length);
  const numbers = Object.values(before).reduce((sum, { data }) => sum + data.byteLength, 0);
  assert.ok(patched.filter((byte, i) => byte !== mlp[i]).length <= numbers);
  assertTensors(decodeOnnx(patchOnnx(mlp, { 'fc2.bias': after['fc2.bias']! })), { ...before, 'fc2.bias': after['fc2.bias']! });
});

test('fields that are not packed, packed dims, unknown fields and long numbers are read, and left as they are', () => {
  const tensor = joined([
    field(1, 2, [2], [1]), // dims, packed: [2, 1]
    field(2, 0, [0x81, 0x00]), // data type 1, longer than need be
    field(100, 5, [1, 2, 3, 4]),
    field(4, 5, floats(1.5)),
    field(101, 1, new Uint8Array(8)),
    field(4, 5, floats(-2)),
    named('w'),
  ]);
  const integers = joined([field(1, 0, [3]), field(2, 0, [7]), field(7, 0, [5]), field(7, 2, [6], [0x80, 0x01]), named('n')]);
  const bytes = joined([field(1, 0, [9]), model(tensor, integers), field(99, 2, [1, 2, 3])]);
  const expected = { w: { shape: [2, 1], data: Float32Array.of(1.5, -2) }, n: { shape: [3], data: BigInt64Array.of(5n, 6n, 128n) } };
  assertTensors(decodeOnnx(bytes, integersToo), expected);
  assert.deepEqual(patchOnnx(bytes, expected), bytes);
  const other = { w: { shape: [2, 1], data: Float32Array.of(7, 8) }, n: { shape: [3], data: BigInt64Array.of(-1n, 2n ** 40n, 0n) } };
  const patched = patchOnnx(bytes, other);
  assertTensors(decodeOnnx(patched, integersToo), other);
  assert.deepEqual(patchOnnx(patched, expected), bytes);
});

test('what cannot be read is named, with what to do', () => {
  assert.throws(() => decodeOnnx(bytesOf(python.half.bytes)), code('tensors-file-unsupported', /h: data type float16; the option only/));
  assertTensors(decodeOnnx(bytesOf(python.half.bytes), { only: ({ name }) => name === 'f' }), tensorsOf(python.half));
  assert.throws(() => decodeOnnx(bytesOf(python.external.bytes)), code('tensors-file-unsupported', /w lies in another file; onnx\.save/));
  assert.throws(() => patchOnnx(bytesOf(python.external.bytes), { w: { shape: [2], data: Float32Array.of(1, 2) } }), code('tensors-file-unsupported'));
  assert.throws(() => decodeOnnx(kinds, { only: () => true }), code('tensors-file-unsupported', /flag: data type bool/));
});

test('tensors that do not fit are refused with both sides', () => {
  const w = { shape: [3, 2], data: new Float32Array(6) };
  assert.throws(() => patchOnnx(mlp, { other: w }), code('tensor-unexpected', /other/));
  assert.throws(() => patchOnnx(mlp, { 'fc2.weight': { ...w, shape: [2, 3] } }), code('tensor-shape', /\[3, 2\] expected, \[2, 3\] with 6/));
  assert.throws(() => patchOnnx(mlp, { 'fc2.weight': { ...w, data: new Float32Array(5) } }), code('tensor-shape', /with 5 numbers/));
  assert.throws(() => patchOnnx(mlp, { 'fc2.weight': { ...w, data: new Float64Array(6) } }), code('tensor-dtype', /F32 expected, F64 given/));
});

test('what contradicts itself is refused', () => {
  const w = (...fields: Uint8Array[]): Uint8Array => model(joined([field(2, 0, [1]), named('w'), ...fields]));
  const bad = {
    'no graph': new Uint8Array(0),
    text: new Uint8Array(Buffer.from('not a model')),
    'too few raw bytes': w(field(1, 0, [2]), field(9, 2, floats(1))),
    'too many raw bytes': w(field(9, 2, floats(1, 2))),
    'too few floats': w(field(1, 0, [2]), field(4, 2, floats(1))),
    'no numbers': w(field(1, 0, [2])),
    'half a float': w(field(4, 2, [1, 2, 3])),
    'floats of eight bytes': w(field(4, 1, new Uint8Array(8))),
    'a name that is a number': model(field(8, 0, [1])),
    'a name that is no text': model(field(8, 2, [0xff])),
    'a negative size': w(field(1, 0, varint(-1n))),
    'a size beyond counting': w(field(1, 0, varint(2n ** 40n)), field(1, 0, varint(2n ** 40n))),
    'a number of eleven bytes': Uint8Array.of(8, ...new Array(10).fill(0x80), 0),
    'a field of number 0': Uint8Array.of(0, 0),
    'a group': Uint8Array.of(0x0b, 0x0c),
    'a length beyond the end': Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0),
    'a graph that is a number': field(7, 0, [1]),
    'two of one name': joined([w(field(9, 2, floats(1))), w(field(9, 2, floats(1)))]),
  };
  for (const [what, bytes] of Object.entries(bad)) assert.throws(() => decodeOnnx(bytes), code('tensors-file-invalid'), what);
  assert.throws(() => patchOnnx(bad['two of one name'], { w: { shape: [], data: Float32Array.of(1) } }), code('tensors-file-invalid'));
});

test('a file that was cut or changed anywhere is refused with a code, or read', () => {
  for (const bytes of [mlp, kinds]) {
    for (let length = 0; length < bytes.length; length++) assertNoSurprise(bytes.slice(0, length), (cut) => decodeOnnx(cut, integersToo));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const changed = bytes.slice();
        changed[at] = byte;
        assertNoSurprise(changed, (changed) => patchOnnx(changed, decodeOnnx(changed, integersToo)));
      }),
      { numRuns: 1000 },
    );
  }
  assert.throws(() => decodeOnnx(mlp.slice(0, 200)), code('tensors-file-invalid'));
});
