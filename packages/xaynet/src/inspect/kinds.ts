// All kinds of bytes that are told apart: how each is laid out, and what the strict decoder does with it, which is core's or the participant's
// own. A kind is what `--as` names.

import { EncryptedMaskSeed, MaskSeed, Reader, SecretSigningKey } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { decodeMaskObject, isValidMaskObject, type MaskConfig, type MaskObject, readMaskConfig, readMaskConfigIndices } from '@xaynet/core/mask';
import { decodeChunk, decodeLocalSeedDict, decodePayload, type MessageTag, parseMessage, verifyMessage } from '@xaynet/core/message';
import { decodeCoordinatorState, decodeRoundParams, decodeSeedDict, decodeSumDict, decodeUpdateSeedDict, readModel } from '@xaynet/core/round';
import { decodeNpy } from '@xaynet/participant/npy';
import { decodeSafetensors } from '@xaynet/participant/safetensors';
import { decodeReferenceState, decodeSnapshot } from '@xaynet/participant/saved';
import { parseKeyFile } from '../key-file.ts';
import type { Cursor } from './cursor.ts';
import type { KindName } from './kind-names.ts';
import { layLocalSeedDict, laySeedDict, laySumDict, layUpdateSeedDict } from './layouts/dictionaries.ts';
import { layKeyFile, laySigningKey } from './layouts/key-file.ts';
import { layConfigBytes, layConfigIndices, layMaskObject, layMaskUnit, layMaskVect } from './layouts/mask-object.ts';
import { layChunk, layMessage, layPayload, laySealed } from './layouts/message.ts';
import { layModel } from './layouts/model.ts';
import { layNpy, laySafetensors } from './layouts/model-file.ts';
import { layReferenceState } from './layouts/reference-state.ts';
import { layCoordinatorState, layRoundParams } from './layouts/round-params.ts';
import { laySnapshot } from './layouts/snapshot.ts';

/** One kind of bytes. */
export interface Kind {
  readonly title: string;
  /** Section of the protocol that the kind is from. */
  readonly section: string;
  /** Holds secrets: nothing of it is shown once something in it was wrong. */
  readonly isSensitive?: true;
  readonly lay: (cursor: Cursor) => void;
  /** Throws what the strict decoder throws; undefined: there is none. */
  readonly strict?: (bytes: Uint8Array) => void;
}

const whole =
  (lay: (cursor: Cursor) => unknown) =>
  (cursor: Cursor): void => {
    lay(cursor);
    cursor.end();
  };

/** Every kind that lies in memory as a whole; files of records and of JSON are read apart. */
export const KINDS: Readonly<Record<KindName, Kind>> = {
  message: { title: 'message, plain', section: 'wire 6.1', lay: layMessage, strict: strictMessage },
  sealed: {
    title: 'sealed box',
    section: 'wire 1.2',
    lay: (cursor) => laySealed(cursor),
    strict: (bytes) => {
      if (bytes.length < 48) throw new XaynetError('decode-truncated', `sealed box: 48 bytes at least, ${bytes.length} given`);
    },
  },
  'payload-sum': { title: 'payload of a sum message', section: 'wire 6.2', lay: (cursor) => layPayload(cursor, 'sum'), strict: strictPayload('sum') },
  'payload-update': {
    title: 'payload of an update message',
    section: 'wire 6.2',
    lay: (cursor) => layPayload(cursor, 'update'),
    strict: strictPayload('update'),
  },
  'payload-sum2': { title: 'payload of a sum2 message', section: 'wire 6.2', lay: (cursor) => layPayload(cursor, 'sum2'), strict: strictPayload('sum2') },
  chunk: { title: 'chunk of a payload', section: 'wire 6.2', lay: (cursor) => layChunk(cursor), strict: decodeChunk },
  'mask-object': {
    title: 'mask object: a masked model, a mask, or a sum of either',
    section: 'wire 5.4',
    lay: whole((cursor) => layMaskObject(cursor)),
    strict: (bytes) => checkElements(decodeMaskObject(bytes)),
  },
  'mask-vect': { title: 'vector of a mask object', section: 'wire 5.2', lay: whole((cursor) => layMaskVect(cursor)), strict: strictVect },
  'mask-unit': { title: 'unit of a mask object', section: 'wire 5.3', lay: whole((cursor) => layMaskUnit(cursor)), strict: strictUnit },
  'mask-config': { title: 'masking configuration of a message', section: 'wire 5.1', lay: whole(layConfigBytes), strict: exactly(readMaskConfig) },
  'mask-config-indices': {
    title: 'masking configuration of a published document',
    section: 'wire 7.3',
    lay: whole((cursor) => layConfigIndices(cursor)),
    strict: exactly(readMaskConfigIndices),
  },
  'local-seed-dict': {
    title: 'seed dictionary of an update',
    section: 'wire 5.6',
    lay: whole((cursor) => layLocalSeedDict(cursor, 'length')),
    strict: decodeLocalSeedDict,
  },
  'sealed-seed': { title: 'sealed mask seed', section: 'wire 5.5', lay: (cursor) => laySealed(cursor, MaskSeed.LENGTH), strict: EncryptedMaskSeed },
  params: { title: 'round parameters, GET /params', section: 'wire 7.3', lay: whole((cursor) => layRoundParams(cursor)), strict: decodeRoundParams },
  'sum-dict': { title: 'sum dictionary, GET /sums', section: 'wire 7.3', lay: whole(laySumDict), strict: decodeSumDict },
  'update-seed-dict': { title: 'seeds for one sum participant, GET /seeds', section: 'wire 7.3', lay: whole(layUpdateSeedDict), strict: decodeUpdateSeedDict },
  'seed-dict': { title: 'seed dictionary of a round', section: 'wire 7.3', lay: whole(laySeedDict), strict: decodeSeedDict },
  model: { title: 'global model, GET /model', section: 'wire 7.3', lay: whole((cursor) => layModel(cursor)), strict: readModel },
  'coordinator-state': {
    title: 'stored state of an original coordinator',
    section: 'coordinator 0.2',
    isSensitive: true,
    lay: layCoordinatorState,
    strict: decodeCoordinatorState,
  },
  snapshot: { title: 'saved participant', section: '', isSensitive: true, lay: laySnapshot, strict: decodeSnapshot },
  'reference-state': {
    title: 'saved state of an original participant',
    section: 'participant 1.10',
    isSensitive: true,
    lay: layReferenceState,
    strict: decodeReferenceState,
  },
  'key-file': {
    title: 'key file of xaynet keygen',
    section: '',
    isSensitive: true,
    lay: layKeyFile,
    strict: (bytes) => parseKeyFile(new TextDecoder().decode(bytes), 'key file'),
  },
  'signing-key': {
    title: 'secret signing key',
    section: 'wire 1.1',
    isSensitive: true,
    lay: whole(laySigningKey),
    strict: (bytes) => {
      const secret = SecretSigningKey(bytes);
      const { publicKey } = signingKeyPairFromSeed(seedOf(secret));
      if (publicKey.some((byte, i) => byte !== secret[32 + i])) throw new XaynetError('key-file-invalid', 'the public half is not that of the seed');
    },
  },
  npy: { title: 'NumPy array', section: '', lay: layNpy, strict: (bytes) => decodeNpy(bytes, { widen: true }) },
  safetensors: { title: 'safetensors file', section: '', lay: laySafetensors, strict: (bytes) => decodeSafetensors(bytes) },
};

/** The kind of a name. */
export function kindOf(name: KindName): Kind {
  return KINDS[name];
}

function seedOf(secret: Uint8Array): Parameters<typeof signingKeyPairFromSeed>[0] {
  return new Uint8Array(secret.subarray(0, 32)) as Parameters<typeof signingKeyPairFromSeed>[0];
}

/** In the order of intake, which looks at elements last. */
function strictMessage(bytes: Uint8Array): void {
  const message = parseMessage(bytes);
  if (!verifyMessage(message)) throw new XaynetError('signature-invalid');
  if (message.multipart) decodeChunk(message.payload);
  else strictPayload(message.tag)(message.payload);
}

function strictPayload(tag: MessageTag): (bytes: Uint8Array) => void {
  return (bytes) => {
    const payload = decodePayload(tag, bytes);
    if (payload.tag === 'update') checkElements(payload.maskedModel);
    if (payload.tag === 'sum2') checkElements(payload.mask);
  };
}

function checkElements(object: MaskObject): void {
  if (!isValidMaskObject(object)) throw new XaynetError('aggregate-invalid-object');
}

function exactly(read: (reader: Reader) => MaskConfig): (bytes: Uint8Array) => void {
  return (bytes) => {
    const reader = new Reader(bytes, 'configuration');
    read(reader);
    reader.end();
  };
}

function strictVect(bytes: Uint8Array): void {
  const reader = new Reader(bytes, 'vector');
  const config = readMaskConfig(reader);
  const length = reader.u32be();
  const vect = reader.take(length * config.bytesPerNumber);
  reader.end();
  checkElements({ config: { vect: config, unit: config }, length, vect, unit: new Uint8Array(config.bytesPerNumber) });
}

function strictUnit(bytes: Uint8Array): void {
  const reader = new Reader(bytes, 'unit');
  const config = readMaskConfig(reader);
  const unit = reader.take(config.bytesPerNumber);
  reader.end();
  checkElements({ config: { vect: config, unit: config }, length: 0, vect: new Uint8Array(0), unit });
}
