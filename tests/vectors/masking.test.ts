// Masking, aggregating, unmasking: wire A.4, coordinator A.5, participant A.4; every value in between, not only the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, MaskSeed, toHex } from '@xaynet/core/bytes';
import {
  Aggregation,
  decodeMaskObject,
  deriveMask,
  encodeMaskObject,
  type MaskConfig,
  type MaskConfigPair,
  type MaskObject,
  maskModel,
  modelFromWeights,
  modelToWeights,
  parseMaskConfig,
  scalarFrom,
} from '@xaynet/core/mask';
import { decodeModel, encodeModel } from '@xaynet/core/round';
import { fraction, fractionText, joined, label, load } from './load.ts';

interface Bytes {
  fields: Record<string, string>;
  bytes: string;
}
interface Update {
  weightsF32: string[];
  model?: string[];
  scalar: string;
  seed: string;
  shiftedWeights?: string[];
  shiftedScalar?: string;
  masked: Bytes;
  mask: Bytes;
}
interface Round {
  name: string;
  origin: string;
  config: string;
  length: number;
  updates: Update[];
  aggregatedMasked: Bytes;
  aggregatedMask: Bytes;
  scalarSum?: string;
  model: string[];
  modelBody: Bytes;
  refF32?: string[];
  refF64?: string[];
}
interface Single {
  name: string;
  origin: string;
  config: string;
  length: number;
  seed?: string;
  seeds?: string[];
  weightsF32?: string[];
  scalar?: string;
  mask?: Bytes;
  masked?: Bytes;
  aggregatedMask?: Bytes;
}
const file = load<{ rounds: Round[]; single: Single[] }>('masking.json');

function pairOf(name: string): MaskConfigPair {
  const config = parseMaskConfig(name);
  return { vect: config, unit: config };
}
const seedOf = (text: string) => MaskSeed(fromHex(text));
const floats = (texts: readonly string[]) => Float32Array.from(texts, Number);
function assertObject(object: MaskObject, expected: Bytes): void {
  assert.equal(toHex(encodeMaskObject(object)), expected.bytes);
  assert.equal(toHex(encodeMaskObject(decodeMaskObject(joined(expected)))), expected.bytes);
}
/** Elements of masked minus mask, as decimals: what was hidden. */
function hidden(config: MaskConfig, masked: Uint8Array, mask: Uint8Array): string[] {
  const b = config.bytesPerNumber;
  const element = (bytes: Uint8Array, i: number) => BigInt(`0x${toHex(bytes.slice(i * b, (i + 1) * b).reverse())}`);
  return Array.from({ length: masked.length / b }, (_, i) => ((element(masked, i) - element(mask, i) + config.order) % config.order).toString());
}

for (const round of file.rounds) {
  test(label(round), () => {
    const config = pairOf(round.config);
    const { length } = round;
    const masked = new Aggregation(config, length);
    const masks = new Aggregation(config, length);
    const together = new Aggregation(config, length);
    for (const update of round.updates) {
      const weights = floats(update.weightsF32);
      if (update.model !== undefined) assert.deepEqual(modelFromWeights(weights).map(fractionText), update.model);
      const seed = seedOf(update.seed);
      const object = maskModel({ config, seed, scalar: scalarFrom(fraction(update.scalar)), model: weights });
      const mask = deriveMask({ config, seed, length });
      assertObject(object, update.masked);
      assertObject(mask, update.mask);
      if (update.shiftedWeights !== undefined) assert.deepEqual(hidden(config.vect, object.vect, mask.vect), update.shiftedWeights);
      if (update.shiftedScalar !== undefined) assert.deepEqual(hidden(config.unit, object.unit, mask.unit), [update.shiftedScalar]);
      masked.add(object);
      masks.add(mask);
      together.addMask(seed);
    }
    assertObject(masked.object(), round.aggregatedMasked);
    assertObject(masks.object(), round.aggregatedMask);
    assertObject(together.object(), round.aggregatedMask);

    const unmasked = masked.unmask(decodeMaskObject(joined(round.aggregatedMask)));
    assert.equal(unmasked.count, round.updates.length);
    if (round.scalarSum !== undefined) assert.equal(fractionText(unmasked.scalarSum), round.scalarSum);
    assert.ok(unmasked.withinBound());
    const model = unmasked.toModel();
    assert.deepEqual(model.map(fractionText), round.model);
    assert.deepEqual(encodeModel(model), joined(round.modelBody));
    assert.deepEqual(decodeModel(joined(round.modelBody)), model);

    // The original rounds up to three times on the way to a float, this project once: at most 3 units in the last place apart.
    for (const [data, texts] of [
      ['F32', round.refF32],
      ['F64', round.refF64],
    ] as const) {
      if (texts === undefined) continue;
      for (const weights of [modelToWeights(model, data), unmasked.toWeights(data)]) {
        const bits = data === 'F32' ? [...new Uint32Array(weights.buffer)].map(BigInt) : [...new BigUint64Array(weights.buffer)];
        for (const [i, text] of texts.entries()) {
          const distance = bits[i]! - BigInt(`0x${text}`);
          assert.ok(distance >= -3n && distance <= 3n, `${data} ${i}: ${bits[i]!.toString(16)} and ${text}`);
        }
      }
    }
  });
}

for (const single of file.single) {
  test(label(single), () => {
    const config = pairOf(single.config);
    const { length } = single;
    let checked = 0;
    if (single.mask !== undefined) {
      assertObject(deriveMask({ config, seed: seedOf(single.seed!), length }), single.mask);
      checked++;
    }
    if (single.masked !== undefined) {
      const scalar = scalarFrom(fraction(single.scalar!));
      assertObject(maskModel({ config, seed: seedOf(single.seed!), scalar, model: floats(single.weightsF32!) }), single.masked);
      checked++;
    }
    if (single.aggregatedMask !== undefined) {
      const sum = new Aggregation(config, length);
      for (const seed of single.seeds!) sum.addMask(seedOf(seed));
      assertObject(sum.object(), single.aggregatedMask);
      checked++;
    }
    assert.equal(checked, 1);
  });
}
