// What participants say: the payloads of the three messages (wire 6.2). Each is a short row of fields, written and read in
// the same order here; chunks, which are slices of these bytes, stand in `chunk.ts`.

import { PublicEncryptKey, Signature } from '../bytes/fixed.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { MaskObject } from '../mask/object.ts';
import { readMaskObject, writeMaskObject } from '../mask/object.ts';
import type { MessageTag } from './header.ts';
import { type LocalSeedDict, readLocalSeedDict, writeLocalSeedDict } from './local-seed-dict.ts';
import { sum2PayloadSize, sumPayloadSize, updatePayloadSize } from './sizes.ts';

/** A sum participant announces itself and the key that mask seeds shall be sealed to (wire 6.2, tag 1). */
export interface SumPayload {
  readonly tag: 'sum';
  /** Task signature for sum: 64 bytes (wire 1.3). */
  readonly sumSignature: Signature;
  /** Public half of the pair made for this round; the secret half opens the seeds later. */
  readonly ephemeralKey: PublicEncryptKey;
}

/** An update participant hands in its masked model and the seed of the mask, sealed for each sum participant (tag 2). */
export interface UpdatePayload {
  readonly tag: 'update';
  /** Task signature for sum, which was not selected: 64 bytes. */
  readonly sumSignature: Signature;
  /** Task signature for update: 64 bytes. */
  readonly updateSignature: Signature;
  /** The model, masked with one seed. */
  readonly maskedModel: MaskObject;
  /** That seed, sealed to each sum participant of the round. */
  readonly localSeedDict: LocalSeedDict;
}

/** A sum participant hands in the sum of all masks (wire 6.2, tag 3); `sumSignature` is that of its sum message. */
export interface Sum2Payload {
  readonly tag: 'sum2';
  readonly sumSignature: Signature;
  /** The sum of the masks of all updates in the seed dictionary. */
  readonly mask: MaskObject;
}

/** The payload of a whole message: one of three, told apart by `tag`. */
export type Payload = SumPayload | UpdatePayload | Sum2Payload;

/** Bytes that {@link encodePayload} returns for `payload`; throws `message-too-large` for a seed dictionary beyond 2^32 - 1. */
export function payloadSize(payload: Payload): number {
  switch (payload.tag) {
    case 'sum':
      return sumPayloadSize();
    case 'update':
      return updatePayloadSize(payload.maskedModel.config, payload.maskedModel.length, payload.localSeedDict.size);
    case 'sum2':
      return sum2PayloadSize(payload.mask.config, payload.mask.length);
  }
}

/**
 * The bytes of a payload (wire 6.2); dictionary entries in ascending order of their keys. Throws like {@link payloadSize}.
 * @example
 * ```ts
 * import { PublicEncryptKey, Signature } from '@xaynet/core/bytes';
 * import { decodePayload, encodePayload, type Payload, payloadSize } from '@xaynet/core/message';
 * const ephemeralKey = PublicEncryptKey(new Uint8Array(32).fill(9));
 * const payload: Payload = { tag: 'sum', sumSignature: Signature(new Uint8Array(64)), ephemeralKey };
 * payloadSize(payload); // 96
 * const bytes = encodePayload(payload); // 96 bytes
 * decodePayload('sum', bytes).tag; // 'sum'
 * decodePayload('sum2', bytes); // throws decode-config: its last 32 bytes are no mask object
 * ```
 */
export function encodePayload(payload: Payload): Uint8Array {
  const writer = new Writer(payloadSize(payload)).bytes(payload.sumSignature);
  switch (payload.tag) {
    case 'sum':
      writer.bytes(payload.ephemeralKey);
      break;
    case 'update':
      writer.bytes(payload.updateSignature);
      writeMaskObject(writer, payload.maskedModel);
      writeLocalSeedDict(writer, payload.localSeedDict);
      break;
    case 'sum2':
      writeMaskObject(writer, payload.mask);
      break;
  }
  return writer.finish();
}

/**
 * The payload that exactly these bytes hold, all byte fields being views of them (wire 6.2). Group elements are not compared
 * with the group order here (wire 4.4). Throws `decode-truncated`, `decode-trailing`, `decode-config`, `decode-length` or
 * `decode-duplicate-key`.
 */
export function decodePayload(tag: MessageTag, bytes: Uint8Array): Payload {
  const reader = new Reader(bytes, `${tag} payload`);
  const payload = readPayload(tag, reader);
  reader.end();
  return payload;
}

function readPayload(tag: MessageTag, reader: Reader): Payload {
  const sumSignature = Signature(reader.take(Signature.LENGTH));
  switch (tag) {
    case 'sum':
      return { tag, sumSignature, ephemeralKey: PublicEncryptKey(reader.take(PublicEncryptKey.LENGTH)) };
    case 'update': {
      const updateSignature = Signature(reader.take(Signature.LENGTH));
      const maskedModel = readMaskObject(reader);
      return { tag, sumSignature, updateSignature, maskedModel, localSeedDict: readLocalSeedDict(reader) };
    }
    case 'sum2':
      return { tag, sumSignature, mask: readMaskObject(reader) };
  }
}
