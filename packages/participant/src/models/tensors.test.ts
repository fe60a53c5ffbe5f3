import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Weights } from '@xaynet/core/mask';
import fc from 'fast-check';
import { assertTensors } from './python-files.test.ts';
import { checkManifest, flatten, type Manifest, manifestOf, type NamedTensors, type TensorData, unflatten } from './tensors.ts';

const f32 = (shape: number[], ...values: number[]) => ({ shape, data: Float32Array.from(values) });
const code = (code: string, message?: RegExp) => (error: { code?: string; message: string }) =>
  error.code === code && (message === undefined || message.test(error.message));

/** Tensors of any type and odd shapes, all of one type or mixed. */
export const data = (dtype: string, length: number): fc.Arbitrary<TensorData> => {
  const size = { minLength: length, maxLength: length };
  if (dtype === 'F32') return fc.float32Array(size);
  if (dtype === 'F64') return fc.float64Array(size);
  return dtype === 'I32' ? fc.int32Array(size) : fc.bigInt64Array(size);
};
export const shapes = fc.oneof(fc.constantFrom([], [0], [0, 3], [1], [2, 3], [2, 1, 2], [2, 1, 2, 2]), fc.array(fc.nat({ max: 3 }), { maxLength: 4 }));
export const tensorsIn = (...types: string[]): fc.Arbitrary<NamedTensors> => {
  const tensor = fc.tuple(fc.constantFrom(...types), shapes).chain(([dtype, shape]) =>
    data(
      dtype,
      shape.reduce((product, size) => product * size, 1),
    ).map((data) => ({ shape, data })),
  );
  return fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 5 }), tensor, { maxKeys: 5, noNullPrototype: true });
};

test('tensors are laid out by the code points of their names, with the digest that Python gives', () => {
  const tensors = { 'b.w': f32([2, 1], 1, 2), a: f32([], 3), '10': f32([1], 4), '9': f32([0, 3]), '\u{1f600}': f32([1], 5), '\uffff': f32([1], 6) };
  const manifest = manifestOf(tensors);
  // hashlib.sha256(json.dumps([1, "F32", [[n, s, "F32"] for n, s in sorted(shapes.items())]], separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
  assert.equal(manifest.digest, PYTHON_DIGEST);
  assert.deepEqual(
    manifest.tensors.map(({ name, offset, length }) => [name, offset, length]),
    [['10', 0, 1], ['9', 1, 0], ['a', 1, 1], ['b.w', 2, 2], ['\uffff', 4, 1], ['\u{1f600}', 5, 1]], // biome-ignore format: a table
  );
  assert.deepEqual(flatten(tensors, manifest), Float32Array.of(4, 3, 1, 2, 6, 5));
  assert.deepEqual(flatten(tensors), flatten(tensors, manifest));
});

const PYTHON_DIGEST = '642e0e8230a002a72dcc336d9307d3e8615b9a26c036009d7f1c6ff06d7edbfb';

test('the order is that of the UTF-8 bytes of any names', () => {
  const characters = fc.constantFrom('a', 'b', '\x7f', '\xe9', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{1f600}', '\u{10ffff}');
  fc.assert(
    fc.property(fc.array(fc.array(characters, { maxLength: 3 }), { maxLength: 8 }), (given) => {
      const names = [...new Set(given.map((text) => text.join('')))];
      const tensors = Object.fromEntries(names.map((name) => [name, f32([], 0)]));
      const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(
        manifestOf(tensors).tensors.map(({ name }) => name),
        sorted,
      );
    }),
  );
});

test('a given order is kept, and told apart by the digest', () => {
  const tensors = { a: f32([1], 1), b: f32([1], 2) };
  const manifest = manifestOf(tensors, { order: ['b', 'a'] });
  assert.deepEqual(flatten(tensors, manifest), Float32Array.of(2, 1));
  assert.notEqual(manifest.digest, manifestOf(tensors).digest);
  assert.throws(() => manifestOf(tensors, { order: ['a'] }), code('tensor-unexpected', /b/));
  assert.throws(() => manifestOf(tensors, { order: ['a', 'b', 'c'] }), code('tensor-missing', /c/));
  assert.throws(() => manifestOf(tensors, { order: ['a', 'b', 'b'] }), code('tensor-unexpected', /twice/));
});

test('what is flattened comes back, bit for bit, for every type and shape; a manifest survives JSON', () => {
  for (const dtype of ['F32', 'F64', 'I32', 'I64']) {
    fc.assert(
      fc.property(tensorsIn(dtype), (tensors) => {
        const manifest = manifestOf(tensors);
        assert.ok(Object.keys(tensors).length === 0 || manifest.dataType === dtype);
        const again = checkManifest(JSON.parse(JSON.stringify(manifest)));
        assert.deepEqual(again, manifest);
        assertTensors(unflatten(flatten(tensors, manifest), again), tensors);
      }),
      { numRuns: 60 },
    );
  }
});

test('mixed types take the type that holds all of them exactly', () => {
  for (const [types, expected] of [[['F32', 'F64', 'I32'], 'F64'], [['I32', 'I64'], 'I64']] as const) // biome-ignore format: a table
    fc.assert(
      fc.property(tensorsIn(...types), (tensors) => {
        const manifest = manifestOf(tensors);
        if (new Set(manifest.tensors.map(({ dtype }) => dtype)).size > 1) assert.equal(manifest.dataType, expected);
        const back = unflatten(flatten(tensors, manifest), manifest);
        for (const [name, { data }] of Object.entries(tensors)) assert.deepEqual(back[name]!.data, data);
      }),
      { numRuns: 60 },
    );
  const mixed = { f: f32([1], 1), steps: { shape: [], data: BigInt64Array.of(7n) } };
  assert.throws(() => manifestOf(mixed), code('tensor-dtype', /steps is I64 among floats/));
  assert.deepEqual(flatten(mixed, manifestOf(mixed, { dataType: 'F32' })), Float32Array.of(1, 7));
});

test('a value that would change is refused by name, index and value, unless lossy is said', () => {
  const cases: [TensorData, 'F32' | 'F64' | 'I32' | 'I64', Weights | undefined][] = [
    [Float64Array.of(0.5, 0.1), 'F32', Float32Array.of(0.5, 0.1)],
    [Int32Array.of(2 ** 24, 2 ** 24 + 1), 'F32', Float32Array.of(2 ** 24, 2 ** 24)],
    [BigInt64Array.of(2n ** 53n, 2n ** 53n + 1n), 'F64', Float64Array.of(2 ** 53, 2 ** 53)],
    [BigInt64Array.of(1n, 2n ** 60n + 1n), 'F32', Float32Array.of(1, 2 ** 60)],
    [Float32Array.of(-3, 2.25), 'I32', Int32Array.of(-3, 2)],
    [Float64Array.of(2 ** 60, -2.75), 'I64', BigInt64Array.of(2n ** 60n, -3n)],
    // Nothing near: not even lossy.
    [Float64Array.of(1, 1e39), 'F32', undefined],
    [Float64Array.of(1, 2 ** 31), 'I32', undefined],
    [Float32Array.of(1, Number.NaN), 'I32', undefined],
    [Float32Array.of(1, Number.POSITIVE_INFINITY), 'I64', undefined],
    [BigInt64Array.of(1n, -(2n ** 31n) - 1n), 'I32', undefined],
  ];
  for (const [data, dataType, rounded] of cases) {
    const tensors = { 'fc.weight': { shape: [2], data } };
    const manifest = manifestOf(tensors, { dataType });
    assert.throws(() => flatten(tensors, manifest), code('tensor-lossy', /fc\.weight: number 1 is /), String(data));
    if (rounded === undefined) assert.throws(() => flatten(tensors, manifest, { lossy: true }), code('tensor-lossy'));
    else assert.deepEqual(flatten(tensors, manifest, { lossy: true }), rounded);
  }
  const odd = { a: { shape: [3], data: Float64Array.of(Number.NaN, -0, Number.NEGATIVE_INFINITY) } };
  assert.deepEqual(flatten(odd, manifestOf(odd, { dataType: 'F32' })), Float32Array.of(Number.NaN, -0, Number.NEGATIVE_INFINITY));
});

test('a mean goes back into float tensors rounded, into integer tensors only when whole', () => {
  const manifest = manifestOf({ w: f32([1], 0), n: { shape: [1], data: Int32Array.of(0) } });
  assert.equal(manifest.dataType, 'F64');
  assert.deepEqual(unflatten(Float64Array.of(3, 0.1), manifest), { n: { shape: [1], data: Int32Array.of(3) }, w: f32([1], 0.1) });
  assert.throws(() => unflatten(Float64Array.of(2.5, 0.1), manifest), code('tensor-lossy', /n: number 0 is 2.5/));
  assert.deepEqual(unflatten(Float64Array.of(2.6, 0.1), manifest, { lossy: true }).n?.data, Int32Array.of(3));
});

test('tensors of unflatten are copies', () => {
  const weights = Float32Array.of(1, 2);
  const { w } = unflatten(weights, manifestOf({ w: f32([2], 0, 0) }));
  w!.data[0] = 9;
  assert.equal(weights[0], 1);
});

test('mistakes are named with both sides', () => {
  const tensors = { a: f32([2, 3], 1, 2, 3, 4, 5, 6), b: f32([1], 7) };
  const manifest = manifestOf(tensors);
  const { a, b } = tensors;
  assert.throws(() => flatten({ a }, manifest), code('tensor-missing', /\(b\)/));
  assert.throws(() => flatten({ a, b, c: b }, manifest), code('tensor-unexpected', /\(c\)/));
  assert.throws(() => flatten({ b, a: { ...a, shape: [3, 2] } }, manifest), code('tensor-shape', /a: \[2, 3\] expected, \[3, 2\] given/));
  assert.throws(() => flatten({ a, b: f32([], 7) }, manifest), code('tensor-shape', /b: \[1\] expected, \[\] given/));
  assert.throws(() => flatten({ a, b: { shape: [1], data: Float64Array.of(7) } }, manifest), code('tensor-dtype', /b: F32 expected, F64 given/));
  assert.throws(() => unflatten(new Float32Array(8), manifest), code('model-length', /8 weights given, the 2 tensors of the manifest have 7/));
  assert.throws(() => unflatten([1, 2] as unknown as Weights, manifest), code('tensor-dtype', /Float32Array\.from/));
  assert.throws(() => manifestOf({ a: { shape: [2], data: [1, 2] as unknown as TensorData } }), code('tensor-dtype', /a: .*Float32Array\.from/));
  assert.throws(() => manifestOf({ a: { shape: [1], data: Uint8Array.of(1) as unknown as TensorData } }), code('tensor-dtype', /Uint8Array given/));
  assert.throws(() => manifestOf({ a: undefined as never }), code('tensor-dtype'));
  assert.throws(() => manifestOf({ a: f32([2], 1) }), code('tensor-shape', /\[2\] has 2 numbers, 1 given/));
  for (const shape of [[-1], [1.5], [Number.NaN], [2 ** 53, 2], new Array(65).fill(1), 'x'])
    assert.throws(() => manifestOf({ a: { shape: shape as number[], data: Float32Array.of(1) } }), code('tensor-shape'), String(shape));
  assert.throws(() => manifestOf({ '\ud800': f32([], 1) }), code('tensor-unexpected'));
});

test('a manifest from elsewhere is believed only when it is consistent', () => {
  const manifest = manifestOf({ a: f32([2], 1, 2), b: f32([], 3) });
  const broken = (change: (copy: { -readonly [K in keyof Manifest]: Manifest[K] } & { tensors: Record<string, unknown>[] }) => void) => {
    const copy = JSON.parse(JSON.stringify(manifest));
    change(copy);
    return copy;
  };
  const changes: unknown[] = [
    ...[undefined, null, 1, 'x', [], {}],
    broken((copy) => Object.assign(copy, { version: 2 })),
    broken((copy) => Object.assign(copy, { dataType: 'F16' })),
    broken((copy) => Object.assign(copy, { dataType: 'F64' })),
    broken((copy) => Object.assign(copy, { length: 4 })),
    broken((copy) => Object.assign(copy, { digest: createHash('sha256').digest('hex') })),
    broken((copy) => Object.assign(copy, { tensors: 3 })),
    broken((copy) => copy.tensors.reverse()),
    broken((copy) => copy.tensors.push(null as never)),
    broken((copy) => Object.assign(copy.tensors[1]!, { offset: 1 })),
    broken((copy) => Object.assign(copy.tensors[1]!, { length: 2 })),
    broken((copy) => Object.assign(copy.tensors[1]!, { name: 'a' })),
    broken((copy) => Object.assign(copy.tensors[1]!, { shape: [-1] })),
    broken((copy) => Object.assign(copy.tensors[0]!, { shape: [1, 2] })),
    broken((copy) => Object.assign(copy.tensors[0]!, { dtype: 'I32' })),
  ];
  for (const value of changes) assert.throws(() => checkManifest(value), code('manifest-invalid'), JSON.stringify(value));
  assert.deepEqual(checkManifest(manifest), manifest);
});

test('names that mean something to objects are names like others', () => {
  const tensors = Object.fromEntries(['__proto__', 'constructor', 'toString', ''].map((name, i) => [name, f32([1], i)]));
  const manifest = manifestOf(tensors);
  assertTensors(unflatten(flatten(tensors, manifest), manifest), tensors);
  assert.throws(() => flatten({}, manifest), code('tensor-missing'));
});

test('a manifest from elsewhere may hold anything, also what cannot become a text', () => {
  let deep: unknown = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.throws(() => checkManifest({ version: 1, dataType: 'F32', tensors: [{ name: deep, shape: [], dtype: 'F32' }] }), { code: 'manifest-invalid' });
  assert.throws(() => checkManifest({ version: { toString: null }, dataType: 'F32', tensors: [] }), { code: 'manifest-invalid' });
});
