// The documents a coordinator publishes or stores, both ways: wire A.8, coordinator A.4, participant A.2.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, fromHex, KeyMap, PublicEncryptKey, PublicSigningKey, RoundSeed, SecretEncryptKey, toHex } from '@xaynet/core/bytes';
import { modelToWeights, parseMaskConfig } from '@xaynet/core/mask';
import {
  type CoordinatorState,
  decodeCoordinatorState,
  decodeModel,
  decodeRoundParams,
  decodeSeedDict,
  decodeSumDict,
  decodeUpdateSeedDict,
  encodeCoordinatorState,
  encodeModel,
  encodeRoundParams,
  encodeSeedDict,
  encodeSumDict,
  encodeUpdateSeedDict,
  type PhaseParams,
  type RoundParams,
  readModel,
  type SeedDict,
} from '@xaynet/core/round';
import { type FieldVector, fraction, fractionText, joined, label, load } from './load.ts';

interface ParamsValue {
  publicKey: string;
  sum: number;
  update: number;
  seed: string;
  vect: string;
  unit: string;
  modelLength: number;
}
interface StateValue {
  publicKey: string;
  secretKey: string;
  roundId: number;
  sum: number[];
  update: number[];
  sum2: number[];
}
type Vector = FieldVector &
  (
    | { kind: 'roundParams'; value: ParamsValue }
    | { kind: 'sumDict'; value: [string, string][] }
    | { kind: 'updateSeedDict'; value: [string, string][] }
    | { kind: 'seedDict'; value: [] }
    | { kind: 'model'; value: string[] }
    | { kind: 'coordinatorState'; value: StateValue }
  );

/** Encoding the value gives the bytes; decoding the bytes gives the value. */
function bothWays<T>(bytes: Uint8Array, value: T, encode: (value: T) => Uint8Array, decode: (bytes: Uint8Array) => T): void {
  assert.equal(toHex(encode(value)), toHex(bytes));
  assert.deepEqual(decode(bytes), value);
}
function phase([countMin, countMax, timeMin, timeMax]: readonly number[]): PhaseParams {
  return { countMin: countMin!, countMax: countMax!, timeMin: timeMin!, timeMax: timeMax! };
}
function paramsOf(value: ParamsValue): RoundParams {
  return {
    publicKey: PublicEncryptKey(fromHex(value.publicKey)),
    sum: value.sum,
    update: value.update,
    seed: RoundSeed(fromHex(value.seed)),
    maskConfig: { vect: parseMaskConfig(value.vect), unit: parseMaskConfig(value.unit) },
    modelLength: value.modelLength,
  };
}

const run: { [K in Vector['kind']]: (vector: Extract<Vector, { kind: K }>, bytes: Uint8Array) => void } = {
  roundParams(vector, bytes) {
    bothWays(bytes, paramsOf(vector.value), encodeRoundParams, decodeRoundParams);
  },
  sumDict(vector, bytes) {
    const dict = new KeyMap(vector.value.map(([key, value]) => [PublicSigningKey(fromHex(key)), PublicEncryptKey(fromHex(value))] as const));
    bothWays(bytes, dict, encodeSumDict, decodeSumDict);
    assert.deepEqual([...decodeSumDict(bytes)], [...dict]);
  },
  updateSeedDict(vector, bytes) {
    const dict = new KeyMap(vector.value.map(([key, value]) => [PublicSigningKey(fromHex(key)), EncryptedMaskSeed(fromHex(value))] as const));
    bothWays(bytes, dict, encodeUpdateSeedDict, decodeUpdateSeedDict);
    assert.deepEqual([...decodeUpdateSeedDict(bytes)], [...dict]);
    // The row inside a whole seed dictionary: count, key, row (wire 7.3).
    const whole = new KeyMap([[PublicSigningKey(new Uint8Array(32).fill(0x31)), dict]]);
    const expected = `0100000000000000${'20'.padEnd(16, '0')}${'31'.repeat(32)}${vector.bytes}`;
    assert.equal(toHex(encodeSeedDict(whole)), expected);
    assert.deepEqual([...[...decodeSeedDict(fromHex(expected))][0]![1]], [...dict]);
  },
  seedDict(_, bytes) {
    bothWays(bytes, new KeyMap() as SeedDict, encodeSeedDict, decodeSeedDict);
  },
  model(vector, bytes) {
    bothWays(bytes, vector.value.map(fraction), encodeModel, (given) => [...decodeModel(given)]);
    assert.deepEqual(decodeModel(bytes).map(fractionText), vector.value);
    const published = readModel(bytes);
    assert.deepEqual([published.length, published.toModel().map(fractionText)], [vector.value.length, vector.value]);
    assert.deepEqual(published.toWeights('F64'), modelToWeights(decodeModel(bytes), 'F64'));
    for (let end = 0; end < bytes.length; end++) assert.throws(() => readModel(bytes.subarray(0, end)), { code: 'decode-truncated' }, `${end} bytes`);
  },
  coordinatorState(vector, bytes) {
    const { value, fields } = vector;
    const params = decodeRoundParams(
      fromHex(
        Object.keys(fields)
          .filter((name) => name.startsWith('params.'))
          .map((name) => fields[name])
          .join(''),
      ),
    );
    const state: CoordinatorState = {
      keys: { publicKey: PublicEncryptKey(fromHex(value.publicKey)), secretKey: SecretEncryptKey(fromHex(value.secretKey)) },
      roundId: value.roundId,
      params,
      sum: phase(value.sum),
      update: phase(value.update),
      sum2: phase(value.sum2),
    };
    bothWays(bytes, state, encodeCoordinatorState, decodeCoordinatorState);
  },
};

for (const vector of load<{ vectors: Vector[] }>('rest.json').vectors) {
  test(`${vector.kind}: ${label(vector)}`, () => run[vector.kind](vector as never, joined(vector)));
}
