// A participant as bytes: magic, version, checksum, then the fields of its state in order. Everything is in it, secret keys and
// a model that waits too, so whoever stores it must keep it private (threats T16). Reading consumes every byte or fails.

import {
  ascii,
  concatBytes,
  copyBytes,
  equalBytes,
  MaskSeed,
  PublicEncryptKey,
  PublicSigningKey,
  SecretEncryptKey,
  SecretSigningKey,
  Signature,
} from '@xaynet/core/bytes';
import { type EncryptKeyPair, sha256 } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { decodeMaskObject, encodeMaskObject, type Scalar, type Weights } from '@xaynet/core/mask';
import { tagByte, tagOf } from '@xaynet/core/message';
import {
  decodeModel,
  decodeRoundParams,
  decodeSumDict,
  decodeUpdateSeedDict,
  encodeModel,
  encodeRoundParams,
  encodeSumDict,
  encodeUpdateSeedDict,
} from '@xaynet/core/round';
import { FieldReader, FieldWriter } from './fields.ts';
import type { Phase, PhaseName, Sending, State, Sum2, TakenModel, Update } from './state.ts';

/** A model that was set and waits for its round; `round` undefined: for the first round that takes one. */
export interface WaitingModel extends TakenModel {
  readonly round: string | undefined;
}

/** All that a snapshot holds. */
export interface Snapshot {
  readonly state: State;
  readonly waiting: WaitingModel | undefined;
  /** Whether a global model may be there that the host has not fetched (quirk Q-18). */
  readonly newGlobalModel: boolean;
}

const MAGIC = ascii('XAYNETP');
/** 2 added to sum2 what became of the sum message; 1 is still read. */
const VERSION = 2;
const CHECKSUM = 8;
const HEADER = MAGIC.length + 1 + CHECKSUM;

/** Phases by number: new ones are added at the end, none is ever removed. */
const PHASES: readonly PhaseName[] = ['new-round', 'awaiting', 'sum', 'update', 'sum2', 'sending-sum', 'sending-update', 'sending-sum2'];

/** Arrays of weights by number; the next number is a model of fractions. */
const ARRAYS: readonly (new (buffer: ArrayBufferLike) => Weights)[] = [Float32Array, Float64Array, Int32Array, BigInt64Array];

/** The numbers of the format, for whoever looks into damaged snapshots. */
export const SNAPSHOT_LAYOUT: {
  readonly magic: Uint8Array;
  /** The newest; all from 1 on are read. */
  readonly version: number;
  readonly checksumLength: number;
  readonly phases: readonly PhaseName[];
  readonly weightTypes: readonly { readonly name: string; readonly BYTES_PER_ELEMENT: number }[];
} = {
  magic: MAGIC,
  version: VERSION,
  checksumLength: CHECKSUM,
  phases: PHASES,
  weightTypes: ARRAYS as readonly (typeof Float32Array)[],
};

/** The bytes of a snapshot. */
export function encodeSnapshot({ state, waiting, newGlobalModel }: Snapshot): Uint8Array {
  const writer = new FieldWriter();
  writer
    .bytes(state.keys.publicKey)
    .bytes(state.keys.secretKey)
    .bytes(encodeModel([state.scalar]))
    .number(state.maxMessageSize)
    .flag(newGlobalModel);
  writer.optional(state.params, (params) => writer.bytes(encodeRoundParams(params)));
  writer.optional(waiting, (model) => {
    writer.optional(model.round, (round) => writer.bytes(ascii(round)));
    writeModel(writer, model);
  });
  writer.number(PHASES.indexOf(state.phase.name));
  writePhase(writer, state.phase);
  const body = writer.finish();
  return concatBytes(MAGIC, Uint8Array.of(VERSION), sha256(body).subarray(0, CHECKSUM), body);
}

/** Reads a snapshot. Throws `snapshot-format` for foreign bytes, `snapshot-version` for a newer format, `snapshot-corrupt` for damage. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  if (!(bytes instanceof Uint8Array) || bytes.length < HEADER || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    throw new XaynetError('snapshot-format', bytes instanceof Uint8Array ? `${bytes.length} bytes` : typeof bytes);
  }
  const version = bytes[MAGIC.length]!;
  if (version < 1 || version > VERSION) throw new XaynetError('snapshot-version', `version ${version}, this program knows 1 to ${VERSION}`);
  const body = copyBytes(bytes.subarray(HEADER)); // what is kept of it must not change with the caller's buffer
  if (!equalBytes(sha256(body).subarray(0, CHECKSUM), bytes.subarray(HEADER - CHECKSUM, HEADER)))
    throw new XaynetError('snapshot-corrupt', 'the checksum does not match');
  try {
    return readSnapshot(new FieldReader(body), version);
  } catch (cause) {
    throw new XaynetError('snapshot-corrupt', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function readSnapshot(reader: FieldReader, version: number): Snapshot {
  const keys = { publicKey: PublicSigningKey(reader.bytes()), secretKey: SecretSigningKey(reader.bytes()) };
  const scalar = readScalar(reader);
  const maxMessageSize = reader.number();
  const newGlobalModel = reader.flag();
  const params = reader.optional(() => decodeRoundParams(reader.bytes()));
  const waiting = reader.optional((): WaitingModel => {
    const round = reader.optional(() => String.fromCharCode(...reader.bytes()));
    return { round, ...readModel(reader) };
  });
  const phase = readPhase(reader, PHASES[reader.number()], version);
  reader.end();
  return { state: { keys, scalar, maxMessageSize, params, phase }, waiting, newGlobalModel };
}

function writePhase(writer: FieldWriter, phase: Phase): void {
  switch (phase.name) {
    case 'new-round':
    case 'awaiting':
      return;
    case 'sum':
      writePair(writer, phase.ephemeral);
      writer.bytes(phase.sumSignature);
      return;
    case 'update':
      writer.bytes(phase.sumSignature).bytes(phase.updateSignature);
      writer.optional(phase.sums, (sums) => writer.bytes(encodeSumDict(sums)));
      writer.optional(phase.localSeedDict, (dict) => writer.bytes(encodeUpdateSeedDict(dict)));
      writer.optional(phase.model, (model) => writeModel(writer, model));
      writer.optional(phase.masked, ({ seed, object }) => writer.bytes(seed).bytes(encodeMaskObject(object)));
      return;
    case 'sum2':
      writeSum2(writer, phase);
      return;
    case 'sending-sum':
      writeSending(writer, phase);
      writeSum2(writer, phase.next);
      return;
    default:
      writeSending(writer, phase);
      return;
  }
}

function readPhase(reader: FieldReader, name: PhaseName | undefined, version: number): Phase {
  switch (name) {
    case undefined:
      throw new XaynetError('decode-tag', 'unknown phase');
    case 'new-round':
    case 'awaiting':
      return { name };
    case 'sum':
      return { name, ephemeral: readPair(reader), sumSignature: Signature(reader.bytes()) };
    case 'update':
      return readUpdate(reader);
    case 'sum2':
      return readSum2(reader, version);
    case 'sending-sum':
      return { name, ...readSending(reader), next: readSum2(reader, version) };
    default:
      return { name, ...readSending(reader) };
  }
}

function readUpdate(reader: FieldReader): Update {
  const sumSignature = Signature(reader.bytes());
  const updateSignature = Signature(reader.bytes());
  const sums = reader.optional(() => decodeSumDict(reader.bytes()));
  const localSeedDict = reader.optional(() => decodeUpdateSeedDict(reader.bytes()));
  const model = reader.optional(() => readModel(reader));
  const masked = reader.optional(() => ({ seed: MaskSeed(reader.bytes()), object: decodeMaskObject(reader.bytes()) }));
  return { name: 'update', sumSignature, updateSignature, sums, localSeedDict, model, masked };
}

function writeSum2(writer: FieldWriter, phase: Sum2): void {
  writePair(writer, phase.ephemeral);
  writer.bytes(phase.sumSignature);
  writer.optional(phase.sealedSeeds, (dict) => writer.bytes(encodeUpdateSeedDict(dict)));
  writer.optional(phase.seeds, (seeds) => writer.bytes(joined(seeds)));
  writer.optional(phase.mask, (mask) => writer.bytes(encodeMaskObject(mask)));
  writer
    .flag(phase.accepted === true)
    .flag(phase.counted === true)
    .number(phase.resent ?? 0);
}

function readSum2(reader: FieldReader, version: number): Sum2 {
  const ephemeral = readPair(reader);
  const sumSignature = Signature(reader.bytes());
  const sealedSeeds = reader.optional(() => decodeUpdateSeedDict(reader.bytes()));
  const seeds = reader.optional(() => pieces(reader.bytes(), MaskSeed.LENGTH).map((seed) => MaskSeed(seed)));
  const mask = reader.optional(() => decodeMaskObject(reader.bytes()));
  const known = version === 1 ? {} : { accepted: reader.flag(), counted: reader.flag(), resent: reader.number() };
  return { name: 'sum2', ephemeral, sumSignature, sealedSeeds, seeds, mask, ...known };
}

function writeSending(writer: FieldWriter, { encoder, parts, failed }: Sending): void {
  writer.number(tagByte(encoder.tag)).bytes(encoder.payload).number(encoder.maxMessageSize).number(encoder.messageId).number(encoder.next).number(parts);
  writer.optional(failed, (sealed) => writer.bytes(sealed));
}

function readSending(reader: FieldReader): Sending {
  const encoder = { tag: tagOf(reader.number()), payload: reader.bytes(), maxMessageSize: reader.number(), messageId: reader.number(), next: reader.number() };
  const parts = reader.number();
  const failed = reader.optional(() => reader.bytes());
  return { encoder, parts, failed };
}

function writePair(writer: FieldWriter, { publicKey, secretKey }: EncryptKeyPair): void {
  writer.bytes(publicKey).bytes(secretKey);
}

function readPair(reader: FieldReader): EncryptKeyPair {
  return { publicKey: PublicEncryptKey(reader.bytes()), secretKey: SecretEncryptKey(reader.bytes()) };
}

function writeModel(writer: FieldWriter, { weights, scalar, mode }: TakenModel): void {
  writer.bytes(encodeModel([scalar])).flag(mode === 'bounded');
  if (ArrayBuffer.isView(weights)) {
    writer.number(ARRAYS.findIndex((array) => weights instanceof array)).bytes(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength));
  } else {
    writer.number(ARRAYS.length).bytes(encodeModel(weights));
  }
}

function readModel(reader: FieldReader): TakenModel {
  const scalar = readScalar(reader);
  const mode = reader.flag() ? 'bounded' : 'strict';
  const type = reader.number();
  const bytes = reader.bytes();
  const array = ARRAYS[type];
  if (array === undefined && type !== ARRAYS.length) throw new XaynetError('decode-tag', `weights of type ${type}`);
  // The copy is aligned, whatever the offset in the snapshot.
  return { weights: array === undefined ? decodeModel(bytes) : new array(copyBytes(bytes).buffer), scalar, mode };
}

function readScalar(reader: FieldReader): Scalar {
  const [scalar, ...rest] = decodeModel(reader.bytes());
  if (scalar === undefined || rest.length > 0 || scalar.numerator < 0n) throw new XaynetError('scalar-invalid');
  return scalar;
}

/** The seeds one after another: there may be a million, too many for the arguments of one call. */
function joined(seeds: readonly MaskSeed[]): Uint8Array {
  const bytes = new Uint8Array(seeds.length * MaskSeed.LENGTH);
  seeds.forEach((seed, i) => {
    bytes.set(seed, i * MaskSeed.LENGTH);
  });
  return bytes;
}

function pieces(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => copyBytes(bytes.subarray(i * length, (i + 1) * length)));
}
