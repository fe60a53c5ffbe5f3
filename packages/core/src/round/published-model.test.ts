// Published models made from unmasked sums: byte for byte what the exact fractions encode to, in all 240 configurations.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MaskSeed } from '../bytes/fixed.ts';
import { Aggregation } from '../mask/aggregation.ts';
import { MASK_CONFIGS, type MaskConfig, parseMaskConfig } from '../mask/config.ts';
import { deriveMask, maskModel } from '../mask/masking.ts';
import { rational } from '../mask/model.ts';
import { makeUnmaskedModel, type UnmaskedModel } from '../mask/unmasked-model.ts';
import { encodeModel, encodeUnmaskedModel, modelBody } from './model.ts';
import { publishModel } from './published-model.ts';

/** A packed element, by definition. */
function packed({ bytesPerNumber }: MaskConfig, elements: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(bytesPerNumber * elements.length);
  elements.forEach((element, i) => {
    for (let at = 0, rest = element; rest > 0n; at++, rest >>= 8n) bytes[i * bytesPerNumber + at] = Number(rest & 255n);
  });
  return bytes;
}

/** An unmasked model from its sums: elements, and the sum of the scalars in steps of the configuration. */
function unmaskedOf(vect: MaskConfig, unit: MaskConfig, elements: readonly bigint[], count: number, scalars: bigint): UnmaskedModel {
  const middle = BigInt(count) * unit.addShift * unit.expShift;
  const sums = { config: { vect, unit }, length: elements.length, vect: packed(vect, elements), unit: packed(unit, [middle + scalars]) };
  return makeUnmaskedModel(sums as Parameters<typeof makeUnmaskedModel>[0], count);
}

function checkBody(unmasked: UnmaskedModel): void {
  const expected = encodeModel(unmasked.toModel());
  const published = publishModel(unmasked);
  assert.ok(Buffer.from(published.bytes).equals(expected));
  assert.equal(published.bytes.buffer.byteLength, expected.length, 'no more memory than the document has');
  assert.ok(Buffer.concat([...modelBody(unmasked)]).equals(expected));
  assert.equal(published.length, unmasked.length);
  assert.deepEqual(published.toModel(), unmasked.toModel());
}

test('all 240 configurations, also with another one for the scalars', () => {
  const elements = (vect: MaskConfig, count: bigint) => {
    const middle = count * vect.addShift * vect.expShift;
    const inside = fc.bigInt({ min: 0n, max: 2n * middle });
    return fc.array(
      fc.oneof(
        inside,
        fc.bigInt({ min: -4n, max: 4n }).map((k) => middle + (k * vect.expShift) / 4n),
        fc.constant(middle),
      ),
      { maxLength: 5 },
    );
  };
  MASK_CONFIGS.forEach((vect, i) => {
    for (const unit of [vect, MASK_CONFIGS[(i * 67 + 5) % MASK_CONFIGS.length]!]) {
      const most = unit.addShift * unit.expShift;
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 9 }).chain((count) => fc.tuple(fc.constant(count), elements(vect, BigInt(count)))),
          fc.oneof(fc.bigInt({ min: 1n, max: most }), fc.constantFrom(most, unit.expShift, unit.expShift / 3n)),
          ([count, list], scalars) => checkBody(unmaskedOf(vect, unit, list, count, scalars)),
        ),
        { numRuns: 4 },
      );
    }
  });
});

test('models of no weights, of one, and of several pieces', () => {
  for (const name of ['Power2/F32/B0/M6', 'Prime/F32/B0/M3', 'Integer/F64/B2/M9']) {
    const config = parseMaskConfig(name);
    const middle = 3n * config.addShift * config.expShift;
    for (const length of [0, 1, 2, 4000, 11_000]) {
      const elements = Array.from({ length }, (_, i) => middle + (BigInt((i * 7919) % 2001) - 1000n) * (middle / 1000n));
      checkBody(unmaskedOf(config, config, elements, 3, config.expShift));
    }
  }
  const config = parseMaskConfig('Power2/F32/B0/M6');
  const pieces = [...modelBody(unmaskedOf(config, config, new Array(11_000).fill(3n * config.expShift + 1n), 3, config.expShift))];
  assert.ok(pieces.length > 2 && pieces.every(({ length }) => length <= 0x20000), `${pieces.map(({ length }) => length)}`);
});

test('from masked models to floats: what is published is read as what was unmasked', () => {
  const config = parseMaskConfig('Prime/F32/B0/M3');
  const pair = { vect: config, unit: config };
  const seed = MaskSeed(new Uint8Array(32).fill(9));
  const weights = Float32Array.from({ length: 5000 }, (_, i) => Math.fround(Math.sin(i)));
  const unmasked = Aggregation.from(maskModel({ config: pair, seed, scalar: rational(1, 3), model: weights })).unmask(
    deriveMask({ config: pair, seed, length: 5000 }),
  );
  const published = publishModel(unmasked);
  for (const data of ['F32', 'F64', 'I32', 'I64'] as const) assert.deepEqual(published.toWeights(data), unmasked.toWeights(data));
  assert.deepEqual(encodeUnmaskedModel(unmasked), published.bytes);
});
