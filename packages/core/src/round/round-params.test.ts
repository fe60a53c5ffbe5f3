import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { PublicEncryptKey, RoundSeed } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { isXaynetError } from '../errors.ts';
import { MASK_CONFIGS, type MaskConfigPair, parseMaskConfig } from '../mask/config.ts';
import { decodeRoundParams, encodeRoundParams, equalRoundParams, type RoundParams, roundIdOf } from './round-params.ts';

const count = (from: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => from + i);
const pair = (vect: string, unit = vect): MaskConfigPair => ({ vect: parseMaskConfig(vect), unit: parseMaskConfig(unit) });

const WIRE: RoundParams = {
  publicKey: PublicEncryptKey(fromHex('5730800ab340fcb18ce5111eda9d705f91388b41e4544cbd103ba5942db2233e')),
  sum: 0.01,
  update: 0.1,
  seed: RoundSeed(count(0x80)),
  maskConfig: pair('Power2/I64/Bmax/M12', 'Prime/F32/B0/M3'),
  modelLength: 1000,
};
const WIRE_HEX =
  '20000000000000005730800ab340fcb18ce5111eda9d705f91388b41e4544cbd103ba5942db2233e7b14ae47e17a843f' +
  '9a9999999999b93f2000000000000000808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f' +
  '0200000003000000040000000300000001000000000000000000000000000000e803000000000000';

const PARTICIPANT: RoundParams = {
  publicKey: PublicEncryptKey(fromHex('5bf55c73b82ebe22be80f3430667af570fae2556a6415e6b30d4065300aa947d')),
  sum: 0.5,
  update: 0.9,
  seed: RoundSeed(new Uint8Array(32).fill(7)),
  maskConfig: pair('Prime/F32/B0/M3'),
  modelLength: 4,
};
const participantHex = (config: string): string =>
  '20000000000000005bf55c73b82ebe22be80f3430667af570fae2556a6415e6b30d4065300aa947d000000000000e03fcdccccccccccec3f2000000000000000' +
  `0707070707070707070707070707070707070707070707070707070707070707${config}${config}0400000000000000`;

const COORDINATOR: RoundParams = {
  ...PARTICIPANT,
  publicKey: PublicEncryptKey(fromHex('761d88ec830413919dfe9d4d1d56f17e653c8c994082df5b137b90a0ae6edf74')),
  seed: RoundSeed(fromHex('b66a80450ec6b29f569b504aa58e8217074bbb952fc62667232ae19743bc50a2')),
  modelLength: 2,
};
const COORDINATOR_HEX =
  '2000000000000000761d88ec830413919dfe9d4d1d56f17e653c8c994082df5b137b90a0ae6edf74000000000000e03fcdccccccccccec3f2000000000000000' +
  'b66a80450ec6b29f569b504aa58e8217074bbb952fc62667232ae19743bc50a201000000000000000000000000000000010000000000000000000000000000000200000000000000';

test('known answers, both ways (wire A.8, participant A.2, coordinator A.4)', () => {
  const rows: [RoundParams, string][] = [
    [WIRE, WIRE_HEX],
    [PARTICIPANT, participantHex('01000000000000000000000000000000')],
    [{ ...PARTICIPANT, maskConfig: pair('Power2/I64/Bmax/M12') }, participantHex('02000000030000000400000003000000')],
    [COORDINATOR, COORDINATOR_HEX],
  ];
  for (const [params, hex] of rows) {
    assert.equal(toHex(encodeRoundParams(params)), hex);
    assert.deepEqual(decodeRoundParams(fromHex(hex)), params);
  }
});

test('the id of a round is SHA-256 of the 136 bytes, and differs when any field does', () => {
  assert.equal(roundIdOf(WIRE), createHash('sha256').update(fromHex(WIRE_HEX)).digest('hex'));
  const others: RoundParams[] = [
    { ...WIRE, publicKey: PublicEncryptKey(count(1)) },
    { ...WIRE, sum: 0.010000000000000002 },
    { ...WIRE, update: 0.1 + 2 ** -56 },
    { ...WIRE, seed: RoundSeed(count(0x81)) },
    { ...WIRE, maskConfig: pair('Power2/I64/Bmax/M9', 'Prime/F32/B0/M3') },
    { ...WIRE, maskConfig: pair('Power2/I64/Bmax/M12', 'Prime/F32/B0/M6') },
    { ...WIRE, modelLength: 1001 },
  ];
  for (const other of others) assert.equal(equalRoundParams(WIRE, other), false);
  assert.equal(new Set([WIRE, ...others].map(roundIdOf)).size, 8);
  assert.ok(equalRoundParams(WIRE, decodeRoundParams(fromHex(WIRE_HEX))));
});

test('probabilities that decide nothing are refused both ways; above 1, zero and negative zero are kept', () => {
  for (const field of ['sum', 'update'] as const) {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -Number.MIN_VALUE, -1]) {
      assert.throws(() => encodeRoundParams({ ...WIRE, [field]: bad }), { code: 'decode-number' }, `${field} ${bad}`);
      const bytes = fromHex(WIRE_HEX);
      new DataView(bytes.buffer).setFloat64(field === 'sum' ? 40 : 48, bad, true);
      assert.throws(() => decodeRoundParams(bytes), { code: 'decode-number' }, `${field} ${bad}`);
    }
    for (const good of [0, -0, Number.MIN_VALUE, 1, 1.5, Number.MAX_VALUE]) {
      assert.ok(Object.is(decodeRoundParams(encodeRoundParams({ ...WIRE, [field]: good }))[field], good), `${field} ${good}`);
    }
  }
});

test('model lengths up to 2^53 - 1 pass, others are refused both ways', () => {
  for (const modelLength of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    assert.equal(decodeRoundParams(encodeRoundParams({ ...WIRE, modelLength })).modelLength, modelLength);
  }
  for (const modelLength of [-1, 0.5, 2 ** 53, Number.NaN]) assert.throws(() => encodeRoundParams({ ...WIRE, modelLength }), { code: 'decode-number' });
  assert.throws(() => decodeRoundParams(fromHex(WIRE_HEX.slice(0, -16).concat('0000000000002000'))), { code: 'decode-number' });
});

test('exactly 136 bytes', () => {
  const bytes = fromHex(WIRE_HEX);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeRoundParams(bytes.subarray(0, length)), { code: 'decode-truncated' }, `${length} bytes`);
  }
  assert.throws(() => decodeRoundParams(fromHex(`${WIRE_HEX}00`)), { code: 'decode-trailing' });
});

test('what is encoded decodes to the same', () => {
  const config = fc.constantFrom(...MASK_CONFIGS);
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const probability = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
  const params = fc.record(
    {
      publicKey: bytes.map((b) => PublicEncryptKey(b)),
      sum: probability,
      update: probability,
      seed: bytes.map((b) => RoundSeed(b)),
      maskConfig: fc.record({ vect: config, unit: config }, { noNullPrototype: true }),
      modelLength: fc.maxSafeNat(),
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(params, (value) => assert.deepEqual(decodeRoundParams(encodeRoundParams(value)), value)));
});

test('damaged parameters decode or throw an error of the table', () => {
  fc.assert(
    fc.property(fc.nat(135), fc.nat(255), fc.nat(136), (at, byte, length) => {
      const bytes = fromHex(WIRE_HEX).subarray(0, length);
      if (at < length) bytes[at] = byte;
      try {
        assert.deepEqual(encodeRoundParams(decodeRoundParams(bytes)), bytes);
      } catch (error) {
        assert.ok(isXaynetError(error), String(error));
      }
    }),
    { numRuns: 500 },
  );
});
