// What messages are made of: configurations, units, vectors, mask objects, seed dictionaries, chunks (wire A.3, coordinator A.4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, fromHex, KeyMap, MaskSeed, PublicSigningKey, Reader, toHex, Writer } from '@xaynet/core/bytes';
import {
  decodeMaskObject,
  deriveMask,
  encodeMaskObject,
  type MaskConfigPair,
  parseMaskConfig,
  readMaskConfig,
  readMaskConfigIndices,
  writeMaskConfig,
  writeMaskConfigIndices,
} from '@xaynet/core/mask';
import { decodeChunk, decodeLocalSeedDict, encodeChunk, encodeLocalSeedDict } from '@xaynet/core/message';
import { type FieldVector, joined, label, load } from './load.ts';

type Vector = FieldVector &
  (
    | { kind: 'maskConfig'; config: string; indices?: string }
    | { kind: 'maskUnit'; config: string; elements: string[] }
    | { kind: 'maskVect'; config: string; elements: string[] }
    | { kind: 'maskObject'; config: { vect: string; unit: string }; elements: string[]; unit: string }
    | { kind: 'derivedMask'; config: { vect: string; unit: string }; seed: string; length: number }
    | { kind: 'localSeedDict' }
    | { kind: 'chunk' }
  );
const { vectors } = load<{ vectors: Vector[] }>('objects.json');

function pairOf(names: { vect: string; unit: string }): MaskConfigPair {
  return { vect: parseMaskConfig(names.vect), unit: parseMaskConfig(names.unit) };
}
/** Elements as decimals, written little-endian in `width` bytes each. */
function packed(elements: readonly string[], width: number): string {
  return elements
    .map((element) =>
      toHex(
        fromHex(
          BigInt(element)
            .toString(16)
            .padStart(2 * width, '0'),
        ).reverse(),
      ),
    )
    .join('');
}
/** Units and vectors never stand alone on the wire: an object is made of the given half and an empty or zero other one. */
function asObject(vector: Extract<Vector, { kind: 'maskUnit' | 'maskVect' }>): Uint8Array {
  const config = toHex(joined(vector)).slice(0, 8);
  const width = parseMaskConfig(vector.config).bytesPerNumber;
  return fromHex(vector.kind === 'maskVect' ? `${vector.bytes}${config}${'00'.repeat(width)}` : `${config}00000000${vector.bytes}`);
}

const run: { [K in Vector['kind']]: (vector: Extract<Vector, { kind: K }>) => void } = {
  maskConfig(vector) {
    const config = parseMaskConfig(vector.config);
    const writer = new Writer(4);
    writeMaskConfig(writer, config);
    assert.deepEqual(writer.finish(), joined(vector));
    assert.equal(readMaskConfig(new Reader(joined(vector), 'test')), config);
    if (vector.indices === undefined) return;
    const indices = new Writer(16);
    writeMaskConfigIndices(indices, config);
    assert.equal(toHex(indices.finish()), vector.indices);
    assert.equal(readMaskConfigIndices(new Reader(fromHex(vector.indices), 'test')), config);
  },
  maskUnit(vector) {
    const object = decodeMaskObject(asObject(vector));
    assert.equal(object.config.unit.name, vector.config);
    assert.equal(toHex(object.unit), packed(vector.elements, object.config.unit.bytesPerNumber));
    assert.deepEqual(encodeMaskObject(object), asObject(vector));
  },
  maskVect(vector) {
    const object = decodeMaskObject(asObject(vector));
    assert.equal(object.config.vect.name, vector.config);
    assert.equal(object.length, vector.elements.length);
    assert.equal(toHex(object.vect), packed(vector.elements, object.config.vect.bytesPerNumber));
    assert.deepEqual(encodeMaskObject(object), asObject(vector));
  },
  maskObject(vector) {
    const object = decodeMaskObject(joined(vector));
    assert.deepEqual(object.config, pairOf(vector.config));
    assert.equal(toHex(object.vect), packed(vector.elements, object.config.vect.bytesPerNumber));
    assert.equal(toHex(object.unit), packed([vector.unit], object.config.unit.bytesPerNumber));
    assert.deepEqual(encodeMaskObject(object), joined(vector));
  },
  derivedMask(vector) {
    const mask = deriveMask({ config: pairOf(vector.config), seed: MaskSeed(fromHex(vector.seed)), length: vector.length });
    assert.deepEqual(encodeMaskObject(mask), joined(vector));
    assert.deepEqual(encodeMaskObject(decodeMaskObject(joined(vector))), joined(vector));
  },
  localSeedDict(vector) {
    const { key0, seed0, key1, seed1 } = vector.fields as Record<string, string>;
    const dict = new KeyMap([
      [PublicSigningKey(fromHex(key1!)), EncryptedMaskSeed(fromHex(seed1!))],
      [PublicSigningKey(fromHex(key0!)), EncryptedMaskSeed(fromHex(seed0!))],
    ]);
    assert.deepEqual(encodeLocalSeedDict(dict), joined(vector));
    assert.deepEqual([...decodeLocalSeedDict(joined(vector))], [...dict]);
  },
  chunk(vector) {
    const chunk = decodeChunk(joined(vector));
    assert.deepEqual(chunk, { id: 0xdddd, messageId: 0xeeee, last: true, data: fromHex(vector.fields.data!) });
    assert.deepEqual(encodeChunk(chunk), joined(vector));
  },
};

for (const vector of vectors) {
  test(`${vector.kind}: ${label(vector)}`, () => run[vector.kind](vector as never));
}
