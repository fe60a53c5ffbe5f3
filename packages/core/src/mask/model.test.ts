import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Fraction, oracleExact, oracleNearest } from '../kernel/oracle.test.ts';
import { rational } from '../kernel/rational.ts';
import { type Model, modelFromWeights, modelToWeights, type Weights } from './model.ts';
import { scalarFrom, scalarToPrimitive } from './scalar.ts';

function float32(bits: string): number {
  return Buffer.from(bits, 'hex').readFloatBE();
}

const F32_MAX = 340282346638528859811704183484516925440n;
const F64_MAX = (2n ** 53n - 1n) << 971n;

test('a binary32 is exactly its fraction and comes back, subnormal or not (wire A.6)', () => {
  const rows: [string, bigint, bigint][] = [
    ['80000000', 0n, 1n],
    ['3dcccccd', 13421773n, 134217728n],
    ['2edbe6ff', 14411519n, 144115188075855872n],
    ['0da24260', 332307n, 332306998946228968225951765070086144n],
    ['00800000', 1n, 85070591730234615865843651857942052864n],
    ['000116c2', 35681n, 356811923176489970264571492362373784095686656n],
    ['00000001', 1n, 713623846352979940529142984724747568191373312n],
    ['7f7fffff', F32_MAX, 1n],
    ['4b800000', 16777216n, 1n],
  ];
  for (const [bits, numerator, denominator] of rows) {
    const model = modelFromWeights(Float32Array.of(float32(bits)));
    assert.deepEqual(model, [{ numerator, denominator }], bits);
    assert.deepEqual(modelToWeights(model, 'F32'), Float32Array.of(float32(bits) + 0), bits); // -0 comes back as 0
  }
  assert.deepEqual(modelFromWeights(Float64Array.of(0.1)), [{ numerator: 3602879701896397n, denominator: 2n ** 55n }]);
});

test('ratios become the correctly rounded doubles of wire A.6, and binary32 within 3 units of the original', () => {
  const rows: [bigint, bigint, string, string][] = [
    [88n, 45n, '3fff49f49f49f49f', '3ffa4fa5'],
    [31276n, 5117237816847365645n, '3cfb8687d6dd31d0', '27dc343f'],
    [11831959423660236703172401761017n, 429128549859804251409297n, '417a4b75f070e376', '4bd25baf'],
    [47193101212554694269991342641202502n, 158472503588785182111n, '42f0ed8f351a6613', '57876c7a'],
    [16522n, 1791023399398661231n, '3d04c5c9fc8b481f', '28262e50'],
    [15160772n, 152507210576011745203649392559070523n, '3a1f811d08fff5a6', '10fc08e8'],
    [11527848541510646939n, 257452296263n, '418559e5f85fa0a2', '4c2acf30'],
    [84213984422918986387884513617999646n, 4339086149511926657869n, '42b1a6d4b03d24b1', '558d36a5'],
  ];
  for (const [numerator, denominator, double, single] of rows) {
    const model = [rational(numerator, denominator)];
    const f64 = Buffer.alloc(8);
    f64.writeDoubleBE(modelToWeights(model, 'F64')[0]!);
    assert.equal(f64.toString('hex'), double);
    const f32 = Buffer.alloc(4);
    f32.writeFloatBE(modelToWeights(model, 'F32')[0]!);
    assert.ok(Math.abs(f32.readInt32BE() - Number.parseInt(single, 16)) <= 3, single);
    assert.equal(f32.readFloatBE(), oracleNearest({ numerator, denominator }, 'F32'));
  }
});

test('values that are no number: an error naming the weight, or the table of wire 4.2', () => {
  for (const [make, largest] of [
    [Float32Array, F32_MAX],
    [Float64Array, F64_MAX],
  ] as const) {
    const weights = make.of(1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0);
    const one = { numerator: 1n, denominator: 1n };
    const zero = { numerator: 0n, denominator: 1n };
    assert.deepEqual(modelFromWeights(weights, 'bounded'), [
      one,
      zero,
      { numerator: largest, denominator: 1n },
      { numerator: -largest, denominator: 1n },
      zero,
    ]);
    assert.ok(Number.isNaN(weights[1]), 'the input is not changed');
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.throws(() => modelFromWeights(make.of(0, 0, bad, Number.NaN)), { code: 'weight-not-finite', message: /weight 2 is/ });
    }
  }
  assert.deepEqual(modelFromWeights(Int32Array.of(-(2 ** 31)))[0]!.numerator, -(2n ** 31n));
  assert.deepEqual(modelFromWeights(BigInt64Array.of(-(2n ** 63n)))[0]!.numerator, -(2n ** 63n));
});

test('all four array types survive the way to fractions and back', () => {
  const arrays: fc.Arbitrary<Weights> = fc.oneof(
    fc.float32Array({ noNaN: true, noDefaultInfinity: true }),
    fc.float64Array({ noNaN: true, noDefaultInfinity: true }),
    fc.int32Array(),
    fc.bigInt64Array(),
  );
  fc.assert(
    fc.property(arrays, (weights) => {
      const data = weights instanceof Float32Array ? 'F32' : weights instanceof Float64Array ? 'F64' : weights instanceof Int32Array ? 'I32' : 'I64';
      const model = modelFromWeights(weights);
      const back = modelToWeights(model, data);
      assert.equal(back.constructor, weights.constructor);
      assert.deepEqual(
        [...back],
        Array.from<number | bigint, number | bigint>(weights, (weight) => (weight === 0 ? 0 : weight)),
      );
      Array.from<number | bigint, Fraction>(weights, oracleExact).forEach((fraction, i) => {
        assert.equal(fraction.numerator * model[i]!.denominator, model[i]!.numerator * fraction.denominator);
      });
    }),
  );
});

test('integers are truncated toward zero and must fit (wire 4.7)', () => {
  const to = (numerator: bigint, denominator: bigint, data: 'I32' | 'I64') => modelToWeights([rational(numerator, denominator)], data)[0];
  assert.equal(to(7n, 2n, 'I32'), 3);
  assert.equal(to(-7n, 2n, 'I32'), -3);
  assert.equal(to(-1n, 2n, 'I32'), 0);
  assert.equal(to(4294967295n, 2n, 'I32'), 2147483647);
  assert.equal(to(-(2n ** 31n), 1n, 'I32'), -(2 ** 31));
  assert.equal(to(-(2n ** 32n) - 1n, 2n, 'I32'), -(2 ** 31));
  assert.throws(() => to(2n ** 31n, 1n, 'I32'), { code: 'model-not-representable' });
  assert.throws(() => to(-(2n ** 31n) - 1n, 1n, 'I32'), { code: 'model-not-representable' });
  assert.equal(to(2n ** 64n - 1n, 2n, 'I64'), 2n ** 63n - 1n);
  assert.equal(to(-(2n ** 63n), 1n, 'I64'), -(2n ** 63n));
  assert.throws(() => to(2n ** 63n, 1n, 'I64'), { code: 'model-not-representable' });
});

test('floats beyond the largest are refused with the weight, by the exact value (wire 4.7)', () => {
  const model = (numerator: bigint, denominator = 1n): Model => [rational(0), rational(numerator, denominator)];
  assert.equal(modelToWeights(model(F32_MAX), 'F32')[1], (2 ** 24 - 1) * 2 ** 104);
  assert.throws(() => modelToWeights(model(2n * F32_MAX + 1n, 2n), 'F32'), { code: 'model-not-representable', message: /weight 1 as F32/ });
  assert.throws(() => modelToWeights(model(-(2n ** 128n)), 'F32'), { code: 'model-not-representable' });
  assert.equal(modelToWeights(model(-F64_MAX), 'F64')[1], -Number.MAX_VALUE);
  assert.throws(() => modelToWeights(model(2n * F64_MAX + 1n, 2n), 'F64'), { code: 'model-not-representable' });
  // Rows on which the original never returns, or returns 0: numerator and denominator beyond the float range each.
  assert.equal(modelToWeights([rational(10n ** 400n + 10n ** 399n, 10n ** 400n)], 'F64')[0], 1.1);
  assert.equal(modelToWeights([rational(3n * 10n ** 59n, 10n ** 60n + 1n)], 'F32')[0], Math.fround(0.3));
  assert.equal(modelToWeights([rational(1n, 10n ** 40n)], 'F32')[0], Math.fround(1e-40));
  assert.throws(() => modelToWeights([{ numerator: 1n, denominator: 0n }], 'F64'), { code: 'rational-invalid' });
});

test('scalars: exact, not negative, by type and mode (wire 4.2)', () => {
  assert.deepEqual(scalarFrom(0.1), { numerator: 3602879701896397n, denominator: 2n ** 55n });
  assert.deepEqual(scalarFrom(0.1, { type: 'F32' }), { numerator: 13421773n, denominator: 134217728n });
  assert.deepEqual(scalarFrom(-0), { numerator: 0n, denominator: 1n });
  assert.deepEqual(scalarFrom(3n), { numerator: 3n, denominator: 1n });
  assert.deepEqual(scalarFrom({ numerator: 2n, denominator: 6n }), { numerator: 1n, denominator: 3n });
  assert.deepEqual(scalarFrom(7, { type: 'I32' }), { numerator: 7n, denominator: 1n });
  assert.deepEqual(scalarFrom(2 ** 53 + 2, { type: 'I64' }), { numerator: 2n ** 53n + 2n, denominator: 1n });
  for (const value of [-1, -5e-324, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1n, rational(-1, 3)]) {
    assert.throws(() => scalarFrom(value), { code: 'scalar-invalid' }, String(value));
  }
  assert.throws(() => scalarFrom(1e39, { type: 'F32' }), { code: 'scalar-invalid' });
  const bounded = (value: number | bigint | Fraction, type?: 'F32' | 'F64' | 'I32') => scalarFrom(value, { type, mode: 'bounded' }).numerator;
  assert.equal(bounded(-1), 0n);
  assert.equal(bounded(-5, 'I32'), 0n);
  assert.equal(bounded(-5n), 0n);
  assert.equal(bounded(rational(-1, 3)), 0n);
  assert.equal(bounded(Number.NaN), 0n);
  assert.equal(bounded(Number.NEGATIVE_INFINITY), 0n);
  assert.equal(bounded(Number.POSITIVE_INFINITY), F64_MAX);
  assert.equal(bounded(Number.POSITIVE_INFINITY, 'F32'), F32_MAX);
  for (const value of [0.5, 2 ** 31, Number.NaN]) assert.throws(() => scalarFrom(value, { type: 'I32', mode: 'bounded' }), { code: 'scalar-invalid' });
  assert.throws(() => scalarFrom('1' as unknown as number), { code: 'scalar-invalid' });
  assert.throws(() => scalarFrom({ numerator: 1n, denominator: 0n }), { code: 'rational-invalid' });
});

test('scalars come back as primitives', () => {
  assert.equal(scalarToPrimitive(rational(1, 3), 'F64'), 1 / 3);
  assert.equal(scalarToPrimitive(rational(1, 3), 'F32'), Math.fround(1 / 3));
  assert.equal(scalarToPrimitive(rational(7, 2), 'I32'), 3);
  assert.equal(scalarToPrimitive(rational(7, 2), 'I64'), 3n);
  assert.throws(() => scalarToPrimitive(rational(2 ** 31), 'I32'), { code: 'model-not-representable' });
});
