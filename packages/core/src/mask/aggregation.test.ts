import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MaskSeed } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { type Fraction, oracleEncode, oracleExact, oracleNearest, pack } from '../kernel/oracle.test.ts';
import { rational } from '../kernel/rational.ts';
import { Aggregation } from './aggregation.ts';
import { MASK_CONFIGS, type MaskConfig, type MaskConfigPair, maskConfig } from './config.ts';
import { deriveMask, maskModel } from './masking.ts';
import { type Model, modelFromWeights } from './model.ts';
import { decodeMaskObject, encodeMaskObject, type MaskObject } from './object.ts';
import type { Scalar } from './scalar.ts';

const PRIME: MaskConfigPair = { vect: maskConfig('Prime', 'F32', 'B0', 'M3'), unit: maskConfig('Prime', 'F32', 'B0', 'M3') };
const seedOf = (byte: number): MaskSeed => MaskSeed(new Uint8Array(32).fill(byte));
const count = (from: number): MaskSeed => MaskSeed(new Uint8Array(32).map((_, i) => from + i));
const hexOf = (object: MaskObject): string => toHex(encodeMaskObject(object));
const hex = (text: string): string => text.replaceAll(' ', '');
const texts = (model: Model): string[] => model.map(({ numerator, denominator }) => `${numerator}/${denominator}`);

interface Update {
  readonly seed: MaskSeed;
  readonly scalar: Scalar;
  readonly model: Model;
}

function sumOf(config: MaskConfigPair, length: number, objects: Iterable<MaskObject>): Aggregation {
  const sum = new Aggregation(config, length);
  for (const object of objects) sum.add(object);
  return sum;
}

function masksOf(config: MaskConfigPair, length: number, updates: readonly Update[]): MaskObject {
  const sum = new Aggregation(config, length);
  for (const { seed } of updates) sum.addMask(seed);
  return sum.object();
}

test('a mask added in pieces is the mask, in groups of every form; a cleared sum is an empty one', () => {
  const narrow = maskConfig('Integer', 'I32', 'B2', 'M3');
  const wide = maskConfig('Power2', 'F64', 'Bmax', 'M3');
  for (const [vect, length] of [
    [PRIME.vect, 9001],
    [narrow, 9001],
    [PRIME.vect, 300],
    [wide, 300],
  ] as const) {
    const config = { vect, unit: narrow };
    const whole = new Aggregation(config, length);
    const pieces = new Aggregation(config, length);
    for (let turn = 0; turn < 2; turn++) {
      for (const [byte, size] of [
        [1, 128],
        [2, 4096],
        [3, length],
      ] as const) {
        whole.addMask(seedOf(byte + turn));
        const steps = [...pieces.addMaskInPieces(seedOf(byte + turn), size)].length;
        assert.equal(steps, Math.ceil(length / size) - 1, 'a pause between two');
      }
      assert.equal(hexOf(pieces.object()), hexOf(whole.object()));
      for (const sum of [whole, pieces]) sum.clear();
      assert.throws(() => pieces.object(), { code: 'unmask-no-model' });
    }
  }
});

test('two models masked, summed and unmasked (wire A.4)', () => {
  const first = maskModel({ config: PRIME, seed: count(0xa0), scalar: rational(1, 3), model: Float32Array.of(0.5, -0.25, 0.1, 1.5) });
  assert.equal(hexOf(first), '010000030000000402f9683b4a05e6ac9c1ae50c8fa74d25140f94997485db0f01000003cafe8c69a00e');
  const second = maskModel({ config: PRIME, seed: count(0xc0), scalar: rational(2, 3), model: Float32Array.of(-0.5, 0.75, 1e-12, 0) });
  assert.equal(hexOf(second), '0100000300000004877c5a1d0b12a6ac0770ae0680a0a1938f0ce8e796d7910001000003316739a80f0e');
  assert.equal(
    hexOf(deriveMask({ config: PRIME, seed: count(0xa0), length: 4 })),
    '010000030000000458c4058447053c713cf8e20c358063bd110f94c36207d80f010000037579d24e9d0e',
  );
  assert.equal(
    hexOf(deriveMask({ config: PRIME, seed: count(0xc0), length: 4 })),
    '0100000300000004dd39fd8f0912a6d6f5f1aa0680bc953f8d0ce8038b838f00010000038740d0c60b0e',
  );
  const sum = sumOf(PRIME, 4, [first, second]);
  assert.equal(hexOf(sum.object()), '01000003000000047435debb24057719bfed6201fa070a1c73097c810b5d6d1001000003e625e1747f0a');
  const mask = new Aggregation(PRIME, 4);
  mask.addMask(count(0xa0));
  mask.addMask(count(0xc0));
  assert.equal(hexOf(mask.object()), '010000030000000420be1d772005cd074d4d5d01a0fc13606e097cc7ed8a671001000003e779bd78780a');
  const unmasked = sum.unmask(mask.object());
  assert.deepEqual(unmasked.scalarSum, rational(9999999999, 10000000000));
  assert.deepEqual(texts(unmasked.toModel()), ['-555555556/3333333333', '4166666666/9999999999', '333333338/9999999999', '5000000000/9999999999']);
  assert.deepEqual([unmasked.length, unmasked.count, unmasked.withinBound()], [4, 2, true]);
  // The original's conversion is at most 3 units in the last place away from the correctly rounded one (wire 4.7).
  const f32 = Buffer.from(unmasked.toWeights('F32').buffer);
  ['be2aaaac', '3ed55556', '3d088889', '3f000000'].forEach((bits, i) => {
    assert.ok(Math.abs(f32.readInt32LE(4 * i) - Buffer.from(bits, 'hex').readInt32BE()) <= 3, bits);
  });
  const f64 = Buffer.from(unmasked.toWeights('F64').buffer);
  ['bfc5555555a7cbf5', '3fdaaaaaaaa3cb73', '3fa11111151a9b8b', '3fe000000006df38'].forEach((bits, i) => {
    const difference = f64.readBigInt64LE(8 * i) - Buffer.from(bits, 'hex').readBigInt64BE();
    assert.ok(difference >= -3n && difference <= 3n, bits);
  });
});

test('three models masked, summed and unmasked (coordinator A.5)', () => {
  const rows = [
    [0.25, '01000003 00000002 3e182795df04 8fb6d3796803  01000003 7351f1a0b90e', '01000003 00000002 e98b6f0fdd04 3a231f896603  01000003 1ecc3686b60e'],
    [0.5, '01000003 00000002 21d744afba07 e00636235d01  01000003 af435d719408', '01000003 00000002 77a2e1f7b707 8b7381325b01  01000003 5abea2569108'],
    [0.75, '01000003 00000002 b92720292812 eaa0d75ce907  01000003 2d417dfaf906', '01000003 00000002 b94a11402512 950d236ce707  01000003 d8bbc2dff606'],
  ] as const;
  const sum = new Aggregation(PRIME, 2);
  const masks = new Aggregation(PRIME, 2);
  rows.forEach(([weight, masked, mask], i) => {
    const object = maskModel({ config: PRIME, seed: seedOf(i + 1), scalar: rational(1, 3), model: Float32Array.of(weight, -0.5) });
    assert.equal(hexOf(object), hex(masked));
    sum.add(object);
    assert.equal(hexOf(deriveMask({ config: PRIME, seed: seedOf(i + 1), length: 2 })), hex(mask));
    masks.add(decodeMaskObject(fromHex(hex(mask))));
  });
  assert.equal(hexOf(sum.object()), hex('01000003 00000002 03d7a6d0910c 595ee1f9ae0c  01000003 3a96e66f170c'));
  assert.equal(hexOf(masks.object()), hex('01000003 00000002 04397daa890c 5aa4c327a90c  01000003 3b06b71f0e0c'));
  assert.deepEqual(texts(sum.unmask(masks.object()).toModel()), ['4999999999/9999999999', '-1666666667/3333333333']);
});

const configs = fc.constantFrom(...MASK_CONFIGS);
const pairs = fc.oneof(
  configs.map((config) => ({ vect: config, unit: config })),
  fc.record({ vect: configs, unit: configs }),
);
const weights = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => rationalOf(oracleExact(value))),
  fc.float({ min: -1, max: 1, noNaN: true }).map((value) => rationalOf(oracleExact(value))),
  fc.tuple(fc.integer(), fc.integer({ min: 1 })).map(([n, d]) => rational(n, d)),
);
const scalars = fc.oneof(
  fc.constantFrom(rational(1), rational(1, 3), rational(2, 3), rational(1, 1000), rational(5, 2), rational(10n ** 20n)),
  fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 })).map(([n, d]) => rational(n, d)),
);
const rationalOf = ({ numerator, denominator }: Fraction) => rational(numerator, denominator);

/** A handful of honest updates for one pair of configurations. */
const rounds = fc.tuple(pairs, fc.nat(4)).chain(([config, length]) =>
  fc.record({
    config: fc.constant({ ...config }),
    length: fc.constant(length),
    updates: fc.array(
      fc.record({
        seed: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => MaskSeed(bytes)),
        scalar: scalars,
        model: fc.array(weights, { minLength: length, maxLength: length }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  }),
);

test('unmasking n masked models gives the exact weighted mean within the bound of wire 4.6, and exactly the truncated sums', () => {
  fc.assert(
    fc.property(rounds, ({ config: { vect, unit }, length, updates }) => {
      const config = { vect, unit };
      const sum = sumOf(
        config,
        length,
        updates.map((update) => maskModel({ config, ...update })),
      );
      const unmasked = sum.unmask(masksOf(config, length, updates));
      const k = BigInt(updates.length);
      const clamped = updates.map(({ scalar }) => (scalar.numerator > unit.addShift * scalar.denominator ? rational(unit.addShift) : scalar));
      // S lies below the true sum of scalars by less than k / E of the unit …
      assertBelow(unmasked.scalarSum, clamped, k, unit);
      const model = unmasked.toModel();
      for (let i = 0; i < length; i++) {
        // … and each weight times S below the true sum of clamped products by less than k / E of the vector.
        const products = updates.map((update, j) => clamp(product(clamped[j]!, update.model[i]!), vect.addShift));
        assertBelow(product(model[i]!, unmasked.scalarSum), products, k, vect);
        const encoded = updates.reduce((total, update, j) => total + oracleEncode(vect, clamped[j]!, update.model[i]!), 0n);
        const expected = {
          numerator: (encoded - k * vect.addShift * vect.expShift) * unmasked.scalarSum.denominator,
          denominator: vect.expShift * unmasked.scalarSum.numerator,
        };
        assert.deepEqual(model[i], rationalOf(expected));
        const f64 = oracleNearest(expected, 'F64');
        if (f64 !== undefined) assert.ok(Object.is(unmasked.toWeights('F64')[i], f64));
        else assert.throws(() => unmasked.toWeights('F64'), { code: 'model-not-representable' });
      }
      assert.equal(unmasked.withinBound(), true, 'honest participants are always within the bound');
      assert.equal(unmasked.count, updates.length);
    }),
    { numRuns: 250 },
  );
});

const product = (a: Fraction, b: Fraction) => rational(a.numerator * b.numerator, a.denominator * b.denominator);
const clamp = (x: Fraction, bound: bigint): Fraction =>
  x.numerator > bound * x.denominator ? rational(bound) : x.numerator < -bound * x.denominator ? rational(-bound) : x;

/** Asserts sum(parts) - k / E < value <= sum(parts). */
function assertBelow(value: Fraction, parts: readonly Fraction[], k: bigint, config: MaskConfig): void {
  const total = parts.reduce((a, b) => rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator), rational(0));
  const lost = rational(total.numerator * value.denominator - value.numerator * total.denominator, total.denominator * value.denominator);
  assert.ok(lost.numerator >= 0n && lost.numerator * config.expShift < k * lost.denominator, `${lost.numerator}/${lost.denominator}`);
}

test('the order of addition does not matter, sums may be restored anywhere, and addMask adds what deriveMask derives', () => {
  fc.assert(
    fc.property(rounds, fc.nat(), ({ config: { vect, unit }, length, updates }, rotation) => {
      const config = { vect, unit };
      const objects = updates.map((update) => maskModel({ config, ...update }));
      const sum = sumOf(config, length, objects).object();
      assert.deepEqual(sumOf(config, length, objects.toReversed()).object(), sum);
      const at = rotation % objects.length;
      const resumed = Aggregation.restore(sumOf(config, length, objects.slice(0, at + 1)).object(), at + 1);
      for (const object of objects.slice(at + 1)) resumed.add(object);
      assert.deepEqual(resumed.object(), sum);
      assert.equal(resumed.count, objects.length);
      const masks = updates.map(({ seed }) => deriveMask({ config, seed, length }));
      assert.deepEqual(masksOf(config, length, updates), sumOf(config, length, masks).object());
    }),
    { numRuns: 150 },
  );
});

test('as many models as M3 holds, all at the upper bound or all at the lower, come out exactly', () => {
  for (const bound of [1, -1]) {
    const sum = new Aggregation(PRIME, 1);
    const masks = new Aggregation(PRIME, 1);
    for (let i = 0; i < 1000; i++) {
      const seed = MaskSeed(new Uint8Array(32).fill(i).fill(i >> 8, 16));
      sum.add(maskModel({ config: PRIME, seed, scalar: rational(1), model: Float32Array.of(bound) }));
      masks.addMask(seed);
    }
    const unmasked = sum.unmask(masks.object());
    assert.deepEqual(unmasked.scalarSum, rational(1000));
    assert.deepEqual(unmasked.toModel(), modelFromWeights(Float32Array.of(bound)));
    assert.equal(unmasked.withinBound(), true);
    assert.throws(() => sum.addMask(seedOf(1)), { code: 'aggregate-too-many-models' });
    assert.throws(() => sum.add(sum.object()), { code: 'aggregate-too-many-models' });
    assert.equal(sum.count, 1000);
  }
});

test('the sum owns its bytes: neither what was added nor what it gives out changes with it', () => {
  const object = deriveMask({ config: PRIME, seed: seedOf(1), length: 2 });
  const before = hexOf(object);
  const sum = Aggregation.from(object);
  const given = sum.object();
  sum.addMask(seedOf(2));
  assert.equal(hexOf(object), before);
  assert.equal(hexOf(given), before);
  given.vect.fill(0);
  assert.notEqual(hexOf(sum.object()), hexOf(given));
  const mask = masksOf(
    PRIME,
    2,
    [1, 2].map((byte) => ({ seed: seedOf(byte), scalar: rational(1), model: [] })),
  );
  const held = hexOf(sum.object());
  assert.throws(() => sum.unmask(mask), { code: 'unmask-scalar-sum' }, 'a mask minus itself has no scalars');
  assert.equal(hexOf(sum.object()), held, 'unmasking leaves the sum as it is');
});

const M3 = PRIME.vect;
const M6 = maskConfig('Prime', 'F32', 'B0', 'M6');
const OTHER = maskConfig('Integer', 'F32', 'B0', 'M6');
const objectOf = (vect: MaskConfig, unit: MaskConfig, length: number, isValid = true): MaskObject => ({
  config: { vect, unit },
  length,
  vect: new Uint8Array(length * vect.bytesPerNumber),
  unit: isValid ? pack(unit, [1n]) : new Uint8Array(unit.bytesPerNumber).fill(255),
});

test('aggregation: each of the six checks has its code, and of any two the earlier one is reported (wire 4.5)', () => {
  const codes = [
    'aggregate-model-mismatch',
    'aggregate-scalar-mismatch',
    'aggregate-model-mismatch',
    'aggregate-too-many-models',
    'aggregate-too-many-scalars',
    'aggregate-invalid-object',
  ];
  for (let failing = 0; failing < 64; failing++) {
    const fails = (check: number): boolean => (failing & (1 << check)) !== 0;
    const vect = fails(3) ? M3 : M6;
    const unit = fails(4) ? M3 : M6;
    const sum = Aggregation.restore(objectOf(vect, unit, 2), fails(3) || fails(4) ? 1000 : 999);
    const object = objectOf(fails(0) ? OTHER : vect, fails(1) ? OTHER : unit, fails(2) ? 3 : 2, !fails(5));
    const before = hexOf(sum.object());
    if (failing === 0) {
      sum.check(object);
      sum.add(object);
      assert.equal(sum.count, 1000);
    } else {
      const code = codes.find((_, check) => fails(check));
      assert.throws(() => sum.check(object), { code }, `${failing}`);
      assert.throws(() => sum.add(object), { code }, `${failing}`);
      assert.equal(hexOf(sum.object()), before);
    }
  }
  assert.throws(() => new Aggregation(PRIME, 2).add(objectOf(M3, M3, 1)), { code: 'aggregate-model-mismatch' }, 'an empty sum checks the length too');
  const order = { ...objectOf(M3, M3, 1), vect: pack(M3, [M3.order]) };
  assert.throws(() => new Aggregation(PRIME, 1).add(order), { code: 'aggregate-invalid-object' }, 'the order itself');
  assert.throws(() => Aggregation.restore(objectOf(M6, M3, 2), 1000).addMask(seedOf(1)), { code: 'aggregate-too-many-scalars' });
});

test('unmasking: each of the six checks has its code, and of any two the earlier one is reported (wire 4.6)', () => {
  const codes = [
    'unmask-too-many-models',
    'unmask-too-many-scalars',
    'unmask-vect-mismatch',
    'unmask-vect-mismatch',
    'unmask-unit-mismatch',
    'unmask-invalid-mask',
  ];
  for (let failing = 0; failing < 64; failing++) {
    const fails = (check: number): boolean => (failing & (1 << check)) !== 0;
    const vect = fails(0) ? M3 : M6;
    const unit = fails(1) ? M3 : M6;
    const models = { ...objectOf(vect, unit, 2), unit: pack(unit, [1500n * 10n ** 10n]) };
    const sum = Aggregation.restore(models, fails(0) || fails(1) ? 1001 : 1000);
    const mask = objectOf(fails(2) ? OTHER : vect, fails(4) ? OTHER : unit, fails(3) ? 1 : 2, !fails(5));
    const code = codes.find((_, check) => fails(check));
    if (code === undefined) assert.equal(sum.unmask(mask).length, 2);
    else assert.throws(() => sum.unmask(mask), { code }, `${failing}`);
    // With nothing aggregated, that comes first whatever else is wrong.
    assert.throws(() => new Aggregation({ vect, unit }, 2).unmask(mask), { code: 'unmask-no-model' });
  }
  assert.throws(() => new Aggregation(PRIME, 2).object(), { code: 'unmask-no-model' });
});

test('a scalar sum of zero, or below, is an error and not a division (wire 4.6 PORT)', () => {
  for (const scalar of [rational(0), rational(1n, 10n ** 10n + 1n)]) {
    const sum = Aggregation.from(maskModel({ config: PRIME, seed: seedOf(1), scalar, model: Float32Array.of(0.5) }));
    assert.throws(() => sum.unmask(deriveMask({ config: PRIME, seed: seedOf(1), length: 1 })), { code: 'unmask-scalar-sum' });
  }
  const least = Aggregation.from(maskModel({ config: PRIME, seed: seedOf(1), scalar: rational(1n, 10n ** 10n), model: Float32Array.of(0.5) }));
  assert.deepEqual(least.unmask(deriveMask({ config: PRIME, seed: seedOf(1), length: 1 })).scalarSum, rational(1n, 10n ** 10n));
  const zeros = { ...objectOf(M3, M3, 1), unit: pack(M3, [0n]) };
  assert.throws(() => Aggregation.from(zeros).unmask(zeros), { code: 'unmask-scalar-sum' }, 'negative');
  assert.throws(() => Aggregation.from(zeros).unmask({ ...zeros, unit: pack(M3, [M3.order]) }), { code: 'unmask-invalid-mask' }, 'that comes last');
});

test('withinBound: exact at both ends, for weights and for the scalar sum', () => {
  const middle = 3n * 10n ** 10n; // count · A · E for three models
  const cases: [element: bigint, unit: bigint, within: boolean][] = [
    [0n, middle + 1n, true],
    [2n * middle, middle + 1n, true],
    [2n * middle + 1n, middle + 1n, false],
    [M3.order - 1n, middle + 1n, false],
    [middle, 2n * middle, true],
    [middle, 2n * middle + 1n, false],
  ];
  for (const [element, unit, within] of cases) {
    const sum = Aggregation.restore({ config: PRIME, length: 2, vect: pack(M3, [middle, element]), unit: pack(M3, [unit]) }, 3);
    const nothing = { config: PRIME, length: 2, vect: pack(M3, [0n, 0n]), unit: pack(M3, [0n]) };
    assert.equal(sum.unmask(nothing).withinBound(), within, `${element} ${unit}`);
  }
});

test('a mean can exceed the bound in honest hands: a scalar of 1/3 lets 3/2 through, and truncation lets -1 fall below -1', () => {
  const input = { config: PRIME, seed: seedOf(9), scalar: rational(1, 3), model: Float32Array.of(1.5, -1) };
  const unmasked = Aggregation.from(maskModel(input)).unmask(deriveMask({ config: PRIME, seed: seedOf(9), length: 2 }));
  assert.deepEqual(texts(unmasked.toModel()), ['5000000000/3333333333', '-3333333334/3333333333']);
  assert.equal(unmasked.withinBound(), true);
});

test('the wrong mask is noticed: with head-room nearly always at the first weight', () => {
  const config = { vect: maskConfig('Power2', 'F32', 'B0', 'M6'), unit: maskConfig('Power2', 'F32', 'B0', 'M6') };
  const sum = Aggregation.from(maskModel({ config, seed: seedOf(1), scalar: rational(1), model: new Float32Array(50) }));
  const wrong = { ...deriveMask({ config, seed: seedOf(2), length: 50 }), unit: deriveMask({ config, seed: seedOf(1), length: 50 }).unit };
  assert.equal(sum.unmask(wrong).withinBound(), false);
});

test('restoring refuses what is no sum', () => {
  const object = deriveMask({ config: PRIME, seed: seedOf(1), length: 2 });
  for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 53]) assert.throws(() => Aggregation.restore(object, bad), { code: 'aggregate-count' }, `${bad}`);
  assert.throws(() => Aggregation.from({ ...object, unit: pack(M3, [M3.order]) }), { code: 'aggregate-invalid-object' });
  assert.throws(() => Aggregation.from({ ...object, vect: object.vect.subarray(1) }), { code: 'aggregate-invalid-object' });
  for (const length of [-1, 0.5, 2 ** 32]) assert.throws(() => new Aggregation(PRIME, length), { code: 'mask-length' });
  assert.throws(() => new Aggregation({ vect: { ...M3 }, unit: M3 }, 1), { code: 'config-unknown' });
});
