import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { MaskSeed } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { type Fraction, oracleExact, oracleMask, pack } from '../kernel/oracle.test.ts';
import { rational } from '../kernel/rational.ts';
import { Aggregation } from './aggregation.ts';
import { MASK_CONFIGS, type MaskConfigPair, maskConfig, parseMaskConfig } from './config.ts';
import { deriveMask, type MaskingInput, maskModel, maskModelInPieces } from './masking.ts';
import type { Model, Weights } from './model.ts';
import { encodeMaskObject, type MaskObject } from './object.ts';
import { scalarFrom } from './scalar.ts';

const table = JSON.parse(readFileSync(new URL('../../../../vectors/group-orders.json', import.meta.url), 'utf8'));
const parse = (text: string): Fraction => rational(BigInt(text.split('/')[0]!), BigInt(text.split('/')[1] ?? 1));
const both = (name: readonly ['Prime', 'F32', 'B0' | 'B2', 'M3' | 'M6']): MaskConfigPair => ({ vect: maskConfig(...name), unit: maskConfig(...name) });
const PRIME = both(['Prime', 'F32', 'B0', 'M3']);
const seedOf = (byte: number): MaskSeed => MaskSeed(new Uint8Array(32).fill(byte));
const count = (from: number): MaskSeed => MaskSeed(new Uint8Array(32).map((_, i) => from + i));
const hexOf = (object: MaskObject): string => toHex(encodeMaskObject(object));
const hex = (text: string): string => text.replaceAll(' ', '');

test('all 240 derived masks and masked models have the check values of vectors/group-orders.json', () => {
  const seed = MaskSeed(fromHex(table.check.seed));
  const scalar = parse(table.check.scalar);
  const model: Model = table.check.weights.map(parse);
  const digest = (object: MaskObject): string => createHash('sha256').update(encodeMaskObject(object)).digest('hex');
  let checked = 0;
  for (const record of table.configs) {
    const vect = maskConfig(record.group, record.data, record.bound, record.model);
    const config = { vect, unit: vect };
    assert.equal(digest(deriveMask({ config, seed, length: 10 })), record.check_mask_sha256, vect.name);
    assert.equal(digest(maskModel({ config, seed, scalar, model })), record.check_masked_sha256, vect.name);
    checked++;
  }
  assert.equal(checked, 240);
});

test('in pieces of any size a model is masked to the same bytes, and what is no number is found in the last of them', () => {
  const weights = Float32Array.from({ length: 10 }, (_, i) => Math.sin(i) * 3);
  for (const name of ['Power2/F32/B0/M6', 'Prime/F32/B0/M3', 'Integer/F32/Bmax/M3', 'Prime/F64/B6/M9']) {
    const config = { vect: parseMaskConfig(name), unit: parseMaskConfig(name) };
    for (const model of [weights, Array.from(weights, (weight) => rational(BigInt(Math.round(weight * 1000)), 1000n))]) {
      const input = { config, seed: seedOf(9), scalar: scalarFrom(0.5), model };
      for (const size of [1, 3, 9, 10, 11]) {
        const steps = [...piecesOf(input, size)];
        assert.deepEqual(steps.at(-1), maskModel(input), `${name} in pieces of ${size}`);
        assert.deepEqual(
          steps.slice(0, -1),
          Array.from({ length: Math.ceil(10 / size) - 1 }, (_, i) => (i + 1) * size),
        );
      }
    }
    const lastOf = (last: number): Float32Array => weights.map((weight, i) => (i === 9 ? last : weight));
    const spoilt = { config, seed: seedOf(9), scalar: scalarFrom(1), model: lastOf(Number.NaN) };
    assert.throws(() => [...piecesOf(spoilt, 3)], { code: 'weight-not-finite' });
    assert.deepEqual([...piecesOf({ ...spoilt, mode: 'bounded' }, 3)].at(-1), maskModel({ ...spoilt, model: lastOf(0) }));
  }
});

function* piecesOf(input: MaskingInput, size: number): Generator<number | MaskObject> {
  yield yield* maskModelInPieces(input, size);
}

test('a mask with different configurations of vector and unit (wire A.3)', () => {
  const config = { vect: maskConfig('Prime', 'F32', 'B2', 'M6'), unit: maskConfig('Integer', 'F64', 'B0', 'M3') };
  const mask = deriveMask({ config, seed: count(0), length: 2 });
  assert.equal(hexOf(mask), '0100020600000002e1ad5b5cecf8fc12ce80e3e284a8021b00010003b2cc7d4cd8ea24922b23');
});

test('masked with seed 3 (participant A.4)', () => {
  const seed = seedOf(3);
  const model = Float32Array.of(0.5, -0.25, 2);
  const mask = deriveMask({ config: PRIME, seed, length: 3 });
  assert.equal(hexOf(mask), hex('0100000300000003 b94a11402512 950d236ce707 478648a01804 01000003 d8bbc2dff606'));
  const masked = maskModel({ config: PRIME, seed, scalar: scalarFrom(1), model });
  assert.equal(hexOf(masked), hex('0100000300000003 b92023be2812 95f82b2be907 474e60481d04 01000003 d883da87fb06'));
  const half = maskModel({ config: PRIME, seed, scalar: scalarFrom(0.5), model });
  assert.equal(hexOf(half), hex('0100000300000003 b92720292812 1575ad75e907 474e60481d04 01000003 d891d45dfa06'));
  const sum = Aggregation.from(mask);
  sum.addMask(seedOf(4));
  assert.equal(hexOf(sum.object()), hex('0100000300000003 aba0f7cb4b11 404be4557b11 a5b7099a1601 01000003 50330df8560a'));
});

/** Any model in any of the forms that masking takes, with its exact fractions. */
const models: fc.Arbitrary<Weights | Model> = fc.oneof(
  fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 5 }),
  fc.float32Array({ min: -2, max: 2, noNaN: true, maxLength: 5 }),
  fc.float64Array({ noNaN: true, noDefaultInfinity: true, maxLength: 5 }),
  fc.int32Array({ maxLength: 5 }),
  fc.bigInt64Array({ maxLength: 5 }),
  fc.array(
    fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 20n })).map(([n, d]) => rational(n, d)),
    { maxLength: 5 },
  ),
);

test('masking equals the oracle for random pairs of configurations, seeds, scalars and models', () => {
  const configs = fc.constantFrom(...MASK_CONFIGS);
  const scalars = fc.oneof(
    fc.constantFrom(rational(0), rational(1), rational(1, 3), rational(2, 3), rational(10n ** 330n), rational(1n, 10n ** 330n), rational(201, 200)),
    fc.tuple(fc.nat(), fc.integer({ min: 1 })).map(([n, d]) => rational(n, d)),
  );
  fc.assert(
    fc.property(configs, configs, fc.uint8Array({ minLength: 32, maxLength: 32 }), scalars, models, (vect, unit, bytes, scalar, model) => {
      const seed = MaskSeed(bytes);
      const exact = Array.from<number | bigint | Fraction, Fraction>(model, (weight) => (typeof weight === 'object' ? weight : oracleExact(weight)));
      const masked = maskModel({ config: { vect, unit }, seed, scalar, model });
      const expected = oracleMask(vect, unit, seed, model.length, scalar, exact);
      assert.deepEqual(masked, { config: { vect, unit }, length: model.length, vect: pack(vect, expected.elements), unit: pack(unit, [expected.unit]) });
      const mask = oracleMask(vect, unit, seed, model.length);
      assert.deepEqual(deriveMask({ config: { vect, unit }, seed, length: model.length }), {
        ...masked,
        vect: pack(vect, mask.elements),
        unit: pack(unit, [mask.unit]),
      });
    }),
    { numRuns: 250 },
  );
});

test('lengths 0, 1, 2, 3: a longer mask begins like a shorter one', () => {
  for (const length of [0, 1, 2, 3]) {
    const mask = deriveMask({ config: PRIME, seed: count(1), length });
    const longer = deriveMask({ config: PRIME, seed: count(1), length: length + 1 });
    assert.equal(mask.vect.length, 6 * length);
    assert.deepEqual(longer.vect.subarray(0, 6 * length), mask.vect);
    assert.deepEqual(longer.unit, mask.unit);
    assert.equal(maskModel({ config: PRIME, seed: count(1), scalar: scalarFrom(1), model: new Float32Array(length) }).length, length);
  }
});

test('weights that are no number: refused with their index, or replaced (wire 4.2)', () => {
  const model = Float32Array.of(0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  const input = { config: PRIME, seed: seedOf(1), scalar: scalarFrom(1) };
  assert.throws(() => maskModel({ ...input, model }), { code: 'weight-not-finite', message: /weight 1 is NaN/ });
  assert.throws(() => maskModel({ ...input, model: Float64Array.of(0, 0, Number.NEGATIVE_INFINITY), mode: 'strict' }), {
    code: 'weight-not-finite',
    message: /weight 2/,
  });
  const bounded = maskModel({ ...input, model, mode: 'bounded' });
  assert.deepEqual(bounded, maskModel({ ...input, model: Float32Array.of(0, 0, 1, -1) }), 'beyond the bound all are clamped');
  const unclamped = { ...input, config: { vect: maskConfig('Prime', 'F32', 'Bmax', 'M3'), unit: maskConfig('Prime', 'F32', 'Bmax', 'M3') } };
  const largest = Float32Array.of(0, 0, 3.4028234663852886e38, -3.4028234663852886e38);
  assert.deepEqual(maskModel({ ...unclamped, model, mode: 'bounded' }), maskModel({ ...unclamped, model: largest }), "the array's largest value");
});

test('mistakes of the caller have codes', () => {
  const input = { config: PRIME, seed: seedOf(1), scalar: scalarFrom(1), model: new Float32Array(1) };
  const wrong =
    (change: object): (() => void) =>
    () =>
      void maskModel({ ...input, ...change });
  assert.throws(wrong({ seed: new Uint8Array(31) }), { code: 'length-mismatch' });
  assert.throws(wrong({ scalar: rational(-1) }), { code: 'scalar-invalid' });
  assert.throws(wrong({ scalar: 1 }), { code: 'scalar-invalid' });
  assert.throws(wrong({ scalar: { numerator: 1n, denominator: 0n } }), { code: 'scalar-invalid' });
  assert.throws(wrong({ model: [0.5] }), { code: 'rational-invalid' });
  assert.throws(wrong({ model: 'weights' }), { code: 'rational-invalid' });
  assert.throws(wrong({ model: [rational(1), { numerator: 1n, denominator: -1n }] }), { code: 'rational-invalid', message: /weight 1/ });
  assert.throws(wrong({ config: { vect: { ...PRIME.vect }, unit: PRIME.unit } }), { code: 'config-unknown' });
  assert.throws(wrong({ config: { vect: PRIME.vect } }), { code: 'config-unknown' });
  for (const length of [-1, 0.5, 2 ** 32, Number.NaN]) {
    assert.throws(() => deriveMask({ config: PRIME, seed: seedOf(1), length }), { code: 'mask-length' }, `${length}`);
  }
});
