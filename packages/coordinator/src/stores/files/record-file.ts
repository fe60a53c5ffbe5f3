// Append-only files of records, for contributions, checkpoints and chunks. Every record has its lengths and a checksum over all of it, so what
// a crash cut off, or a disk has changed, is seen instead of believed.
//
//   file:   'XayN' · kind, 4 ASCII letters · version u32 · mark u64 · CRC-32 of these 20 bytes          numbers are big-endian
//   record: CRC-32 of the rest · length of head u32 · length of body u32 · head · body

import { crc32 } from 'node:zlib';
import type { Disk } from './disk.ts';

const VERSION = 1;
const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 12;
const MAGIC = 0x5861794e; // 'XayN'
/** No head is longer; a greater number is no record. */
const LARGEST_HEAD = 1024;

/** What a file holds: its name in the header. */
export type RecordKind = 'cont' | 'sums' | 'chnk';

/** The numbers of the format, and what the kinds hold; see the head of this file. */
export const RECORD_LAYOUT: {
  readonly magic: string;
  readonly version: number;
  readonly fileHeaderLength: number;
  readonly recordHeaderLength: number;
  readonly largestHead: number;
  readonly headLengths: Readonly<Record<RecordKind, number>>;
} = {
  magic: 'XayN',
  version: VERSION,
  fileHeaderLength: FILE_HEADER_LENGTH,
  recordHeaderLength: RECORD_HEADER_LENGTH,
  largestHead: LARGEST_HEAD,
  /** Bytes of the head of every record of a kind: position and participant, position and count, tag and participant. */
  headLengths: { cont: 40, sums: 16, chnk: 33 },
};

/** Where a record is. `length`: all of it, its header included. */
export interface RecordPlace {
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
}

/** A record that was read; both parts are views of one fresh buffer. */
export interface FileRecord extends RecordPlace {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

/** What is to be written. */
export interface NewRecord {
  readonly head: Uint8Array;
  readonly body: readonly Uint8Array[];
}

/** One open file of records. */
export class RecordFile {
  readonly #disk: Disk;
  readonly #file: number;
  /** The number that its maker gave it. */
  readonly mark: number;
  /** Where the next record goes; what may lie behind it is rubbish. */
  #end: number;
  #hasRubbish = false;

  private constructor(disk: Disk, file: number, end: number, mark: number) {
    this.#disk = disk;
    this.mark = mark;
    this.#file = file;
    this.#end = end;
  }

  /** Makes a file; `mark` is a number of the maker's. It is in the folder for good once the caller has synced that. */
  static create(disk: Disk, path: string, kind: RecordKind, mark: number): RecordFile {
    const file = disk.open(path, true);
    try {
      disk.write(file, [fileHeader(kind, mark)], 0);
    } catch (error) {
      closeAndRemove(disk, file, path);
      throw error;
    }
    return new RecordFile(disk, file, FILE_HEADER_LENGTH, mark);
  }

  /** Opens a file that {@link create} made; undefined when it is none of this kind and, where given, of this mark. It ends where it ends. */
  static open(disk: Disk, path: string, kind: RecordKind, mark?: number): RecordFile | undefined {
    const file = disk.open(path, false);
    try {
      const header = new Uint8Array(FILE_HEADER_LENGTH);
      const isWhole = disk.read(file, header, 0) === FILE_HEADER_LENGTH;
      const found = Number(new DataView(header.buffer).getBigUint64(12));
      if (isWhole && (mark ?? found) === found && Buffer.compare(header, fileHeader(kind, found)) === 0) {
        return new RecordFile(disk, file, disk.size(file), found);
      }
    } catch (error) {
      disk.close(file);
      throw error;
    }
    disk.close(file);
    return undefined;
  }

  /** Bytes up to the end of the last record. */
  get end(): number {
    return this.#end;
  }

  /** Writes one record after another: all of them or, when this throws, none. They survive a power failure after {@link sync}. */
  append(records: readonly NewRecord[]): RecordPlace[] {
    const { pieces, places, end } = this.#laidOut(records);
    this.#hasRubbish = true;
    this.#disk.write(this.#file, pieces, this.#end);
    this.#hasRubbish = false;
    this.#end = end;
    return places;
  }

  /** The same while the thread goes on. Nothing else may be done to the file until it is over. */
  async appendLater(records: readonly NewRecord[]): Promise<void> {
    const { pieces, end } = this.#laidOut(records);
    this.#hasRubbish = true;
    await this.#disk.writeLater(this.#file, pieces, this.#end);
    this.#hasRubbish = false;
    this.#end = end;
  }

  #laidOut(records: readonly NewRecord[]): { readonly pieces: Uint8Array[]; readonly places: RecordPlace[]; readonly end: number } {
    if (this.#hasRubbish) this.cut(this.#end);
    const places: RecordPlace[] = [];
    const pieces: Uint8Array[] = [];
    let offset = this.#end;
    for (const { head, body } of records) {
      const header = recordHeader(head, body);
      const place = { offset, length: RECORD_HEADER_LENGTH + head.length + lengthOf(body), checksum: new DataView(header.buffer).getUint32(0) };
      pieces.push(header, head, ...body);
      places.push(place);
      offset += place.length;
    }
    return { pieces, places, end: offset };
  }

  sync(): void {
    this.#disk.sync(this.#file);
  }

  /** Cuts the file off at `end`. Throws when that fails; then the next {@link append} tries again first. */
  cut(end: number): void {
    this.#end = Math.min(this.#end, end);
    this.#hasRubbish = true;
    this.#disk.truncate(this.#file, this.#end);
    this.#hasRubbish = false;
  }

  /** Cuts off all records; throws like {@link cut}. */
  clear(): void {
    this.cut(FILE_HEADER_LENGTH);
  }

  /** The record at `offset` (left out: the first one); undefined when there is no whole one. */
  read(offset: number = FILE_HEADER_LENGTH): FileRecord | undefined {
    const header = new Uint8Array(RECORD_HEADER_LENGTH);
    if (offset + RECORD_HEADER_LENGTH > this.#end || this.#disk.read(this.#file, header, offset) < RECORD_HEADER_LENGTH) return undefined;
    const view = new DataView(header.buffer);
    const [checksum, headLength, bodyLength] = [view.getUint32(0), view.getUint32(4), view.getUint32(8)];
    const length = RECORD_HEADER_LENGTH + headLength + bodyLength;
    if (headLength > LARGEST_HEAD || offset + length > this.#end) return undefined;
    const rest = new Uint8Array(headLength + bodyLength);
    if (this.#disk.read(this.#file, rest, offset + RECORD_HEADER_LENGTH) < rest.length) return undefined;
    if (checksumOf([header.subarray(4), rest]) !== checksum) return undefined;
    return { offset, length, checksum, head: rest.subarray(0, headLength), body: rest.subarray(headLength) };
  }

  close(): void {
    this.#disk.close(this.#file);
  }
}

/** Best effort: what stays is collected at the next start. */
export function closeAndRemove(disk: Disk, file: number, path: string): void {
  try {
    disk.close(file);
    disk.remove(path);
  } catch {
    // The error that led here says more.
  }
}

function fileHeader(kind: RecordKind, mark: number): Uint8Array {
  const header = new Uint8Array(FILE_HEADER_LENGTH);
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC);
  for (let i = 0; i < 4; i++) view.setUint8(4 + i, kind.charCodeAt(i));
  view.setUint32(8, VERSION);
  view.setBigUint64(12, BigInt(mark));
  view.setUint32(20, crc32(header.subarray(0, 20)));
  return header;
}

function recordHeader(head: Uint8Array, body: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(RECORD_HEADER_LENGTH);
  const view = new DataView(header.buffer);
  view.setUint32(4, head.length);
  view.setUint32(8, lengthOf(body));
  view.setUint32(0, checksumOf([header.subarray(4), head, ...body]));
  return header;
}

function checksumOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((checksum, piece) => crc32(piece, checksum), 0);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
