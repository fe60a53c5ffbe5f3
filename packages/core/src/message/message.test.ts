import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PublicEncryptKey, SigningKeySeed } from '../bytes/index.ts';
import { signingKeyPairFromSeed } from '../crypto/index.ts';
import { isXaynetError } from '../errors.ts';
import { HEADER_LENGTH, type MessageTag, messageSize, parseMessage, sealedMessageSize, signMessage, verifyMessage } from './index.ts';

const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(3)));
const coordinator = PublicEncryptKey(new Uint8Array(32).fill(9));
const TAGS: readonly MessageTag[] = ['sum', 'update', 'sum2'];

function message(payload: Uint8Array, tag: MessageTag = 'sum', multipart = false): Uint8Array {
  return signMessage({ coordinator, tag, multipart }, payload, keys);
}

function withLength(bytes: Uint8Array, length: number): Uint8Array {
  const changed = bytes.slice();
  new DataView(changed.buffer).setUint32(128, length);
  return changed;
}

test('what is signed parses to the same header and payload and verifies', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, fc.constantFrom(...TAGS), fc.boolean(), (payload, tag, multipart) => {
      const parsed = parseMessage(message(payload, tag, multipart));
      assert.deepEqual(parsed.payload, payload);
      assert.deepEqual([parsed.tag, parsed.multipart], [tag, multipart]);
      assert.deepEqual([parsed.participant, parsed.coordinator], [keys.publicKey, coordinator]);
      assert.ok(verifyMessage(parsed));
    }),
    { numRuns: 20 },
  );
});

test('a message without payload is the shortest; its bytes stand where the layout says', () => {
  const bytes = message(new Uint8Array(0), 'sum2', true);
  assert.equal(bytes.length, HEADER_LENGTH);
  assert.deepEqual([...bytes.subarray(128)], [0, 0, 0, 136, 3, 1, 0, 0]);
  assert.deepEqual(bytes.subarray(64, 96), keys.publicKey);
  assert.deepEqual(bytes.subarray(96, 128), coordinator);
  assert.equal(parseMessage(bytes).payload.length, 0);
});

test('the length field must be the number of bytes: everything else is refused before anything is sliced', () => {
  const bytes = message(new Uint8Array(96).fill(7));
  for (const length of [0, 63, 64, 135, 136, bytes.length - 1, bytes.length + 1, 0xffffffff]) {
    assert.throws(() => parseMessage(withLength(bytes, length)), { code: 'decode-length' }, String(length));
  }
  for (const length of [0, 63, 64, 135]) {
    assert.throws(() => parseMessage(bytes.subarray(0, length)), { code: 'decode-truncated' }, String(length));
    assert.throws(() => parseMessage(withLength(bytes, length).subarray(0, length)), { code: 'decode-truncated' }, String(length));
  }
  assert.throws(() => parseMessage(bytes.subarray(0, 136)), { code: 'decode-length' });
});

test('tags other than 1, 2 and 3 are refused', () => {
  for (const tag of [0, 4, 255]) {
    const bytes = message(new Uint8Array(4));
    bytes[132] = tag;
    assert.throws(() => parseMessage(bytes), { code: 'decode-tag' }, String(tag));
  }
});

test('unknown flag bits and reserved bytes are ignored on reading, but the signature covers them', () => {
  const bytes = message(new Uint8Array(4).fill(1), 'update');
  for (const [at, value, multipart] of [
    [133, 0xfe, false],
    [133, 0xff, true],
    [134, 1, false],
    [135, 0x80, false],
  ] as const) {
    const changed = bytes.slice();
    changed[at] = value;
    const parsed = parseMessage(changed);
    assert.deepEqual([parsed.tag, parsed.multipart, parsed.payload], ['update', multipart, Uint8Array.of(1, 1, 1, 1)]);
    assert.equal(verifyMessage(parsed), false, `byte ${at}`);
  }
});

test('one changed bit anywhere makes a message that does not parse or does not verify', () => {
  const bytes = message(new Uint8Array(5).fill(1));
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      try {
        assert.equal(verifyMessage(parseMessage(changed)), false);
      } catch (error) {
        assert.ok(isXaynetError(error), String(error));
      }
    }),
    { numRuns: 40 },
  );
});

test('the fields of a parsed message are views of its bytes', () => {
  const bytes = message(new Uint8Array(10));
  const parsed = parseMessage(bytes);
  for (const field of [parsed.payload, parsed.signed, parsed.signature, parsed.participant, parsed.coordinator]) assert.equal(field.buffer, bytes.buffer);
  assert.equal(parsed.payload.byteOffset, 136);
  assert.equal(parsed.signed.byteOffset, 64);
});

test('a view in the middle of a larger buffer parses the same', () => {
  const bytes = message(new Uint8Array(10).fill(4));
  const around = new Uint8Array(bytes.length + 7);
  around.set(bytes, 5);
  const parsed = parseMessage(around.subarray(5, 5 + bytes.length));
  assert.deepEqual(parsed.payload, new Uint8Array(10).fill(4));
  assert.ok(verifyMessage(parsed));
});

test('the length field says at most 2^32 - 1', () => {
  assert.equal(messageSize(2 ** 32 - 137), 2 ** 32 - 1);
  assert.throws(() => messageSize(2 ** 32 - 136), { code: 'message-too-large' });
  assert.equal(sealedMessageSize(96), 280);
  assert.throws(() => sealedMessageSize(2 ** 32 - 136), { code: 'message-too-large' });
});

test('the parser returns or throws a coded error, whatever it is given', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parseMessage(bytes);
      } catch (error) {
        assert.ok(isXaynetError(error), String(error));
      }
    }),
  );
});
