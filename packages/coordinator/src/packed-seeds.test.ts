import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { encodeSeedDict, encodeUpdateSeedDict, type UpdateSeedDict } from '@xaynet/core/round';
import { PackedSeeds, type Roster } from './packed-seeds.ts';
import { seededRandom } from './rig.test.ts';

const key = (byte: number): PublicSigningKey => PublicSigningKey(new Uint8Array(32).fill(byte));
const seed = (update: number, sum: number): EncryptedMaskSeed => EncryptedMaskSeed(new Uint8Array(80).fill(update * 16 + sum));
const rosterOf = (...sums: number[]): Roster => new Map(sums.map((sum, i) => [toHex(key(sum)), i]));
const seedsOf = (update: number, ...sums: number[]): Uint8Array => Buffer.concat(sums.map((sum) => seed(update, sum)));
const sums = new KeyMap([3, 1, 2].map((sum) => [key(sum), undefined] as const));

test('it is the dictionary that maps would be, whatever the order of sum participants', () => {
  const packed = new PackedSeeds(sums);
  const plain = new KeyMap([1, 2, 3].map((sum): [PublicSigningKey, UpdateSeedDict] => [key(sum), new KeyMap()]));
  for (const [update, order] of [
    [5, [1, 2, 3]],
    [4, [3, 2, 1]],
    [6, [2, 3, 1]],
  ] as const) {
    packed.add(key(update), rosterOf(...order), seedsOf(update, ...order));
    for (const sum of order) plain.get(key(sum))!.set(key(update), seed(update, sum));
  }
  packed.add(key(5), rosterOf(1, 2, 3), seedsOf(5, 1, 2, 3)); // a scan may tell of it twice
  assert.equal(toHex(encodeSeedDict(packed)), toHex(encodeSeedDict(plain)));
  assert.deepEqual(packed.keys(), plain.keys());
  assert.equal(packed.size, 3);
  assert.deepEqual([packed.has(key(2)), packed.has(key(4))], [true, false]);
  assert.equal(packed.get(key(4)), undefined);
});

test('before the first update rows are empty; who is not in the dictionary any more has none; who was not in a roster lacks its seeds', () => {
  const packed = new PackedSeeds(sums);
  assert.deepEqual(
    [...packed].map(([, row]) => row.size),
    [0, 0, 0],
  );
  packed.add(key(5), rosterOf(1, 2, 9), seedsOf(5, 1, 2, 9));
  packed.add(key(6), rosterOf(1, 2, 3), seedsOf(6, 1, 2, 3));
  assert.deepEqual(
    [...packed].map(([, row]) => [row.size, row.has(key(5)), row.has(key(6))]),
    [
      [2, true, true],
      [2, true, true],
      [1, false, true],
    ],
  );
  assert.equal(packed.get(key(9)), undefined);
});

test('thousands of keys, many of which begin alike, come in order and each once, as from a map', () => {
  const random = seededRandom('packed seeds');
  const rows: UpdateSeedDict = new KeyMap();
  const packed = new PackedSeeds(new KeyMap([[key(1), undefined]]));
  for (let i = 0; i < 3000; i++) {
    const participant = PublicSigningKey(random(32));
    if (i % 3 > 0) participant.fill(i % 2, 0, 29); // 24 bits are left of them
    const one = EncryptedMaskSeed(random(80));
    packed.add(participant, rosterOf(1), one);
    if (i % 5 === 0) packed.add(participant, rosterOf(1), one);
    rows.set(participant, one);
  }
  const row = packed.get(key(1))!;
  assert.equal(row.size, rows.size);
  assert.equal(toHex(encodeUpdateSeedDict(row)), toHex(encodeUpdateSeedDict(rows)));
  for (const [participant, one] of rows) assert.deepEqual(row.get(participant), one);
  assert.equal(row.get(random(32)), undefined);
});

test('seeds that are not one for each sum participant are refused', () => {
  const packed = new PackedSeeds(sums);
  for (const bytes of [0, 159, 161, 240])
    assert.throws(() => packed.add(key(5), rosterOf(1, 2), new Uint8Array(bytes)), /bytes of seeds for 2 sum participants/);
  assert.throws(() => packed.add(new Uint8Array(31), rosterOf(1), new Uint8Array(80)), /31 bytes of a participant's key/);
});
