// Messages (wire 6): header and payload of a plain one, chunks, payloads, and what can be seen of a sealed box without its key.

import { PublicEncryptKey } from '@xaynet/core/bytes';
import { SEAL_BYTES } from '@xaynet/core/crypto';
import { isXaynetError } from '@xaynet/core/errors';
import { type MessageTag, tagOf } from '@xaynet/core/message';
import { grouped } from '../../figures.ts';
import type { Cursor } from '../cursor.ts';
import { bytesText } from '../show.ts';
import { layLocalSeedDict } from './dictionaries.ts';
import { layEncryptKey, layIdentity, laySignature } from './keys.ts';
import { layMaskObject } from './mask-object.ts';

/** What a header says of the payload. */
export interface HeaderSeen {
  readonly tag: MessageTag | undefined;
  readonly isMultipart: boolean;
}

/** A plain message; what its header says, if that is there. */
export function layMessage(cursor: Cursor): HeaderSeen | undefined {
  const header = layHeader(cursor);
  if (header === undefined) return undefined;
  const payload = cursor.group('payload', () => {
    if (header.isMultipart) layChunk(cursor, 'chunk');
    else if (header.tag !== undefined) layPayload(cursor, header.tag);
    else if (cursor.remaining > 0) cursor.rest('payload');
  });
  payload.value = header.isMultipart ? `a chunk of ${header.tag === undefined ? 'a payload' : payloadOf(header.tag)}` : (header.tag ?? '');
  return header;
}

/** `a sum payload`, `an update payload`. */
export function payloadOf(tag: MessageTag): string {
  return `${tag === 'update' ? 'an' : 'a'} ${tag} payload`;
}

/** The 136 bytes of the header; undefined when they are not all there. */
function layHeader(cursor: Cursor): HeaderSeen | undefined {
  const size = cursor.remaining;
  cursor.section('wire 6.1');
  laySignature(cursor, 'signature');
  layIdentity(cursor, 'participant');
  layEncryptKey(cursor, 'coordinator');
  const length = cursor.u32be('length', grouped);
  if (length !== undefined && length !== size) cursor.wrong(`the message has ${bytesText(size)}`);
  const tag = layTag(cursor, 'tag');
  const flags = cursor.u8('flags', (byte) => ((byte & 1) === 1 ? 'multipart: a chunk' : byte === 0 ? 'none' : String(byte)));
  if (flags !== undefined && flags > 1) cursor.odd(`bits that have no meaning: 0x${flags.toString(16)}`);
  const reserved = cursor.take('reserved', 2);
  if (reserved === undefined) return undefined;
  if (reserved.some((byte) => byte !== 0)) cursor.odd('zero is what is written here');
  return { tag, isMultipart: ((flags ?? 0) & 1) === 1 };
}

/** A tag byte; undefined for one that stands for nothing. */
export function layTag(cursor: Cursor, name: string): MessageTag | undefined {
  let tag: MessageTag | undefined;
  const byte = cursor.u8(name, (value) => {
    try {
      tag = tagOf(value);
    } catch (error) {
      if (!isXaynetError(error)) throw error;
    }
    return tag === undefined ? String(value) : `${value}: ${tag}`;
  });
  if (byte !== undefined && tag === undefined) cursor.wrong('neither 1 (sum) nor 2 (update) nor 3 (sum2)');
  return tag;
}

/** The payload of a message that is whole. */
export function layPayload(cursor: Cursor, tag: MessageTag): void {
  cursor.section('wire 6.2');
  laySignature(cursor, 'sumSignature');
  if (tag === 'sum') layEncryptKey(cursor, 'ephemeralKey');
  if (tag === 'update') laySignature(cursor, 'updateSignature');
  const isWhole = tag === 'sum' || layMaskObject(cursor);
  if (tag === 'update' && isWhole) layLocalSeedDict(cursor, 'dictLength');
  cursor.section('wire 6.2').end();
}

/** A chunk; the names of its fields begin with `prefix`. */
export function layChunk(cursor: Cursor, prefix = ''): void {
  const named = (name: string): string => (prefix === '' ? name : prefix + name[0]!.toUpperCase() + name.slice(1));
  cursor.section('wire 6.2').u16be(named('id'));
  cursor.u16be('messageId', (id) => `${id} (0x${id.toString(16).padStart(4, '0')})`);
  const flags = cursor.u8(named('flags'), (byte) => ((byte & 1) === 1 ? 'the last chunk' : byte === 0 ? 'none' : String(byte)));
  if (flags !== undefined && flags > 1) cursor.odd(`bits that have no meaning: 0x${flags.toString(16)}`);
  const reserved = cursor.take(named('reserved'), 3);
  if (reserved === undefined) return;
  if (reserved.some((byte) => byte !== 0)) cursor.odd('zero is what is written here');
  if (cursor.remaining === 0) cursor.take('data', 1);
  else cursor.rest('data');
}

/** A sealed box from outside; `length` of what is in it, where that is fixed. */
export function laySealed(cursor: Cursor, length?: number): void {
  cursor.section('wire 1.2');
  layEncryptKey(cursor, 'ephemeralKey');
  const tag = cursor.take('tag', SEAL_BYTES - PublicEncryptKey.LENGTH);
  if (tag === undefined) return;
  if (length !== undefined) cursor.take('ciphertext', length);
  else if (cursor.remaining > 0) cursor.rest('ciphertext');
  cursor.end();
}
