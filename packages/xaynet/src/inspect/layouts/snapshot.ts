// The saved state of a participant of this project: magic, version, checksum, then fields with a length each. Layout, order of the phases and
// types of weights are the ones of the participant package, which writes it. Keys, seeds, models and scalars are secrets here.

import { equalBytes, MaskSeed, toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import type { PhaseName } from '@xaynet/participant';
import { SNAPSHOT_LAYOUT } from '@xaynet/participant/saved';
import { grouped } from '../../figures.ts';
import type { Cursor } from '../cursor.ts';
import { bytesText } from '../show.ts';
import { laySumDict, layUpdateSeedDict } from './dictionaries.ts';
import { layMaskObject } from './mask-object.ts';
import { layPayload, laySealed, layTag } from './message.ts';
import { layModel } from './model.ts';
import { layRoundParams } from './round-params.ts';

const { magic, version: NEWEST, checksumLength, phases, weightTypes } = SNAPSHOT_LAYOUT;

/** A snapshot. */
export function laySnapshot(cursor: Cursor): void {
  const start = cursor.take('magic', magic.length, (bytes) => ({ value: String.fromCharCode(...bytes), data: toHex(bytes) }));
  if (start !== undefined && equalBytes(start, magic)) cursor.reveal({ value: String.fromCharCode(...magic), data: toHex(magic) });
  else if (start !== undefined) cursor.wrong(`${String.fromCharCode(...magic)} expected`);
  const version = cursor.u8('version');
  if (version === undefined) return;
  if (version < 1 || version > NEWEST) cursor.wrong(`this program knows 1 to ${NEWEST}`);
  else cursor.reveal({ value: String(version), data: version });
  const checksum = cursor.take('checksum', checksumLength);
  if (checksum === undefined) return;
  if (!equalBytes(checksum, sha256(cursor.bytes.subarray(cursor.at)).subarray(0, checksumLength))) cursor.wrong('not that of the bytes after it');
  if (version >= 1 && version <= NEWEST) layBody(cursor, version);
  else if (cursor.remaining > 0) cursor.secret('state', cursor.remaining);
  cursor.end();
}

function layBody(cursor: Cursor, version: number): void {
  layBytes(cursor, 'publicKey', (length) => cursor.take('publicKey', length), 32);
  layBytes(cursor, 'secretKey', (length) => cursor.secret('secretKey', length), 64);
  layBytes(cursor, 'scalar', () => layModel(cursor, true));
  cursor.u64le('maxMessageSize');
  if (cursor.last?.data === 0) cursor.note('unlimited');
  cursor.flag('newGlobalModel', (value) => (value ? 'yes: a global model may be there that nobody fetched' : 'no'));
  optional(cursor, 'params', () => layBytes(cursor, 'params', () => layRoundParams(cursor, 'params.')));
  optional(cursor, 'waiting', () => {
    optional(cursor, 'waiting.round', () => layBytes(cursor, 'waiting.round', (length) => cursor.take('waiting.round', length, asText)));
    layTakenModel(cursor, 'waiting.');
  });
  let name: PhaseName | undefined;
  const index = cursor.u64le('phase');
  if (index === undefined) return;
  name = phases[index];
  if (name === undefined) cursor.wrong(`there are the phases 0 to ${phases.length - 1}`);
  else {
    cursor.note(name);
    layPhase(cursor, name, version);
  }
}

function layPhase(cursor: Cursor, name: PhaseName, version: number): void {
  switch (name) {
    case 'new-round':
    case 'awaiting':
      return;
    case 'sum':
      layPair(cursor);
      layBytes(cursor, 'sumSignature', (length) => cursor.take('sumSignature', length), 64);
      return;
    case 'update':
      layUpdate(cursor);
      return;
    case 'sum2':
      laySum2(cursor, version);
      return;
    default:
      laySending(cursor);
      if (name === 'sending-sum') laySum2(cursor, version);
  }
}

function layUpdate(cursor: Cursor): void {
  for (const name of ['sumSignature', 'updateSignature']) layBytes(cursor, name, (length) => cursor.take(name, length), 64);
  optional(cursor, 'sums', () => layBytes(cursor, 'sums', () => laySumDict(cursor)));
  optional(cursor, 'localSeedDict', () => layBytes(cursor, 'localSeedDict', () => layUpdateSeedDict(cursor)));
  optional(cursor, 'model', () => layTakenModel(cursor, 'model.'));
  optional(cursor, 'masked', () => {
    layBytes(cursor, 'maskSeed', (length) => cursor.secret('maskSeed', length), MaskSeed.LENGTH);
    layBytes(cursor, 'maskedModel', () => layMaskObject(cursor));
  });
}

function laySum2(cursor: Cursor, version: number): void {
  layPair(cursor);
  layBytes(cursor, 'sumSignature', (length) => cursor.take('sumSignature', length), 64);
  optional(cursor, 'sealedSeeds', () => layBytes(cursor, 'sealedSeeds', () => layUpdateSeedDict(cursor)));
  optional(cursor, 'seeds', () => layBytes(cursor, 'seeds', (length) => laySeeds(cursor, length)));
  optional(cursor, 'mask', () => layBytes(cursor, 'mask', () => layMaskObject(cursor)));
  if (version === 1) return;
  cursor.flag('accepted', (value) => (value ? 'yes: the coordinator said so of the sum message' : 'no'));
  cursor.flag('counted', (value) => (value ? 'yes: in the sum dictionary' : 'no'));
  cursor.u64le('resent');
}

function laySeeds(cursor: Cursor, length: number): void {
  if (length % MaskSeed.LENGTH !== 0) cursor.wrong(`not a multiple of ${MaskSeed.LENGTH}`);
  cursor.items(Math.ceil(length / MaskSeed.LENGTH), (i) => cursor.secret(`seed${i}`, MaskSeed.LENGTH));
}

function laySending(cursor: Cursor): void {
  const tag = layWideTag(cursor);
  layBytes(cursor, 'payload', (length) => (tag === undefined ? cursor.take('payload', length) : length > 0 && layPayload(cursor, tag)));
  cursor.u64le('encoder.maxMessageSize');
  cursor.u64le('encoder.messageId');
  cursor.u64le('encoder.next');
  cursor.u64le('parts');
  optional(cursor, 'failed', () => layBytes(cursor, 'failed', () => laySealed(cursor)));
}

/** The tag of a message, as a number of eight bytes. */
function layWideTag(cursor: Cursor): ReturnType<typeof layTag> {
  let tag: ReturnType<typeof layTag>;
  cursor.group('encoder.tag', () => {
    tag = layTag(cursor, 'tag');
    const rest = cursor.take('zeros', 7);
    if (rest?.some((byte) => byte !== 0)) cursor.wrong('zero is what is written here');
  });
  return tag;
}

function layPair(cursor: Cursor): void {
  layBytes(cursor, 'ephemeralPublicKey', (length) => cursor.take('ephemeralPublicKey', length), 32);
  layBytes(cursor, 'ephemeralSecretKey', (length) => cursor.secret('ephemeralSecretKey', length), 32);
}

function layTakenModel(cursor: Cursor, prefix: string): void {
  layBytes(cursor, `${prefix}scalar`, () => layModel(cursor, true));
  cursor.flag(`${prefix}bounded`);
  const type = cursor.u64le(`${prefix}type`);
  const name = type === undefined ? undefined : (weightTypes[type]?.name ?? (type === weightTypes.length ? 'fractions' : undefined));
  if (name === undefined) {
    if (type !== undefined) cursor.wrong('no type of weights');
  } else cursor.note(name);
  layBytes(cursor, `${prefix}weights`, (length) => {
    if (name === 'fractions') return layModel(cursor, true);
    const width = weightTypes[type ?? 0]?.BYTES_PER_ELEMENT ?? 1;
    cursor.secret(`${prefix}weights`, length);
    return length % width === 0 ? cursor.note(`${grouped(length / width)} weights`) : cursor.wrong(`not a multiple of ${width} bytes`);
  });
}

/** A length of eight bytes and what is in so many; always `length` of them, where that is given. */
function layBytes(cursor: Cursor, name: string, read: (length: number) => unknown, length?: number): void {
  const announced = cursor.u64le(`${name}Length`);
  if (announced === undefined) return;
  if (length !== undefined && announced !== length) cursor.wrong(`the length is ${length}, always`);
  else if (announced > cursor.remaining) cursor.wrong(`${bytesText(announced)} announced, ${grouped(cursor.remaining)} are left`);
  const used = Math.min(length ?? announced, cursor.remaining);
  if (length !== undefined) {
    read(length);
    return;
  }
  if (used === 0) return;
  cursor.group(
    name,
    () => {
      read(used);
      cursor.end();
    },
    used,
  );
}

function optional(cursor: Cursor, name: string, read: () => void): void {
  if (cursor.flag(`${name}.present`)) read();
}

function asText(bytes: Uint8Array): { value: string } {
  return { value: /^[\x20-\x7e]*$/.test(String.fromCharCode(...bytes.subarray(0, 1000))) ? String.fromCharCode(...bytes.subarray(0, 1000)) : toHex(bytes) };
}
