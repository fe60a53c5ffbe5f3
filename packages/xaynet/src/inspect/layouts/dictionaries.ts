// Dictionaries: the one inside an update message, which counts its own bytes (wire 5.6), and the published ones, which count entries (wire 7.3).

import { EncryptedMaskSeed, PublicEncryptKey, PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { LOCAL_SEED_ENTRY_LENGTH } from '@xaynet/core/message';
import { grouped } from '../../figures.ts';
import type { Cursor } from '../cursor.ts';
import type { Field } from '../report.ts';
import { countText, hexOf } from '../show.ts';
import { layIdentity, remarkOn } from './keys.ts';

/** The local seed dictionary of an update. */
export function layLocalSeedDict(cursor: Cursor, lengthName: string): void {
  cursor.section('wire 5.6');
  const length = cursor.u32be(lengthName, grouped);
  if (length === undefined) return;
  const inside = length - 4;
  if (inside < 0) {
    cursor.wrong('counts itself, so it is 4 at least');
    return;
  }
  const entries = Math.floor(inside / LOCAL_SEED_ENTRY_LENGTH);
  if (inside % LOCAL_SEED_ENTRY_LENGTH !== 0) cursor.wrong(`not 4 and a multiple of ${LOCAL_SEED_ENTRY_LENGTH}`);
  else cursor.note(`these 4 bytes and ${countText(entries, 'entry', 'entries')} of ${LOCAL_SEED_ENTRY_LENGTH}`);
  if (inside > cursor.remaining) cursor.wrong(`${grouped(inside)} bytes are to follow, ${grouped(cursor.remaining)} are there`);
  const seen = new Set<string>();
  layEntries(cursor, Math.min(entries, Math.ceil(cursor.remaining / LOCAL_SEED_ENTRY_LENGTH)), (i) => {
    const key = layIdentity(cursor, `key${i}`);
    checkKey(cursor, seen, key);
    const seed = key && cursor.take(`seed${i}`, EncryptedMaskSeed.LENGTH);
    return [key, seed];
  });
  const left = Math.min(inside % LOCAL_SEED_ENTRY_LENGTH, cursor.remaining);
  if (left > 0) cursor.take('part of an entry', left);
}

/** A published dictionary of ephemeral keys. */
export function laySumDict(cursor: Cursor): void {
  layDict(cursor, PublicEncryptKey.LENGTH, true);
}

/** A published dictionary of sealed mask seeds: one row of the seed dictionary. */
export function layUpdateSeedDict(cursor: Cursor): void {
  layDict(cursor, EncryptedMaskSeed.LENGTH, false);
}

/** All rows (wire 7.3): stored, never served. */
export function laySeedDict(cursor: Cursor): void {
  const count = layCount(cursor);
  if (count === undefined) return;
  const field = cursor.last;
  const seen = new Set<string>();
  const there = cursor.items(count, (i) => {
    const row = cursor.group(`row${i}`, () => {
      const key = cursor.byteString(`key${i}`, PublicSigningKey.LENGTH, { lengthName: `keyLength${i}` });
      checkKey(cursor, seen, key);
      if (key !== undefined) layUpdateSeedDict(cursor);
    });
    row.value = 'what one sum participant fetches';
  });
  endOfItems(cursor, field, there, count, 'row', 'rows');
}

function layDict(cursor: Cursor, valueLength: number, isKey: boolean): void {
  const count = layCount(cursor);
  if (count === undefined) return;
  const field = cursor.last;
  const seen = new Set<string>();
  const there = layEntries(cursor, count, (i) => {
    const key = cursor.byteString(`key${i}`, PublicSigningKey.LENGTH, { lengthName: `keyLength${i}` });
    checkKey(cursor, seen, key);
    const value = key && cursor.byteString(`value${i}`, valueLength, { lengthName: `valueLength${i}` });
    if (isKey) remarkOn(cursor, value);
    return [key, value];
  });
  endOfItems(cursor, field, there, count, 'entry', 'entries');
}

function layCount(cursor: Cursor): number | undefined {
  return cursor.section('wire 7.3').u64le('count');
}

function endOfItems(cursor: Cursor, field: Field | undefined, there: number, count: number, one: string, many: string): void {
  if (there < count) cursor.wrong(`${countText(count, `${one} is`, `${many} are`)} announced, the bytes end after ${grouped(there)}`, field);
}

function layEntries(cursor: Cursor, count: number, read: (index: number) => readonly (Uint8Array | undefined)[]): number {
  return cursor.items(count, (i) => {
    let parts: readonly (Uint8Array | undefined)[] = [];
    const entry: Field = cursor.group(`entry${i}`, () => {
      parts = read(i);
    });
    entry.isFolded = true;
    const [key, value] = parts;
    if (key !== undefined) cursor.tell(entry, `${hexOf(key)} → ${value === undefined ? '?' : hexOf(value)}`);
  });
}

function checkKey(cursor: Cursor, seen: Set<string>, key: Uint8Array | undefined): void {
  if (key === undefined) return;
  const text = toHex(key);
  if (seen.has(text)) cursor.wrong('this key is there already');
  seen.add(text);
}
