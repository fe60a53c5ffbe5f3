import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Fraction, oracleDouble, oracleExact } from '../kernel/oracle.test.ts';
import { rational } from '../kernel/rational.ts';
import { clampReport } from './clamp-report.ts';
import { MASK_CONFIGS, type MaskConfig, maskConfig, parseMaskConfig } from './config.ts';
import type { Model, Weights } from './model.ts';
import { type Scalar, scalarFrom } from './scalar.ts';

const both = (name: string) => ({ vect: parseMaskConfig(name), unit: parseMaskConfig(name) });
const B0 = both('Prime/F32/B0/M3');
const ONE = scalarFrom(1);

/** The definition, weight by weight, on big integers (wire 4.3). */
function countExactly(vect: MaskConfig, unit: MaskConfig, scalar: Scalar, weights: readonly Fraction[]): number {
  const used = scalar.numerator > unit.addShift * scalar.denominator ? { numerator: unit.addShift, denominator: 1n } : scalar;
  return weights.filter(({ numerator, denominator }) => {
    const product = used.numerator * (numerator < 0n ? -numerator : numerator);
    return product > vect.addShift * used.denominator * denominator;
  }).length;
}

const fractionsOf = (model: Weights | Model): Fraction[] =>
  Array.from<number | bigint | Fraction, Fraction>(model, (weight) => (typeof weight === 'object' ? weight : oracleExact(weight)));

/** The finite double `steps` after `value`. */
function neighbour(value: number, steps: bigint): number {
  const cell = Float64Array.of(value);
  new BigInt64Array(cell.buffer)[0]! += steps;
  return Number.isFinite(cell[0]) ? cell[0]! : Number.MAX_VALUE;
}

test('nothing is reported where nothing is clamped, values at the bound included', () => {
  assert.equal(clampReport({ config: B0, scalar: ONE, model: Float32Array.of(1, -1, 0, -0, 0.5) }), undefined);
  assert.equal(clampReport({ config: B0, scalar: ONE, model: new Float32Array(0) }), undefined);
  assert.equal(clampReport({ config: B0, scalar: scalarFrom(0), model: Float64Array.of(1e300) }), undefined);
  assert.equal(clampReport({ config: both('Prime/I32/Bmax/M3'), scalar: ONE, model: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) }), undefined);
  assert.equal(clampReport({ config: both('Prime/I64/Bmax/M3'), scalar: ONE, model: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) }), undefined);
  assert.equal(clampReport({ config: B0, scalar: ONE, model: [rational(1), rational(-1), rational(2, 3)] }), undefined);
});

test('share, largest value and both ways out are reported', () => {
  const model = Float32Array.of(0.5, 1, -3, 1.5, 0, 0, 0, 0, 0, 2);
  assert.deepEqual(clampReport({ config: B0, scalar: ONE, model }), {
    count: 3,
    length: 10,
    share: 0.3,
    largest: 3,
    bound: 1,
    scalarClamped: false,
    hint: 'Prime/F32/B2/M3 would hold all; so would scalars divided by 10 by every participant, with 1 decimal less',
  });
});

test('the bound is told for every data type, also where it is beyond 64 bits, of which some engines make a wrong Number', () => {
  const above = [rational(2n ** 1025n)];
  for (const [name, bound] of [
    ['F32/B0', 1],
    ['F32/B6', 1e6],
    ['F32/Bmax', (2 ** 24 - 1) * 2 ** 104],
    ['F64/Bmax', Number.MAX_VALUE],
    ['I32/Bmax', 2 ** 31],
    ['I64/Bmax', 2 ** 63],
  ] as const) {
    assert.equal(clampReport({ config: both(`Prime/${name}/M3`), scalar: ONE, model: above })?.bound, bound, name);
  }
});

test('the hint names the next bound of the same data type, up to the last', () => {
  const named = (name: string, model: Weights, scalar = ONE) => clampReport({ config: both(name), scalar, model })?.hint.split(' would')[0];
  assert.equal(named('Power2/F32/B0/M6', Float32Array.of(100)), 'Power2/F32/B2/M6');
  assert.equal(named('Power2/F32/B0/M6', Float32Array.of(100.5)), 'Power2/F32/B4/M6');
  assert.equal(named('Power2/F32/B4/M6', Float32Array.of(10_001)), 'Power2/F32/B6/M6');
  assert.equal(named('Power2/F32/B0/M6', Float32Array.of(3e38)), 'Power2/F32/Bmax/M6');
  assert.equal(named('Integer/I32/B6/M12', Int32Array.of(-1_000_001)), 'Integer/I32/Bmax/M12');
  assert.equal(named('Integer/I64/B6/M12', BigInt64Array.of(-1_000_001n)), 'Integer/I64/Bmax/M12');
  const hint = (name: string, model: Weights) => clampReport({ config: both(name), scalar: ONE, model })?.hint;
  assert.equal(hint('Power2/F32/B0/M6', Float32Array.of(3e38)), 'Power2/F32/Bmax/M6 would hold all');
  assert.equal(hint('Prime/F32/B0/M3', Float64Array.of(1e41)), 'no bound of F32 holds all: check the weights');
  assert.equal(
    hint('Prime/I32/B6/M3', BigInt64Array.of(-(2n ** 31n) - 1n)),
    'no bound of I32 holds all, but scalars divided by 10000 by every participant, with 4 decimals less, would',
  );
});

test('a scalar beyond the bound of the unit is reported, with or without weights that are', () => {
  const alone = clampReport({ config: B0, scalar: scalarFrom(50), model: Float32Array.of(0.5, 1) });
  assert.ok(alone?.scalarClamped);
  assert.deepEqual([alone.count, alone.share, alone.largest], [0, 0, 1]);
  assert.equal(
    alone.hint,
    'the scalar counts as 1: Prime/F32/B2/M3 would hold all; so would scalars divided by 100 by every participant, with 2 decimals less',
  );
  // With a larger bound the scalar would no longer be clamped, and 50 · 3 is beyond B2.
  assert.match(clampReport({ config: B0, scalar: scalarFrom(50), model: Float32Array.of(3) })?.hint ?? '', /F32\/B4\/.* divided by 1000 /);
  assert.ok(clampReport({ config: B0, scalar: scalarFrom(2), model: new BigInt64Array(0) })?.scalarClamped);
  assert.equal(clampReport({ config: both('Prime/F32/B2/M3'), scalar: scalarFrom(50), model: Float32Array.of(0.5, 1) }), undefined);
});

test('infinities count as what mode bounded makes of them, NaN as 0', () => {
  const float32 = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  assert.equal(clampReport({ config: B0, scalar: ONE, model: float32 })?.count, 2);
  assert.equal(clampReport({ config: both('Prime/F32/Bmax/M3'), scalar: ONE, model: float32 }), undefined);
  assert.equal(clampReport({ config: both('Prime/F32/Bmax/M3'), scalar: ONE, model: Float64Array.from(float32) })?.count, 2);
  assert.equal(clampReport({ config: both('Prime/F64/Bmax/M3'), scalar: ONE, model: Float64Array.from(float32) }), undefined);
});

test('every position of an array is looked at', () => {
  for (const make of [Float32Array, Float64Array, Int32Array]) {
    for (let length = 1; length < 10; length++) {
      for (let i = 0; i < length; i++) {
        const model = new make(length);
        model[i] = i % 2 === 0 ? 2 : -2;
        assert.equal(clampReport({ config: B0, scalar: ONE, model })?.count, 1, `${make.name} ${i} of ${length}`);
      }
    }
  }
});

test('the count is exact for random pairs of configurations, scalars and models, most of all beside the bound', () => {
  const scalars = fc.oneof(
    fc.constantFrom(rational(0), rational(1), rational(1, 3), rational(2, 3), rational(10n ** 330n), rational(1n, 10n ** 330n), rational(3n, 10n ** 12n)),
    fc.tuple(fc.nat(), fc.integer({ min: 1 })).map(([n, d]) => rational(n, d)),
  );
  const near = fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.boolean()), { maxLength: 6 });
  const form = fc.constantFrom('F32', 'F64', 'I32', 'I64', 'fractions');
  const configs = fc.constantFrom(...MASK_CONFIGS);
  fc.assert(
    fc.property(configs, configs, scalars, form, near, fc.double({ noNaN: true, noDefaultInfinity: true }), (vect, unit, scalar, form, steps, other) => {
      const used = scalar.numerator > unit.addShift * scalar.denominator ? rational(unit.addShift) : scalar;
      const limit = used.numerator === 0n ? rational(1) : rational(vect.addShift * used.denominator, used.numerator);
      const double = Math.min(oracleDouble(limit.numerator) / oracleDouble(limit.denominator) || 1, Number.MAX_VALUE);
      const whole = limit.numerator / limit.denominator;
      const doubles = steps.map(([step, sign]) => (sign ? 1 : -1) * neighbour(Math.max(double, 1e-300), BigInt(step)));
      const integers = steps.map(([step, sign]) => (sign ? 1n : -1n) * (whole + BigInt(step)));
      let model: Weights | Model;
      if (form === 'F32') model = Float32Array.from([...doubles, other], (value) => (Number.isFinite(Math.fround(value)) ? value : 1));
      else if (form === 'F64') model = Float64Array.of(...doubles, other);
      else if (form === 'I32') model = Int32Array.from(integers, (value) => Number(BigInt.asIntN(32, value)));
      else if (form === 'I64') model = BigInt64Array.from(integers, (value) => BigInt.asIntN(64, value));
      else
        model = [...integers.map((value) => rational(value)), rational(limit.numerator, limit.denominator), rational(limit.numerator + 1n, limit.denominator)];
      const report = clampReport({ config: { vect, unit }, scalar, model });
      const expected = countExactly(vect, unit, scalar, fractionsOf(model));
      const scalarClamped = scalar.numerator > unit.addShift * scalar.denominator;
      assert.equal(report?.count ?? 0, expected);
      assert.equal(report !== undefined, expected > 0 || scalarClamped);
      if (report !== undefined) assert.deepEqual([report.length, report.scalarClamped], [model.length, scalarClamped]);
    }),
    { numRuns: 600 },
  );
});

test('what the hint advises holds everything', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...MASK_CONFIGS),
      fc.tuple(fc.nat({ max: 1e6 }), fc.integer({ min: 1, max: 1e6 })),
      fc.float64Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 4 }),
      (vect, [n, d], model) => {
        const scalar = rational(n, d);
        const report = clampReport({ config: { vect, unit: vect }, scalar, model });
        if (report === undefined) return;
        const [, name] = / ?(\w+\/\w+\/\w+\/\w+) would hold/.exec(report.hint) ?? [];
        if (name !== undefined) assert.equal(clampReport({ config: both(name), scalar, model }), undefined, report.hint);
        const [, decimals] = / (\d+) decimal/.exec(report.hint) ?? [];
        if (decimals === undefined) return assert.ok(name !== undefined || report.largest > report.bound, report.hint);
        const divided = rational(scalar.numerator, scalar.denominator * 10n ** BigInt(decimals));
        assert.equal(clampReport({ config: { vect, unit: vect }, scalar: divided, model }), undefined, report.hint);
        const less = rational(10n * divided.numerator, divided.denominator);
        assert.notEqual(clampReport({ config: { vect, unit: vect }, scalar: less, model }), undefined, 'no smaller power of ten does');
      },
    ),
  );
});

test('what is no model, scalar or configuration is refused', () => {
  const vect = maskConfig('Prime', 'F32', 'B0', 'M3');
  assert.throws(() => clampReport({ config: B0, scalar: ONE, model: [1, 2] as unknown as Model }), { code: 'rational-invalid' });
  assert.throws(() => clampReport({ config: B0, scalar: rational(-1), model: Float32Array.of(1) }), { code: 'scalar-invalid' });
  assert.throws(() => clampReport({ config: { vect, unit: { ...vect } }, scalar: ONE, model: Float32Array.of(1) }), { code: 'config-unknown' });
});
