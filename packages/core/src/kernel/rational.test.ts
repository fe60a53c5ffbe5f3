import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { oracleExact, oracleNearest } from './oracle.test.ts';
import { bitLength, decompose, exactly, FLOAT32, FLOAT64, greatestCommonDivisor, nearestFloat, rational } from './rational.ts';

/** Fractions of every size, among them those that lie exactly between two floats, or just beside. */
const fractions: fc.Arbitrary<{ numerator: bigint; denominator: bigint }> = fc.oneof(
  fc.record({ numerator: fc.bigInt({ min: -(2n ** 120n), max: 2n ** 120n }), denominator: fc.bigInt({ min: 1n, max: 2n ** 120n }) }),
  fc.record({ numerator: fc.bigInt({ min: -(2n ** 1100n), max: 2n ** 1100n }), denominator: fc.bigInt({ min: 1n, max: 2n ** 1100n }) }),
  fc.record({ numerator: fc.bigInt({ min: -1000n, max: 1000n }), denominator: fc.bigInt({ min: 1n, max: 1000n }) }),
  fc
    .record({
      odd: fc.bigInt({ min: -(2n ** 56n), max: 2n ** 56n }),
      exponent: fc.oneof(fc.integer({ min: -1140, max: 980 }), fc.integer({ min: -160, max: -100 }), fc.integer({ min: 90, max: 130 })),
      nudge: fc.constantFrom(-1n, 0n, 0n, 1n),
    })
    .map(({ odd, exponent, nudge }) => ({
      numerator: (odd << BigInt(Math.max(exponent, 0) + 200)) + nudge,
      denominator: 1n << BigInt(Math.max(-exponent, 0) + 200),
    })),
);

test('nearestFloat is the nearest float, ties to even, subnormal or not, and nothing beyond the largest', () => {
  fc.assert(
    fc.property(fractions, (fraction) => {
      for (const [data, format] of [
        ['F32', FLOAT32],
        ['F64', FLOAT64],
      ] as const) {
        const actual = nearestFloat(fraction.numerator, fraction.denominator, format);
        assert.ok(Object.is(actual, oracleNearest(fraction, data)), `${fraction.numerator}/${fraction.denominator} ${data} ${actual}`);
      }
    }),
    { numRuns: 400 },
  );
});

test('the edges of both formats: smallest step, half of it, largest value, one beyond', () => {
  assert.equal(nearestFloat(1n, 2n ** 149n, FLOAT32), 2 ** -149);
  assert.equal(nearestFloat(1n, 2n ** 150n, FLOAT32), 0);
  assert.equal(nearestFloat(2n ** 60n + 1n, 2n ** 210n, FLOAT32), 2 ** -149);
  assert.equal(nearestFloat(3n, 2n ** 150n, FLOAT32), 2 ** -148);
  assert.equal(nearestFloat(1n, 2n ** 1074n, FLOAT64), 5e-324);
  assert.equal(nearestFloat(1n, 2n ** 1075n, FLOAT64), 0);
  assert.ok(Object.is(nearestFloat(-1n, 10n ** 5000n, FLOAT64), -0));
  const largest = exactly(Number.MAX_VALUE).numerator;
  assert.equal(nearestFloat(-largest, 1n, FLOAT64), -Number.MAX_VALUE);
  assert.equal(nearestFloat(2n * largest - 1n, 2n, FLOAT64), Number.MAX_VALUE);
  assert.equal(nearestFloat(2n * largest + 1n, 2n, FLOAT64), undefined);
  assert.equal(nearestFloat(10n ** 5000n, 1n, FLOAT64), undefined);
});

test('a float is exactly its fraction, in lowest terms, and comes back', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const fraction = exactly(value);
      const expected = oracleExact(value);
      assert.equal(fraction.numerator * expected.denominator, expected.numerator * fraction.denominator);
      assert.deepEqual(rational(fraction.numerator, fraction.denominator), fraction);
      assert.equal(nearestFloat(fraction.numerator, fraction.denominator, FLOAT64), value + 0);
      const { significand, exponent } = decompose(value);
      assert.ok(significand === 0 ? exponent === 0 : significand % 2 !== 0);
    }),
  );
});

test('rational reduces, carries the sign on top, and refuses what is no fraction', () => {
  assert.deepEqual(rational(6, -4), { numerator: -3n, denominator: 2n });
  assert.deepEqual(rational(0, -7), { numerator: 0n, denominator: 1n });
  assert.deepEqual(rational(5n), { numerator: 5n, denominator: 1n });
  for (const [n, d] of [
    [1, 0],
    [0.5, 1],
    [2 ** 53, 1],
    [Number.NaN, 1],
    [1, Number.POSITIVE_INFINITY],
  ] as const) {
    assert.throws(() => rational(n, d), { code: 'rational-invalid' });
  }
});

test('greatest common divisors and bit lengths of integers small and large', () => {
  const integers = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 300n }), fc.bigInt({ min: 0n, max: 100n }));
  fc.assert(
    fc.property(integers, integers, integers, (a, b, c) => {
      const divisor = greatestCommonDivisor(a * c, b * c);
      if (divisor === 0n) return assert.equal(c === 0n || (a === 0n && b === 0n), true);
      assert.equal((a * c) % divisor, 0n);
      assert.equal((b * c) % divisor, 0n);
      assert.equal(greatestCommonDivisor((a * c) / divisor, (b * c) / divisor), 1n);
    }),
  );
  for (const [value, bits] of [
    [0n, 0],
    [1n, 1],
    [2n, 2],
    [255n, 8],
    [256n, 9],
    [2n ** 2112n, 2113],
    [2n ** 2112n - 1n, 2112],
  ] as const) {
    assert.equal(bitLength(value), bits);
  }
});
