import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, PublicEncryptKey, Signature, SigningKeySeed } from '../bytes/index.ts';
import { signingKeyPairFromSeed } from '../crypto/index.ts';
import { decodeChunk, type EncoderState, encodePayload, MESSAGE_OVERHEAD, MessageEncoder, parseMessage, verifyMessage, verifyMessageAsync } from './index.ts';

const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(3)));
const coordinator = PublicEncryptKey(new Uint8Array(32).fill(9));
const sum = { tag: 'sum', sumSignature: Signature(new Uint8Array(64).fill(5)), ephemeralKey: PublicEncryptKey(new Uint8Array(32).fill(6)) } as const;

function noRandom(): never {
  throw new Error('random must not be asked');
}
const options = (maxMessageSize: number, random: (length: number) => Uint8Array = noRandom) => ({ keys, coordinator, maxMessageSize, random });

function payload(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
}
function state(length: number, maxMessageSize: number, next = 0): EncoderState {
  return { tag: 'update', payload: payload(length), maxMessageSize, messageId: 0xbeef, next };
}
function all(encoder: MessageEncoder): Uint8Array[] {
  return Array.from({ length: encoder.count - encoder.sent }, () => encoder.next()!);
}

// wire 6.5: P = Z - 184, D = P - 8; payload lengths around P and around multiples of D
for (const [maxMessageSize, multiple] of [
  [194, 6],
  [384, 3],
  [3912, 2],
] as const) {
  const P = maxMessageSize - 184;
  const D = P - 8;
  test(`a maximum message size of ${maxMessageSize} bytes splits payloads larger than ${P} into pieces of ${D}`, () => {
    for (const length of [1, P - 1, P]) {
      const encoder = new MessageEncoder(state(length, maxMessageSize), options(0));
      const [bytes, ...more] = all(encoder);
      assert.equal(more.length, 0, `${length} bytes`);
      const message = parseMessage(bytes!);
      assert.deepEqual([message.multipart, message.tag, bytes!.length], [false, 'update', 136 + length]);
      assert.deepEqual(message.payload, payload(length));
      assert.equal(encoder.next(), undefined);
    }
    for (const length of [P + 1, multiple * D, multiple * D + 1]) {
      const encoder = new MessageEncoder(state(length, maxMessageSize), options(0));
      const count = Math.ceil(length / D);
      assert.equal(encoder.count, count);
      const messages = all(encoder).map((bytes) => ({ bytes, message: parseMessage(bytes) }));
      assert.equal(messages.length, count);
      const chunks = messages.map(({ message }) => decodeChunk(message.payload));
      assert.deepEqual(
        chunks.map((chunk) => [chunk.id, chunk.messageId, chunk.last]),
        chunks.map((_, id) => [id, 0xbeef, id === count - 1]),
      );
      assert.deepEqual(
        chunks.map((chunk) => chunk.data.length),
        [...new Array(count - 1).fill(D), length - (count - 1) * D],
      );
      assert.deepEqual(concatBytes(...chunks.map((chunk) => chunk.data)), payload(length));
      for (const { bytes, message } of messages) {
        assert.deepEqual([message.tag, message.multipart], ['update', true]);
        assert.ok(bytes.length + 48 <= maxMessageSize);
      }
      assert.ok(verifyMessage(messages[0]!.message));
      assert.ok(verifyMessage(messages[count - 1]!.message));
    }
  });
}

test('nextAsync hands out the messages of next, one for each call, also when calls do not wait for each other', async () => {
  for (const [length, maxMessageSize] of [
    [0, 0],
    [100_000, 0],
    [100_000, 40_000],
    [500, 250],
  ] as const) {
    const expected = all(new MessageEncoder(state(length, maxMessageSize), options(0)));
    const encoder = new MessageEncoder(state(length, maxMessageSize), options(0));
    assert.deepEqual(await Promise.all(Array.from({ length: encoder.count }, () => encoder.nextAsync())), expected);
    assert.equal(encoder.sent, encoder.count);
    assert.equal(await encoder.nextAsync(), undefined);
    assert.ok(await verifyMessageAsync(parseMessage(expected[0]!)));
    const damaged = parseMessage(Uint8Array.from(expected[0]!));
    damaged.signed[70]! ^= 1;
    assert.equal(await verifyMessageAsync(damaged), false);
  }
});

test('unlimited never splits', () => {
  for (const length of [1, 3728, 3729, 1_000_000]) {
    const encoder = new MessageEncoder(state(length, 0), options(194));
    assert.equal(encoder.count, 1);
    assert.equal(encoder.next()!.length, 136 + length);
  }
});

test('a new payload takes its message id, two bytes, most significant first, from random; only when it is split', () => {
  const asked: number[] = [];
  const encoder = new MessageEncoder(
    sum,
    options(250, (length) => {
      asked.push(length);
      return Uint8Array.of(0xca, 0xfe);
    }),
  );
  assert.deepEqual(asked, [2]);
  assert.equal(encoder.state().messageId, 0xcafe);
  const sizes = all(encoder).map((bytes) => bytes.length + 48);
  assert.deepEqual(sizes, [250, 230]); // participant A.8
  const whole = new MessageEncoder(sum, options(280));
  assert.equal(whole.next()!.length + 48, 280);
  assert.equal(whole.state().messageId, 0);
});

test('an encoder resumed after any number of messages goes on with exactly those that are missing', () => {
  const expected = all(new MessageEncoder(state(1000, 384), options(0)));
  assert.equal(expected.length, 6);
  for (let sent = 0; sent <= 6; sent++) {
    const first = new MessageEncoder(state(1000, 384), options(0));
    for (let i = 0; i < sent; i++) first.next();
    assert.equal(first.sent, sent);
    const saved = first.state();
    const resumed = new MessageEncoder({ ...saved, payload: saved.payload.slice() }, options(0));
    assert.deepEqual([resumed.sent, resumed.count], [sent, 6]);
    assert.deepEqual(all(resumed), expected.slice(sent));
    assert.equal(resumed.next(), undefined);
    assert.equal(resumed.sent, 6);
  }
  const whole = new MessageEncoder(sum, options(0));
  whole.next();
  assert.equal(new MessageEncoder(whole.state(), options(0)).next(), undefined);
});

test('sizes with which a chunk carries nothing are refused, for short payloads too', () => {
  for (const size of [1, 184, 185, 193]) {
    assert.throws(() => new MessageEncoder(sum, options(size)), { code: 'message-size-too-small' }, String(size));
  }
  for (const size of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => new MessageEncoder(sum, options(size)), { code: 'decode-number' }, String(size));
  }
  assert.equal(
    new MessageEncoder(
      sum,
      options(194, () => new Uint8Array(2)),
    ).count,
    48,
  );
});

test('65535 chunks are the most', () => {
  assert.equal(new MessageEncoder(state(65535 * 2, 194), options(0)).count, 65535);
  assert.throws(() => new MessageEncoder(state(65535 * 2 + 1, 194), options(0)), { code: 'message-too-many-chunks' });
  const last = parseMessage(new MessageEncoder(state(65535 * 2, 194, 65534), options(0)).next()!);
  assert.deepEqual([decodeChunk(last.payload).id, decodeChunk(last.payload).last], [65534, true]);
});

test('a saved state with impossible numbers is refused', () => {
  const good = state(1000, 384);
  for (const bad of [{ next: -1 }, { next: 7 }, { next: 0.5 }, { messageId: -1 }, { messageId: 65536 }, { messageId: Number.NaN }, { maxMessageSize: -2 }]) {
    assert.throws(() => new MessageEncoder({ ...good, ...bad }, options(0)), { code: 'decode-number' }, JSON.stringify(bad));
  }
  assert.throws(() => new MessageEncoder({ ...good, maxMessageSize: 185 }, options(0)), { code: 'message-size-too-small' });
});

test('the messages of a payload carry the bytes of encodePayload', () => {
  const bytes = new MessageEncoder(sum, options(0)).next()!;
  assert.deepEqual(parseMessage(bytes).payload, encodePayload(sum));
  assert.equal(bytes.length + 48, encodePayload(sum).length + MESSAGE_OVERHEAD);
});
