import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EncryptKeySeed, RoundSeed } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { encryptKeyPairFromSeed } from '../crypto/encrypt-keys.ts';
import { isXaynetError } from '../errors.ts';
import { parseMaskConfig } from '../mask/config.ts';
import { type CoordinatorState, decodeCoordinatorState, encodeCoordinatorState, type PhaseParams } from './coordinator-state.ts';

const phase = (countMin: number, countMax: number, timeMin: number, timeMax: number): PhaseParams => ({ countMin, countMax, timeMin, timeMax });
const keys = encryptKeyPairFromSeed(EncryptKeySeed(new Uint8Array(32).fill(7)));
const config = parseMaskConfig('Prime/F32/B0/M3');
const STATE: CoordinatorState = {
  keys,
  roundId: 1,
  params: {
    publicKey: keys.publicKey,
    sum: 0.5,
    update: 0.9,
    seed: RoundSeed(fromHex('b66a80450ec6b29f569b504aa58e8217074bbb952fc62667232ae19743bc50a2')),
    maskConfig: { vect: config, unit: config },
    modelLength: 2,
  },
  sum: phase(1, 100, 5, 3600),
  update: phase(3, 10000, 10, 3600),
  sum2: phase(1, 100, 5, 3600),
};
const HEX = `2000000000000000761d88ec830413919dfe9d4d1d56f17e653c8c994082df5b137b90a0ae6edf74
  20000000000000002fad39fefd7fa3e200a9c626eef599e61a2d055c48a8288a4e7e4c4bca3928f8
  0100000000000000
  2000000000000000761d88ec830413919dfe9d4d1d56f17e653c8c994082df5b137b90a0ae6edf74
  000000000000e03fcdccccccccccec3f
  2000000000000000b66a80450ec6b29f569b504aa58e8217074bbb952fc62667232ae19743bc50a2
  01000000000000000000000000000000010000000000000000000000000000000200000000000000
  010000000000000064000000000000000500000000000000100e000000000000
  030000000000000010270000000000000a00000000000000100e000000000000
  010000000000000064000000000000000500000000000000100e000000000000`.replace(/\s/g, '');

test('the known state, both ways (coordinator A.4)', () => {
  assert.equal(HEX.length, 640);
  assert.equal(toHex(encodeCoordinatorState(STATE)), HEX);
  assert.deepEqual(decodeCoordinatorState(fromHex(HEX)), STATE);
});

test('counts, times and round numbers must be safe integers: half a second has no place here', () => {
  for (const value of [-1, 0.25, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => encodeCoordinatorState({ ...STATE, roundId: value }), { code: 'decode-number' });
    for (const name of ['sum', 'update', 'sum2'] as const) {
      for (const field of ['countMin', 'countMax', 'timeMin', 'timeMax'] as const) {
        assert.throws(() => encodeCoordinatorState({ ...STATE, [name]: { ...STATE[name], [field]: value } }), { code: 'decode-number' });
      }
    }
  }
  const large = { ...STATE, roundId: Number.MAX_SAFE_INTEGER, sum2: phase(0, Number.MAX_SAFE_INTEGER, 0, 2 ** 32) };
  assert.deepEqual(decodeCoordinatorState(encodeCoordinatorState(large)), large);
});

test('exactly 320 bytes; damaged ones decode or throw an error of the table', () => {
  for (let length = 0; length < 320; length++) {
    assert.throws(() => decodeCoordinatorState(fromHex(HEX).subarray(0, length)), { code: 'decode-truncated' });
  }
  assert.throws(() => decodeCoordinatorState(fromHex(`${HEX}00`)), { code: 'decode-trailing' });
  fc.assert(
    fc.property(fc.nat(319), fc.nat(255), (at, byte) => {
      const bytes = fromHex(HEX);
      bytes[at] = byte;
      try {
        assert.deepEqual(encodeCoordinatorState(decodeCoordinatorState(bytes)), bytes);
      } catch (error) {
        assert.ok(isXaynetError(error), String(error));
      }
    }),
    { numRuns: 400 },
  );
});
