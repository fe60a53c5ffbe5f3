import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, EncryptedMaskSeed, fromHex, KeyMap, PublicEncryptKey, PublicSigningKey, Signature } from '../bytes/index.ts';
import { isXaynetError } from '../errors.ts';
import { equalMaskObjects, MASK_CONFIGS, type MaskObject, maskObjectSize } from '../mask/index.ts';
import {
  decodeChunk,
  decodeLocalSeedDict,
  decodePayload,
  encodeChunk,
  encodeLocalSeedDict,
  encodePayload,
  type LocalSeedDict,
  localSeedDictSize,
  type MessageTag,
  type Payload,
  payloadSize,
  sum2PayloadSize,
  sumPayloadSize,
  updatePayloadSize,
} from './index.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const signature = bytesOf(64).map(Signature);
const entry = fc.tuple(bytesOf(32).map(PublicSigningKey), bytesOf(80).map(EncryptedMaskSeed));
const dict = fc.array(entry, { maxLength: 5 }).map((entries): LocalSeedDict => new KeyMap(entries));
const config = fc.constantFrom(...MASK_CONFIGS.filter((c) => c.bytesPerNumber < 20));
// Any bytes are elements: parsing does not compare them with the group order (wire 4.4).
const maskObject = fc.tuple(config, config, fc.nat(5)).chain(([vect, unit, length]) =>
  fc.record({
    config: fc.constant({ vect, unit }),
    length: fc.constant(length),
    vect: bytesOf(length * vect.bytesPerNumber),
    unit: bytesOf(unit.bytesPerNumber),
  }),
) as fc.Arbitrary<MaskObject>;
const payload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ tag: fc.constant('sum' as const), sumSignature: signature, ephemeralKey: bytesOf(32).map(PublicEncryptKey) }),
  fc.record({ tag: fc.constant('update' as const), sumSignature: signature, updateSignature: signature, maskedModel: maskObject, localSeedDict: dict }),
  fc.record({ tag: fc.constant('sum2' as const), sumSignature: signature, mask: maskObject }),
);
const TAGS: readonly MessageTag[] = ['sum', 'update', 'sum2'];

/** The value of `decode`, or undefined when it threw an error of this project; any other error fails the test. */
function coded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    assert.ok(isXaynetError(error), String(error));
    return undefined;
  }
}
function assertSamePayload(a: Payload, b: Payload): void {
  assert.equal(a.tag, b.tag);
  assert.deepEqual(a.sumSignature, b.sumSignature);
  if (a.tag === 'sum' && b.tag === 'sum') assert.deepEqual(a.ephemeralKey, b.ephemeralKey);
  if (a.tag === 'sum2' && b.tag === 'sum2') assert.ok(equalMaskObjects(a.mask, b.mask));
  if (a.tag === 'update' && b.tag === 'update') {
    assert.deepEqual(a.updateSignature, b.updateSignature);
    assert.ok(equalMaskObjects(a.maskedModel, b.maskedModel));
    assert.deepEqual([...a.localSeedDict], [...b.localSeedDict]);
  }
}

test('a payload decodes to what was encoded, and has the size that was announced', () => {
  fc.assert(
    fc.property(payload, (value) => {
      const bytes = encodePayload(value);
      assert.equal(bytes.length, payloadSize(value));
      const decoded = decodePayload(value.tag, bytes);
      assertSamePayload(value, decoded);
      assert.deepEqual(encodePayload(decoded), bytes);
    }),
  );
});

test('decoded fields are views of the payload', () => {
  fc.assert(
    fc.property(payload, (value) => {
      const bytes = encodePayload(value);
      const decoded = decodePayload(value.tag, bytes);
      assert.equal(decoded.sumSignature.buffer, bytes.buffer);
      if (decoded.tag === 'sum2') assert.equal(decoded.mask.vect.buffer, bytes.buffer);
      if (decoded.tag === 'update') {
        assert.equal(decoded.maskedModel.vect.buffer, bytes.buffer);
        for (const [key, seed] of decoded.localSeedDict) assert.ok(key.buffer === bytes.buffer && seed.buffer === bytes.buffer);
      }
    }),
    { numRuns: 20 },
  );
});

test('a payload cut anywhere, or with a byte too many, is refused', () => {
  fc.assert(
    fc.property(payload, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (value, where) => {
      const bytes = encodePayload(value);
      const cut = bytes.subarray(0, Math.floor(where * bytes.length));
      assert.throws(() => decodePayload(value.tag, cut), { code: 'decode-truncated' });
      assert.throws(() => decodePayload(value.tag, concatBytes(bytes, Uint8Array.of(0))), { code: 'decode-trailing' });
    }),
  );
});

test('decoders return or throw a coded error, given any bytes or bytes with a few changes', () => {
  fc.assert(
    fc.property(fc.constantFrom(...TAGS), fc.uint8Array({ maxLength: 400 }), (tag, bytes) => {
      coded(() => decodePayload(tag, bytes));
      coded(() => decodeChunk(bytes));
      coded(() => decodeLocalSeedDict(bytes));
    }),
  );
  fc.assert(
    fc.property(payload, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), (value, changes) => {
      const bytes = encodePayload(value);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const decoded = coded(() => decodePayload(value.tag, bytes));
      if (decoded !== undefined && decoded.tag !== 'update') assert.deepEqual(encodePayload(decoded), bytes);
    }),
  );
});

test('a seed dictionary is written in the order of its keys and read in any', () => {
  const [a, b] = [PublicSigningKey(new Uint8Array(32).fill(1)), PublicSigningKey(new Uint8Array(32).fill(2))];
  const seed = EncryptedMaskSeed(new Uint8Array(80));
  const sorted = encodeLocalSeedDict(
    new KeyMap([
      [b, seed],
      [a, seed],
    ]),
  );
  assert.equal(sorted[4], 1);
  const unsorted = concatBytes(sorted.subarray(0, 4), sorted.subarray(116), sorted.subarray(4, 116));
  assert.deepEqual(decodeLocalSeedDict(unsorted).keys(), [a, b]);
  assert.deepEqual(encodeLocalSeedDict(decodeLocalSeedDict(unsorted)), sorted);
});

test('an empty seed dictionary is four bytes; its length field counts itself', () => {
  assert.deepEqual(encodeLocalSeedDict(new KeyMap()), Uint8Array.of(0, 0, 0, 4));
  assert.equal(decodeLocalSeedDict(fromHex('00000004')).size, 0);
  for (const [text, code] of [
    ['000000', 'decode-truncated'],
    ['00000000', 'decode-length'],
    ['00000003', 'decode-length'],
    ['00000005', 'decode-length'],
    [`00000070${'00'.repeat(112)}`, 'decode-length'],
    [`00000074${'00'.repeat(111)}`, 'decode-truncated'],
    ['00000004ff', 'decode-trailing'],
    [`000000e4${'00'.repeat(224)}`, 'decode-duplicate-key'],
  ] as const) {
    assert.throws(() => decodeLocalSeedDict(fromHex(text)), { code }, text.slice(0, 20));
  }
});

test('a length field of gigabytes is refused without allocating', () => {
  assert.throws(() => decodeLocalSeedDict(fromHex('ffffffe4')), { code: 'decode-truncated' });
});

test('chunks come back as they went; one without data or with an id beyond 16 bits is not made', () => {
  const id = fc.nat(0xffff);
  fc.assert(
    fc.property(id, id, fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 50 }), (a, messageId, last, data) => {
      const bytes = encodeChunk({ id: a, messageId, last, data });
      assert.equal(bytes.length, 8 + data.length);
      const decoded = decodeChunk(bytes);
      assert.deepEqual(decoded, { id: a, messageId, last, data });
      assert.equal(decoded.data.buffer, bytes.buffer);
    }),
  );
  const chunk = { id: 0, messageId: 0, last: false, data: Uint8Array.of(1) };
  for (const bad of [{ data: new Uint8Array(0) }, { id: 65536 }, { id: -1 }, { id: 1.5 }, { messageId: 65536 }]) {
    assert.throws(() => encodeChunk({ ...chunk, ...bad }), { code: 'decode-chunk' }, JSON.stringify(bad));
  }
});

test('unknown chunk flags and reserved bytes are ignored on reading', () => {
  assert.deepEqual(decodeChunk(fromHex('00010002fe01020309')), { id: 1, messageId: 2, last: false, data: Uint8Array.of(9) });
  assert.equal(decodeChunk(fromHex('00010002ff01020309')).last, true);
});

test('sizes: those of wire 6.2 and 6.3, and refused beyond 32 bits', () => {
  const small = MASK_CONFIGS.find((c) => c.name === 'Prime/F32/B0/M3')!;
  const pair = { vect: small, unit: small };
  assert.equal(sumPayloadSize(), 96);
  assert.equal(updatePayloadSize(pair, 0, 0), 150);
  assert.equal(sum2PayloadSize(pair, 0), 82);
  assert.equal(updatePayloadSize(pair, 4, 2), 582 - 184);
  assert.equal(updatePayloadSize(pair, 1000, 7) - sum2PayloadSize(pair, 1000), 64 + 4 + 7 * 112);
  assert.equal(sum2PayloadSize(pair, 1000), 64 + maskObjectSize(pair, 1000));
  assert.equal(localSeedDictSize(38_347_922), 4 + 112 * 38_347_922);
  assert.throws(() => localSeedDictSize(38_347_923), { code: 'message-too-large' });
});
