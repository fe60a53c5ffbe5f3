// Whole messages from known keys, field by field: wire A.7, coordinator A.6, participant A.5 and A.8. Signing is deterministic,
// so both directions are compared byte for byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, fromHex, KeyMap, PublicEncryptKey, PublicSigningKey, SecretEncryptKey, Signature, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { encryptKeyPairFromSecret, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { decodeMaskObject, type MaskObject, parseMaskConfig } from '@xaynet/core/mask';
import {
  decodeChunk,
  decodePayload,
  encodeChunk,
  encodePayload,
  MessageEncoder,
  type MessageTag,
  type Payload,
  parseMessage,
  sealedMessageSize,
  signMessage,
  sum2PayloadSize,
  sumPayloadSize,
  updatePayloadSize,
  verifyMessage,
} from '@xaynet/core/message';
import { type FieldVector, joined, label, load } from './load.ts';

interface MessageVector extends FieldVector {
  kind: 'sum' | 'update' | 'sum2' | 'chunk';
  payloadTag?: MessageTag;
  signingSeed: string;
  coordinatorSecretKey: string;
}
interface Splitting {
  payload: string;
  messageId: string;
  rows: { maxPayload: number; plainLengths?: number[]; refused?: true }[];
}
interface Sizes {
  rows: { name: string; tag: MessageTag; config?: string; length?: number; sums?: number; maxMessageSize?: number; sizes: number[] }[];
}
const file = load<{ vectors: MessageVector[]; payloads: (FieldVector & { tag: MessageTag })[]; splitting: Splitting; sealedSizes: Sizes }>('messages.json');
const noRandom = () => assert.fail('random must not be asked');

/** The mask object whose fields stand in `fields`, from the vector's configuration on. */
function maskObject(fields: Readonly<Record<string, string>>): MaskObject {
  const names = Object.keys(fields).filter((name) => /^(vect|unit)|^count$|^element\d/.test(name));
  return decodeMaskObject(fromHex(names.map((name) => fields[name]).join('')));
}
/** The payload that the named fields say, made without the decoder of payloads. */
function payloadOf(tag: MessageTag, fields: Readonly<Record<string, string>>): Payload {
  const bytes = (name: string) => fromHex(fields[name]!);
  const sumSignature = Signature(bytes('sumSignature'));
  if (tag === 'sum') return { tag, sumSignature, ephemeralKey: PublicEncryptKey(bytes('ephemeralKey')) };
  if (tag === 'sum2') return { tag, sumSignature, mask: maskObject(fields) };
  const localSeedDict = new KeyMap([[PublicSigningKey(bytes('key0')), EncryptedMaskSeed(bytes('seed0'))]]);
  return { tag, sumSignature, updateSignature: Signature(bytes('updateSignature')), maskedModel: maskObject(fields), localSeedDict };
}

for (const vector of file.vectors) {
  const keys = signingKeyPairFromSeed(SigningKeySeed(fromHex(vector.signingSeed)));
  const coordinator = encryptKeyPairFromSecret(SecretEncryptKey(fromHex(vector.coordinatorSecretKey))).publicKey;
  const tag = vector.kind === 'chunk' ? vector.payloadTag! : vector.kind;
  const { fields } = vector;

  test(`reading: ${label(vector)}`, () => {
    const message = parseMessage(joined(vector));
    assert.ok(verifyMessage(message));
    assert.deepEqual(
      [toHex(message.signature), toHex(message.participant), toHex(message.coordinator), message.tag, message.multipart],
      [fields.signature, toHex(keys.publicKey), toHex(coordinator), tag, vector.kind === 'chunk'],
    );
    if (vector.kind === 'chunk') {
      const chunk = decodeChunk(message.payload);
      assert.deepEqual(
        [chunk.id, chunk.messageId, chunk.last, toHex(chunk.data)],
        [Number.parseInt(fields.chunkId!, 16), Number.parseInt(fields.messageId!, 16), fields.chunkFlags === '01', fields.data],
      );
    } else assert.deepEqual(decodePayload(tag, message.payload), payloadOf(tag, fields));
  });

  test(`writing: ${label(vector)}`, () => {
    const payload =
      vector.kind === 'chunk'
        ? encodeChunk({
            id: Number.parseInt(fields.chunkId!, 16),
            messageId: Number.parseInt(fields.messageId!, 16),
            last: fields.chunkFlags === '01',
            data: fromHex(fields.data!),
          })
        : encodePayload(payloadOf(tag, fields));
    assert.equal(toHex(signMessage({ coordinator, tag, multipart: vector.kind === 'chunk' }, payload, keys)), vector.bytes);
    if (vector.kind === 'chunk') return;
    const encoder = new MessageEncoder(payloadOf(tag, fields), { keys, coordinator, maxMessageSize: 0, random: noRandom });
    assert.equal(toHex(encoder.next()!), vector.bytes);
    assert.equal(encoder.next(), undefined);
  });
}

for (const vector of file.payloads) {
  test(`payload: ${label(vector)}`, () => {
    assert.deepEqual(decodePayload(vector.tag, joined(vector)), payloadOf(vector.tag, vector.fields));
    assert.equal(toHex(encodePayload(payloadOf(vector.tag, vector.fields))), vector.bytes);
  });
}

const chunks = file.vectors.filter((vector) => vector.kind === 'chunk' && vector.origin === 'wire A.7');
const { signingSeed, coordinatorSecretKey } = chunks[0]!;
const keys = signingKeyPairFromSeed(SigningKeySeed(fromHex(signingSeed)));
const coordinator = encryptKeyPairFromSecret(SecretEncryptKey(fromHex(coordinatorSecretKey))).publicKey;

function split(payload: Payload, maxMessageSize: number): Uint8Array[] {
  const encoder = new MessageEncoder(payload, { keys, coordinator, maxMessageSize, random: () => fromHex(file.splitting.messageId) });
  return Array.from({ length: encoder.count }, () => encoder.next()!);
}

test('the update payload of wire A.7 with 200 bytes of payload a message gives the two chunks recorded', () => {
  const payload = decodePayload('update', fromHex(file.splitting.payload));
  assert.deepEqual(
    split(payload, 200 + 184).map(toHex),
    chunks.map((vector) => vector.bytes),
  );
});

test('lengths of the plain messages for every maximum payload size of wire A.7', () => {
  const payload = decodePayload('update', fromHex(file.splitting.payload));
  for (const { maxPayload, plainLengths, refused } of file.splitting.rows) {
    const maxMessageSize = maxPayload === 0 ? 0 : maxPayload + 184;
    if (refused) assert.throws(() => split(payload, maxMessageSize), { code: 'message-size-too-small' }, String(maxPayload));
    else
      assert.deepEqual(
        split(payload, maxMessageSize).map((bytes) => bytes.length),
        plainLengths,
        String(maxPayload),
      );
  }
  assert.equal(file.splitting.rows.length, 19);
});

test('sealed sizes of participant A.8', () => {
  const sum = payloadOf('sum', file.vectors[0]!.fields);
  for (const row of file.sealedSizes.rows) {
    const config = parseMaskConfig(row.config ?? 'Prime/F32/B0/M3');
    const pair = { vect: config, unit: config };
    const size = { sum: sumPayloadSize(), sum2: sum2PayloadSize(pair, row.length ?? 0), update: updatePayloadSize(pair, row.length ?? 0, row.sums ?? 0) }[
      row.tag
    ];
    if (row.maxMessageSize === undefined) assert.deepEqual([sealedMessageSize(size)], row.sizes, row.name);
    else
      assert.deepEqual(
        split(sum, row.maxMessageSize).map((bytes) => bytes.length + 48),
        row.sizes,
        row.name,
      );
  }
});
