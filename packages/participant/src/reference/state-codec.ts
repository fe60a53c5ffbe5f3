// The bytes of an original participant's saved state, read and written (participant 1.10). Fixed-width little-endian fields without magic, version or checksum, so every one is checked.

import {
  copyBytes,
  EncryptedMaskSeed,
  equalBytes,
  fromHex,
  KeyMap,
  MaskSeed,
  PublicEncryptKey,
  PublicSigningKey,
  Reader,
  SecretEncryptKey,
  SecretSigningKey,
  Signature,
} from '@xaynet/core/bytes';
import type { EncryptKeyPair, SigningKeyPair } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { rational } from '@xaynet/core/mask';
import { CHUNK_HEADER_LENGTH, MESSAGE_OVERHEAD, MessageEncoder, type MessageTag, parseMessage } from '@xaynet/core/message';
import { encodeRoundParams, encodeSumDict, encodeUpdateSeedDict, ROUND_PARAMS_LENGTH, type RoundParams, readRoundParams } from '@xaynet/core/round';
import type { Phase, PhaseName, Sending, State, Sum2, Update } from '../state.ts';
import { ReferenceWriter, readMagnitude, readObject, readOptional, readSignedRatio } from './fields.ts';

/** Phases and tags in the order of the original's declaration (participant 1.1, 1.10). */
const PHASES: readonly PhaseName[] = ['new-round', 'awaiting', 'sum', 'update', 'sum2', 'sending-sum', 'sending-update', 'sending-sum2'];
const TAGS: readonly MessageTag[] = ['sum', 'update', 'sum2'];
const SENDING_TAG = { 'sending-sum': 'sum', 'sending-update': 'update', 'sending-sum2': 'sum2' } as const;

/** Parameters of a participant that has seen none: all zero, but for the lengths of key and seed (participant 1.1). */
const NO_PARAMS = fromHex(`2000000000000000${'00'.repeat(32 + 16)}2000000000000000${'00'.repeat(32 + 40)}`);

/** The numbers of the format, for whoever looks into damaged states. */
export const REFERENCE_LAYOUT: {
  readonly phases: readonly PhaseName[];
  readonly tags: readonly MessageTag[];
  readonly sendingTag: Readonly<Record<keyof typeof SENDING_TAG, MessageTag>>;
} = { phases: PHASES, tags: TAGS, sendingTag: SENDING_TAG };

/** The state in the bytes; throws `reference-state-invalid` with the cause when they are none. */
export function decodeState(bytes: Uint8Array): State {
  try {
    const reader = new Reader(bytes, 'saved state');
    const name = PHASES[reader.u32le()];
    if (name === undefined) throw new XaynetError('decode-tag', 'unknown state index');
    // What is shared stands last, but the parts of a message cannot be told without it: read the phase, then finish it.
    const finish = readPhase(reader, name);
    const keys = readKeys(reader);
    const scalar = rational(readMagnitude(reader), readMagnitude(reader));
    const maxMessageSize = readOptional(reader, () => reader.u64le()) ?? 0;
    if (maxMessageSize !== 0 && maxMessageSize <= MESSAGE_OVERHEAD) throw new XaynetError('message-size-too-small', `${maxMessageSize} bytes`);
    const params = readParams(reader);
    reader.end();
    return { keys, scalar, maxMessageSize, params, phase: finish({ scalar, maxMessageSize }) };
  } catch (cause) {
    throw new XaynetError('reference-state-invalid', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * The bytes in which the original saves a state. It knows no scalar of a single model and no mode of conversion: a model that
 * was taken and not yet masked is masked with the participant's scalar there.
 */
export function encodeState(state: State): Uint8Array {
  const writer = new ReferenceWriter().u32(PHASES.indexOf(state.phase.name));
  writePhase(writer, state);
  writer.bytes(state.keys.publicKey).bytes(state.keys.secretKey).magnitude(state.scalar.numerator).magnitude(state.scalar.denominator);
  writer.optional(state.maxMessageSize === 0 ? undefined : state.maxMessageSize, (size) => writer.u64(size));
  return writer.raw(state.params === undefined ? NO_PARAMS : encodeRoundParams(state.params)).finish();
}

/** What a phase needs of the shared part, which follows it. */
type Shared = Pick<State, 'scalar' | 'maxMessageSize'>;

function readPhase(reader: Reader, name: PhaseName): (shared: Shared) => Phase {
  switch (name) {
    case 'new-round':
    case 'awaiting':
      return () => ({ name });
    case 'sum': {
      const ephemeral = readPair(reader);
      const sumSignature = readSignature(reader);
      return () => ({ name, ephemeral, sumSignature });
    }
    case 'update':
      return readUpdate(reader);
    case 'sum2': {
      const phase = readSum2(reader);
      return () => phase;
    }
    case 'sending-sum': {
      const sending = readSending(reader, 'sum');
      const next = readSum2(reader);
      return (shared) => ({ name, ...sending(shared), next });
    }
    default: {
      const sending = readSending(reader, SENDING_TAG[name]);
      return (shared) => ({ name, ...sending(shared) });
    }
  }
}

function writePhase(writer: ReferenceWriter, state: State): void {
  const { phase } = state;
  switch (phase.name) {
    case 'new-round':
    case 'awaiting':
      return;
    case 'sum':
      writer.bytes(phase.ephemeral.publicKey).bytes(phase.ephemeral.secretKey).bytes(phase.sumSignature);
      return;
    case 'update':
      writeUpdate(writer, phase);
      return;
    case 'sum2':
      writeSum2(writer, phase);
      return;
    case 'sending-sum':
      writeSending(writer, phase, state);
      writeSum2(writer, phase.next);
      return;
    default:
      writeSending(writer, phase, state);
      return;
  }
}

function readUpdate(reader: Reader): (shared: Shared) => Update {
  const sumSignature = readSignature(reader);
  const updateSignature = readSignature(reader);
  const sums = readOptional(reader, () => readMap(reader, PublicEncryptKey));
  const localSeedDict = readOptional(reader, () => readMap(reader, EncryptedMaskSeed));
  const weights = readOptional(reader, () => Array.from({ length: reader.count(18) }, () => readSignedRatio(reader)));
  const masked = readOptional(reader, () => ({ seed: MaskSeed(copyBytes(reader.byteString(MaskSeed.LENGTH))), object: readObject(reader) }));
  return ({ scalar }) => {
    const model = weights === undefined ? undefined : ({ weights, scalar, mode: 'strict' } as const);
    return { name: 'update', sumSignature, updateSignature, sums, localSeedDict, model, masked };
  };
}

function writeUpdate(writer: ReferenceWriter, phase: Update): void {
  writer.bytes(phase.sumSignature).bytes(phase.updateSignature);
  writer.optional(phase.sums, (sums) => writer.raw(encodeSumDict(sums)));
  writer.optional(phase.localSeedDict, (dict) => writer.raw(encodeUpdateSeedDict(dict)));
  writer.optional(phase.model, ({ weights, mode }) => writer.model(weights, mode));
  writer.optional(phase.masked, ({ seed, object }) => writer.bytes(seed).object(object));
}

function readSum2(reader: Reader): Sum2 {
  const ephemeral = readPair(reader);
  const sumSignature = readSignature(reader);
  const sealedSeeds = readOptional(reader, () => readMap(reader, EncryptedMaskSeed));
  const seeds = readOptional(reader, () => Array.from({ length: reader.count(40) }, () => MaskSeed(copyBytes(reader.byteString(MaskSeed.LENGTH)))));
  const mask = readOptional(reader, () => readObject(reader));
  return { name: 'sum2', ephemeral, sumSignature, sealedSeeds, seeds, mask };
}

function writeSum2(writer: ReferenceWriter, phase: Sum2): void {
  writer.bytes(phase.ephemeral.publicKey).bytes(phase.ephemeral.secretKey).bytes(phase.sumSignature);
  writer.optional(phase.sealedSeeds, (dict) => writer.raw(encodeUpdateSeedDict(dict)));
  writer.optional(phase.seeds, (seeds) => {
    writer.u64(seeds.length);
    for (const seed of seeds) writer.bytes(seed);
  });
  writer.optional(phase.mask, (mask) => writer.object(mask));
}

/** A message under way: one that is signed already (and gone when it was handed out), or the rest of a split one. */
function readSending(reader: Reader, tag: MessageTag): (shared: Shared) => Sending {
  const kind = reader.u32le();
  if (kind > 1) throw new XaynetError('decode-tag', `encoder kind ${kind}`);
  if (kind === 0) {
    const signed = readOptional(reader, () => reader.take(reader.count(1)));
    const failed = readFailed(reader);
    const message = signed === undefined ? undefined : parseMessage(signed);
    if (message !== undefined && (message.tag !== tag || message.multipart))
      throw new XaynetError('decode-tag', `a ${message.tag} message while sending ${tag}`);
    const payload = message === undefined ? new Uint8Array(0) : copyBytes(message.payload);
    return () => ({ encoder: { tag, payload, maxMessageSize: 0, messageId: 0, next: message === undefined ? 1 : 0 }, parts: 1, failed });
  }
  readKeys(reader);
  reader.byteString(PublicEncryptKey.LENGTH);
  const payload = copyBytes(reader.take(reader.count(1)));
  const next = reader.take(2);
  if (TAGS[reader.u32le()] !== tag) throw new XaynetError('decode-tag', `another tag than ${tag} inside the encoder`);
  const size = reader.u64le();
  const id = reader.take(2);
  const failed = readFailed(reader);
  return ({ maxMessageSize }) => {
    // The contract gives no number for payloadSize: the payload of a part with or without the part's own header both fit it.
    const maxPayload = maxMessageSize - MESSAGE_OVERHEAD;
    if (size !== maxPayload && size !== maxPayload - CHUNK_HEADER_LENGTH)
      throw new XaynetError('decode-length', `parts of ${size} bytes with a maximum message size of ${maxMessageSize}`);
    const encoder = { tag, payload, maxMessageSize, messageId: id[0]! + 256 * id[1]!, next: next[0]! + 256 * next[1]! };
    const parts = Math.ceil(payload.length / (maxPayload - CHUNK_HEADER_LENGTH));
    if (encoder.next > parts) throw new XaynetError('decode-number', `part ${encoder.next} of ${parts}`);
    return { encoder, parts, failed };
  };
}

function writeSending(writer: ReferenceWriter, { encoder, parts, failed }: Sending, { keys, params }: State): void {
  const coordinator = params!.publicKey;
  if (parts === 1) {
    const rest = new MessageEncoder(encoder, { keys, coordinator, maxMessageSize: encoder.maxMessageSize, random: noRandom }).next();
    writer.u32(0).optional(rest, (signed) => writer.bytes(signed));
  } else {
    writer.u32(1).bytes(keys.publicKey).bytes(keys.secretKey).bytes(coordinator).bytes(encoder.payload).u16(encoder.next);
    writer
      .u32(TAGS.indexOf(encoder.tag))
      .u64(encoder.maxMessageSize - MESSAGE_OVERHEAD)
      .u16(encoder.messageId);
  }
  writer.optional(failed, (sealed) => writer.bytes(sealed));
}

function noRandom(): never {
  throw new RangeError('a saved encoder needs no randomness');
}

function readFailed(reader: Reader): Uint8Array | undefined {
  return readOptional(reader, () => copyBytes(reader.take(reader.count(1))));
}

function readKeys(reader: Reader): SigningKeyPair {
  const publicKey = PublicSigningKey(copyBytes(reader.byteString(PublicSigningKey.LENGTH)));
  const secretKey = SecretSigningKey(copyBytes(reader.byteString(SecretSigningKey.LENGTH)));
  return { publicKey, secretKey };
}

function readPair(reader: Reader): EncryptKeyPair {
  const publicKey = PublicEncryptKey(copyBytes(reader.byteString(PublicEncryptKey.LENGTH)));
  return { publicKey, secretKey: SecretEncryptKey(copyBytes(reader.byteString(SecretEncryptKey.LENGTH))) };
}

/** A signature; like the original, refuses one whose last byte has any of its three top bits set (participant 1.10). */
function readSignature(reader: Reader): Signature {
  const signature = Signature(copyBytes(reader.byteString(Signature.LENGTH)));
  if ((signature[63]! & 0xe0) !== 0) throw new XaynetError('signature-invalid', 'top bits of S are set');
  return signature;
}

function readMap<V extends Uint8Array>(reader: Reader, value: { (bytes: Uint8Array): V; readonly LENGTH: number }): KeyMap<PublicSigningKey, V> {
  const map = new KeyMap<PublicSigningKey, V>();
  for (let entries = reader.count(48 + value.LENGTH); entries > 0; entries--) {
    const key = PublicSigningKey(copyBytes(reader.byteString(PublicSigningKey.LENGTH)));
    if (map.has(key)) throw new XaynetError('decode-duplicate-key', 'saved state');
    map.set(key, value(copyBytes(reader.byteString(value.LENGTH))));
  }
  return map;
}

function readParams(reader: Reader): RoundParams | undefined {
  const bytes = reader.take(ROUND_PARAMS_LENGTH);
  return equalBytes(bytes, NO_PARAMS) ? undefined : readRoundParams(new Reader(copyBytes(bytes), 'round parameters'));
}
