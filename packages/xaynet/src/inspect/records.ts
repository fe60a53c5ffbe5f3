// Files of records of the embedded store: contributions, checkpoints and chunks. They may be large, so they are read a record at a time; every
// checksum and every element is looked at, and only some records are kept for showing. What stands behind the last whole record is told apart:
// what a crash leaves, which the store cuts off, and damage in the middle, behind which whole records go on.

import { crc32 } from 'node:zlib';
import { RECORD_LAYOUT, UNPROVEN } from '@xaynet/coordinator/files';
import { type MessageTag, tagOf } from '@xaynet/core/message';
import { grouped } from '../figures.ts';
import { Cursor, type Look } from './cursor.ts';
import type { Input } from './input.ts';
import { layMaskObject } from './layouts/mask-object.ts';
import { layChunk } from './layouts/message.ts';
import { type Field, isWrongField, type Report, type Verdict } from './report.ts';
import { bytesText, countText, hexOf } from './show.ts';

const { magic, version: VERSION, fileHeaderLength, recordHeaderLength, largestHead, headLengths } = RECORD_LAYOUT;
type Kind = keyof typeof headLengths;

const KINDS: Readonly<Record<Kind, { readonly title: string; readonly mark: string }>> = {
  cont: { title: 'contributions: masked models of a round', mark: 'round' },
  sums: { title: 'checkpoint: the sum of masked models', mark: 'round' },
  chnk: { title: 'spool of chunks that wait for the rest of their message', mark: 'epoch' },
};

/** Bytes that are read at once. */
const PIECE = 16 * 1024 * 1024;
/** A record's body is not taken apart beyond; its checksum is. */
const MOST_LAID = 1024 * 1024 * 1024;
/** Bytes that look like a record behind damage, which are tried. */
const MOST_TRIED = 1000;
/** Wrong records that are kept for showing. */
const MOST_WRONG = 20;

type Tell = (done: number, total: number) => void;

/** Whether a file is one of records, by its beginning. */
export function isRecordFile(input: Input): boolean {
  return new TextDecoder('latin1').decode(input.read(0, magic.length)) === magic;
}

/** The report of a file of records. */
export function inspectRecords(input: Input, look: Look, tell: Tell): Report {
  const { kind, fields } = layHeader(input, look);
  const records = kind === undefined ? undefined : readRecords(input, kind, look, tell);
  const all = [...fields, ...(records?.fields ?? [])];
  const isSound = !fields.some(isWrongField);
  return {
    source: input.name,
    kind: 'records',
    title: kind === undefined ? 'file of records' : KINDS[kind].title,
    size: input.size,
    because: `it begins with ${magic}`,
    fields: all,
    signed: undefined,
    checks: records?.checks ?? [],
    verdict: verdictOf(isSound, records),
    inside: [],
    bytes: undefined,
  };
}

interface Records {
  readonly fields: Field[];
  readonly count: number;
  readonly damage: string | undefined;
  readonly checks: Report['checks'];
}

function verdictOf(isSound: boolean, records: Records | undefined): Verdict {
  if (!isSound || records === undefined)
    return { code: 'contribution-damaged', says: 'the header is not one of such a file: the store takes none of its records', advice: '' };
  const reads = `the store reads ${countText(records.count, 'record', 'records')}`;
  return records.damage === undefined
    ? { code: undefined, says: reads, advice: '' }
    : {
        code: 'contribution-damaged',
        says: `${reads}; ${records.damage}`,
        advice: 'The round fails and the next one begins; check the disk, and that nobody changes the data folder.',
      };
}

function layHeader(input: Input, look: Look): { kind: Kind | undefined; fields: Field[] } {
  const bytes = input.read(0, fileHeaderLength);
  const cursor = new Cursor(bytes, look);
  const ascii = (each: Uint8Array): { value: string } => ({ value: new TextDecoder('latin1').decode(each).replaceAll(/[^ -~]/g, '.') });
  cursor.take('magic', magic.length, ascii);
  const name = cursor.take('kind', 4, ascii);
  const text = name === undefined ? '' : ascii(name).value;
  const kind = Object.hasOwn(headLengths, text) ? (text as Kind) : undefined;
  if (kind === undefined && name !== undefined) cursor.wrong('neither cont nor sums nor chnk');
  const version = cursor.u32be('version');
  if (version !== undefined && version !== VERSION) cursor.wrong(`version ${VERSION} is what this program writes`);
  cursor.u64be(kind === undefined ? 'mark' : KINDS[kind].mark);
  layChecksum(cursor, bytes.length < fileHeaderLength ? undefined : crc32(bytes.subarray(0, fileHeaderLength - 4)));
  return { kind, fields: cursor.fields };
}

function layChecksum(cursor: Cursor, expected: number | undefined): void {
  const checksum = cursor.u32be('checksum', (value) => value.toString(16).padStart(8, '0'));
  if (checksum !== undefined && expected !== undefined && checksum !== expected) cursor.wrong(`that of the bytes is ${expected.toString(16).padStart(8, '0')}`);
}

/** Where a record is; `isWhole`: it ends before the file does, and its head is of the length of this kind. */
interface Place {
  readonly offset: number;
  readonly headLength: number;
  readonly bodyLength: number;
  readonly length: number;
  readonly isWhole: boolean;
}

function placeAt(input: Input, offset: number, kind: Kind): Place | undefined {
  const bytes = input.read(offset, recordHeaderLength);
  if (bytes.length < recordHeaderLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [headLength, bodyLength] = [view.getUint32(4), view.getUint32(8)];
  const length = recordHeaderLength + headLength + bodyLength;
  return { offset, headLength, bodyLength, length, isWhole: headLength <= largestHead && headLength === headLengths[kind] && offset + length <= input.size };
}

/** CRC-32 of all of a record but the first four bytes. */
function checksumOf(input: Input, { offset, length }: Place, tell: Tell): number {
  let checksum = 0;
  for (let at = offset + 4; at < offset + length; at += PIECE) {
    checksum = crc32(input.read(at, Math.min(PIECE, offset + length - at)), checksum);
    tell(at, input.size);
  }
  return checksum;
}

function storedChecksum(input: Input, { offset }: Place): number {
  const bytes = input.read(offset, 4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function readRecords(input: Input, kind: Kind, look: Look, tell: Tell): Records {
  const total = countOf(input, kind);
  const fields: Field[] = [];
  const scratch = new Cursor(new Uint8Array(0), look);
  let [offset, count, wrong, sound] = [fileHeaderLength as number, 0, 0, true];
  let damage: string | undefined;
  while (offset < input.size) {
    const place = placeAt(input, offset, kind);
    if (place?.isWhole !== true) {
      const next = nextRecord(input, kind, offset + 1, tell);
      fields.push(restField(look, offset, (next ?? input.size) - offset, next !== undefined));
      if (next === undefined) break;
      damage ??= `there is damage at byte ${grouped(offset)}, behind which records go on`;
      sound = false;
      offset = next;
      continue;
    }
    tell(offset, input.size);
    // Large ones are read once to be taken apart, the largest in pieces.
    const bytes = place.bodyLength <= MOST_LAID ? input.read(offset, place.length) : undefined;
    const checksum = bytes === undefined ? checksumOf(input, place, tell) : crc32(bytes.subarray(4));
    const isGood = checksum === storedChecksum(input, place);
    const field = layRecord(bytes ?? input.read(offset, recordHeaderLength + place.headLength), { place, kind, index: count, checksum, look });
    if (!isGood) damage ??= `the record at byte ${grouped(offset)} is not what was written`;
    else if (isWrongField(field)) damage ??= `the record at byte ${grouped(offset)} holds no valid object`;
    const isBad = isWrongField(field);
    if (isBad) wrong++;
    if (scratch.isShown(count, total) || (isBad && wrong <= MOST_WRONG)) fields.push(field);
    if (!isGood) sound = false;
    count++;
    offset += place.length;
  }
  const says = sound
    ? `${countText(count, 'record has', 'records have')} the checksum that was written with ${count === 1 ? 'it' : 'them'}`
    : 'not all records are what was written';
  return { fields, count: sound ? count : countOf(input, kind, tell), damage, checks: [{ outcome: sound ? 'ok' : 'wrong', says, section: '' }] };
}

/** How many whole records there are from the beginning on; with `tell`, only as far as their checksums are right: what the store reads. */
function countOf(input: Input, kind: Kind, tell?: Tell): number {
  let count = 0;
  for (let offset = fileHeaderLength as number; ; count++) {
    const place = placeAt(input, offset, kind);
    if (place?.isWhole !== true) return count;
    if (tell !== undefined && checksumOf(input, place, tell) !== storedChecksum(input, place)) return count;
    offset += place.length;
  }
}

/** Behind the last whole record: what a crash left, unless whole records follow. */
function restField(look: Look, offset: number, length: number, isDamage: boolean): Field {
  const cursor = new Cursor(new Uint8Array(0), look, { base: offset });
  const field = cursor.mark(isDamage ? 'damage' : 'torn tail', 0, length, { value: bytesText(length) });
  if (isDamage) cursor.wrong('no whole record, and whole ones follow');
  else cursor.odd('no whole record: what a crash leaves; the store cuts it off when it opens');
  return field;
}

/** The next record from `from` on whose checksum is right. */
function nextRecord(input: Input, kind: Kind, from: number, tell: Tell): number | undefined {
  const pattern = Buffer.alloc(4);
  pattern.writeUInt32BE(headLengths[kind]);
  let tries = 0;
  for (let at = from; at < input.size; at += PIECE) {
    const piece = Buffer.from(input.read(at, PIECE + recordHeaderLength));
    tell(at, input.size);
    for (let i = piece.indexOf(pattern, 4); i >= 0 && tries < MOST_TRIED; i = piece.indexOf(pattern, i + 1)) {
      const place = placeAt(input, at + i - 4, kind);
      if (place?.isWhole !== true) continue;
      tries++;
      if (checksumOf(input, place, tell) === storedChecksum(input, place)) return place.offset;
    }
  }
  return undefined;
}

interface Laying {
  readonly place: Place;
  readonly kind: Kind;
  readonly index: number;
  /** What the checksum has to be. */
  readonly checksum: number;
  readonly look: Look;
}

/** A record; `bytes` may end before its body. */
function layRecord(bytes: Uint8Array, { place, kind, index, checksum, look }: Laying): Field {
  const cursor = new Cursor(bytes, look, { base: place.offset });
  let what = '';
  const group = cursor.group(`record${index}`, () => {
    layChecksum(cursor, checksum);
    cursor.u32be('headLength');
    cursor.u32be('bodyLength', grouped);
    what = layHead(cursor, kind);
    if (bytes.length < place.length) return;
    if (kind === 'chnk') layBody(cursor);
    else {
      cursor.group('object', () => {
        layMaskObject(cursor);
        cursor.end();
      });
    }
  });
  group.value = what;
  group.length = place.length;
  group.isFolded = true;
  return group;
}

/** What the head says; returned in a line. */
function layHead(cursor: Cursor, kind: Kind): string {
  if (kind === 'chnk') {
    let tag: MessageTag | undefined;
    const byte = cursor.u8('tag', (value) => {
      try {
        tag = tagOf(value & ~UNPROVEN);
      } catch {
        // said below
      }
      return `${tag ?? value}${(value & UNPROVEN) === 0 ? '' : ', of a sender that has not proved to be selected'}`;
    });
    if (byte !== undefined && tag === undefined) cursor.wrong('no tag of a message');
    const participant = cursor.take('participant', 32);
    return `${tag ?? '?'} from ${participant === undefined ? '?' : hexOf(participant)}`;
  }
  const position = cursor.u64be('position');
  if (kind === 'sums') return `update 1 to ${position ?? '?'}: ${countText(cursor.u64be('count') ?? 0, 'model', 'models')}`;
  const participant = cursor.take('participant', 32);
  return `update ${position ?? '?'} of ${participant === undefined ? '?' : hexOf(participant)}`;
}

/** A chunk, or the sign that a message is over, which is a chunk's header up to the number of the message. */
function layBody(cursor: Cursor): void {
  if (cursor.remaining <= 4) {
    cursor.u16be('chunkId');
    cursor.u16be('messageId');
    cursor.note('this message is over');
  } else layChunk(cursor, 'chunk');
}
