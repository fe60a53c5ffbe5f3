// The state that an original participant saved (participant 1.10): little-endian fields without magic, version or checksum. Everything that
// it holds of keys, seeds and models is a secret.

import { MaskSeed, PublicEncryptKey, PublicSigningKey, SecretEncryptKey, SecretSigningKey, Signature } from '@xaynet/core/bytes';
import type { MaskConfig } from '@xaynet/core/mask';
import { CHUNK_HEADER_LENGTH, MESSAGE_OVERHEAD } from '@xaynet/core/message';
import type { PhaseName } from '@xaynet/participant';
import { REFERENCE_LAYOUT } from '@xaynet/participant/saved';
import { grouped } from '../../figures.ts';
import type { Cursor } from '../cursor.ts';
import { bytesText, countText, integerText } from '../show.ts';
import { laySumDict, layUpdateSeedDict } from './dictionaries.ts';
import { layConfigIndices } from './mask-object.ts';
import { layMessage, layPayload, laySealed } from './message.ts';
import { layMagnitude, layModel } from './model.ts';
import { layRoundParams } from './round-params.ts';

const SECTION = 'participant 1.10';

/** A saved state. */
export function layReferenceState(cursor: Cursor): void {
  const index = cursor.section(SECTION).u32le('state');
  const name = index === undefined ? undefined : REFERENCE_LAYOUT.phases[index];
  if (name === undefined) {
    if (index === undefined) return;
    cursor.wrong(`there are the states 0 to ${REFERENCE_LAYOUT.phases.length - 1}`);
    if (cursor.remaining > 0) cursor.secret('the rest', cursor.remaining);
    return;
  }
  cursor.note(name);
  const parts = layPhase(cursor, name);
  cursor.section(SECTION);
  cursor.byteString('signPublic', PublicSigningKey.LENGTH);
  cursor.byteString('signSecret', SecretSigningKey.LENGTH, { secret: true });
  for (const part of ['numerator', 'denominator']) {
    const value = layMagnitude(cursor, `scalar.${part}`, true);
    if (part === 'denominator' && value === 0n) cursor.wrong('the denominator is zero');
  }
  let most: number | undefined = 0;
  optional(cursor, 'maxMessageSize', () => {
    most = cursor.u64le('maxMessageSize');
  });
  if (most !== undefined) checkParts(cursor, most, parts);
  layRoundParams(cursor, 'params.');
  cursor.end();
}

/** A message in parts, as far as it is compared with the maximum size, which stands behind it. */
interface Parts {
  readonly length: number;
  readonly next: number | undefined;
  readonly size: number | undefined;
}

/** As the strict decoder does: the contract leaves open which of two sizes is meant. */
function checkParts(cursor: Cursor, most: number, parts: Parts | undefined): void {
  if (most !== 0 && most <= MESSAGE_OVERHEAD) cursor.wrong(`at most ${MESSAGE_OVERHEAD} bytes leave no room for a payload`);
  if (parts === undefined) return;
  const payload = most - MESSAGE_OVERHEAD;
  if (parts.size !== payload && parts.size !== payload - CHUNK_HEADER_LENGTH) cursor.wrong(`encoder.payloadSize does not go with it`);
  else if ((parts.next ?? 0) > Math.ceil(parts.length / (payload - CHUNK_HEADER_LENGTH))) cursor.wrong('encoder.next is beyond the last part');
}

function layPhase(cursor: Cursor, name: PhaseName): Parts | undefined {
  switch (name) {
    case 'new-round':
    case 'awaiting':
      return undefined;
    case 'sum':
      layPair(cursor, '');
      laySignature(cursor, 'sumSignature');
      return undefined;
    case 'update':
      layUpdate(cursor);
      return undefined;
    case 'sum2':
      laySum2(cursor, '');
      return undefined;
    case 'sending-sum': {
      const parts = laySending(cursor, name);
      laySum2(cursor, 'next.');
      return parts;
    }
    default:
      return laySending(cursor, name);
  }
}

function layUpdate(cursor: Cursor): void {
  laySignature(cursor, 'sumSignature');
  laySignature(cursor, 'updateSignature');
  optional(cursor, 'sumDict', () => laySumDict(cursor));
  optional(cursor, 'localSeedDict', () => layUpdateSeedDict(cursor));
  optional(cursor, 'model', () => layModel(cursor, true));
  optional(cursor, 'mask', () => {
    cursor.byteString('mask.seed', MaskSeed.LENGTH, { secret: true });
    layObject(cursor, 'mask.');
  });
}

function laySum2(cursor: Cursor, prefix: string): void {
  layPair(cursor, prefix);
  laySignature(cursor, `${prefix}sumSignature`);
  optional(cursor, `${prefix}seedDict`, () => layUpdateSeedDict(cursor));
  optional(cursor, `${prefix}seeds`, () => {
    const count = cursor.u64le(`${prefix}seeds.count`);
    const field = cursor.last;
    const there = count === undefined ? 0 : cursor.items(count, (i) => cursor.byteString(`${prefix}seed${i}`, MaskSeed.LENGTH, { secret: true }));
    if (count !== undefined && there < count) cursor.wrong(`${countText(count, 'seed is', 'seeds are')} announced, there are ${grouped(there)}`, field);
  });
  optional(cursor, `${prefix}mask`, () => layObject(cursor, `${prefix}mask.`));
}

/** A message under way: one that is signed already, or the rest of one in parts. */
function laySending(cursor: Cursor, name: keyof typeof REFERENCE_LAYOUT.sendingTag): Parts | undefined {
  const tag = REFERENCE_LAYOUT.sendingTag[name];
  const kind = cursor.u32le('encoder', (value) => (value === 0 ? '0: a whole message' : value === 1 ? '1: a message in parts' : String(value)));
  if (kind === undefined) return undefined;
  if (kind > 1) cursor.wrong('0 or 1 expected');
  let parts: Parts | undefined;
  if (kind === 0) {
    optional(cursor, 'encoder', () =>
      layBytes(cursor, 'encoder.message', () => {
        const header = layMessage(cursor);
        if (header !== undefined && (header.isMultipart || header.tag !== tag)) cursor.wrong(`a whole ${tag} message is what is being sent`);
      }),
    );
  } else {
    cursor.byteString('encoder.signPublic', PublicSigningKey.LENGTH);
    cursor.byteString('encoder.signSecret', SecretSigningKey.LENGTH, { secret: true });
    cursor.byteString('encoder.coordinator', PublicEncryptKey.LENGTH);
    const length = layBytes(cursor, 'encoder.payload', () => layPayload(cursor, tag));
    const next = cursor.u16le('encoder.next');
    const index = cursor.u32le('encoder.tag');
    if (index !== undefined && REFERENCE_LAYOUT.tags[index] !== tag) cursor.wrong(`${REFERENCE_LAYOUT.tags.indexOf(tag)} (${tag}) expected`);
    const size = cursor.u64le('encoder.payloadSize');
    cursor.u16le('encoder.messageId');
    parts = { length, next, size };
  }
  optional(cursor, 'failed', () => layBytes(cursor, 'failed.sealed', () => laySealed(cursor)));
  return parts;
}

function layPair(cursor: Cursor, prefix: string): void {
  cursor.byteString(`${prefix}ephemeralPublic`, PublicEncryptKey.LENGTH);
  cursor.byteString(`${prefix}ephemeralSecret`, SecretEncryptKey.LENGTH, { secret: true });
}

function laySignature(cursor: Cursor, name: string): void {
  const bytes = cursor.byteString(name, Signature.LENGTH);
  if (bytes !== undefined && (bytes[63]! & 0xe0) !== 0) cursor.wrong('the top bits of S are set');
}

/** A mask object with an integer of words for every element: vector, its configuration, unit, its configuration. */
function layObject(cursor: Cursor, prefix: string): void {
  const count = cursor.u64le(`${prefix}count`);
  if (count === undefined) return;
  const field = cursor.last;
  const elements: bigint[] = [];
  const there = cursor.items(count, (i) => elements.push(layMagnitude(cursor, `${prefix}element${i}`, false) ?? 0n));
  if (there < count) cursor.wrong(`${countText(count, 'element is', 'elements are')} announced, there are ${grouped(there)}`, field);
  checkBelow(cursor, layConfigIndices(cursor, `${prefix}vect.`), elements);
  const unit = layMagnitude(cursor.section(SECTION), `${prefix}unitElement`, false);
  checkBelow(cursor, layConfigIndices(cursor, `${prefix}unit.`), unit === undefined ? [] : [unit]);
  cursor.section(SECTION);
}

function checkBelow(cursor: Cursor, config: MaskConfig | undefined, elements: readonly bigint[]): void {
  const bad = config === undefined ? -1 : elements.findIndex((element) => element >= config.order);
  if (bad >= 0) cursor.wrong(`element ${bad} is not below the group order ${integerText(config!.order)}`);
}

function layBytes(cursor: Cursor, name: string, read: () => void): number {
  const length = cursor.u64le(`${name}Length`);
  if (length === undefined) return 0;
  if (length > cursor.remaining) cursor.wrong(`${bytesText(length)} announced, ${grouped(cursor.remaining)} are left`);
  if (length === 0 || cursor.remaining === 0) return 0;
  const inside = (): void => {
    read();
    cursor.end();
  };
  cursor.group(name, inside, length);
  return length;
}

function optional(cursor: Cursor, name: string, read: () => void): void {
  if (cursor.flag(`${name}.present`)) read();
}
