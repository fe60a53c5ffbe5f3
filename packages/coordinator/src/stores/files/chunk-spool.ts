// Chunks of messages that are not complete yet, in append-only files. They are not synced: a chunk is there after the process was killed, not
// after a power failure, when its sender sends the message again. Their mark is an epoch that the database knows too, so that chunks of
// a round that was erased are never taken for chunks of the next one, whatever the crash was. A file goes once every message in it, and in
// those before it, is over: under load the disk's cache then takes a few of them again and again, and nothing of them ever reaches the disk.

import { basename, dirname, join } from 'node:path';
import { PublicSigningKey } from '@xaynet/core/bytes';
import { tagByte, tagOf } from '@xaynet/core/message';
import { OVER_LENGTH, type SpooledChunk } from '../contract.ts';
import type { Disk } from './disk.ts';
import { type FileRecord, type NewRecord, RecordFile } from './record-file.ts';

/** A chunk, and where to read on. */
export interface ChunkAt {
  readonly chunk: SpooledChunk;
  readonly next: number;
}

/** A file, and the messages that have chunks in it and are not over. */
interface Segment {
  readonly number: number;
  readonly path: string;
  readonly file: RecordFile;
  readonly open: Set<string>;
}

/** Bytes after which a new file begins. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Places are one number: that of the file times this, and the offset. */
const PLACES = 2 ** 36;
/** Set in the first byte of a record, beside the tag, for a sender that has not proved to be selected. */
export const UNPROVEN = 0x80;
const HEAD_LENGTH = 33;
/** Bytes before the head of a record, and before the first record of a file. */
const RECORD_HEADER = 12;
const FILE_HEADER = 24;

/** The chunk spool of one store; made at the first chunk. */
export class ChunkSpool {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #segmentBytes: number;
  #epoch: number;
  /** In the order in which they were begun. */
  #segments: Segment[];
  readonly #damage: string[] = [];

  /** Opens what is there of this epoch, less torn tails. `path`: of the first file; those after it have a number in their name. */
  constructor(disk: Disk, path: string, epoch: number, segmentBytes: number = SEGMENT_BYTES) {
    this.#disk = disk;
    this.#path = path;
    this.#epoch = epoch;
    this.#segmentBytes = segmentBytes;
    this.#segments = [];
    for (const { number, path } of this.#names()) {
      const segment = this.#reopen(number, path);
      if (segment !== undefined) this.#segments.push(segment);
    }
    this.#collect();
  }

  /** What was dropped at the opening because it is not what was written, as text; a torn tail is none of it. */
  get damage(): string | undefined {
    return this.#damage.length === 0 ? undefined : this.#damage.join('; ');
  }

  /** All chunks or, when this throws, none of them. */
  append(chunks: readonly SpooledChunk[]): void {
    const segment = this.#current();
    segment.file.append(chunks.map(recordOf));
    this.#appended(segment, chunks);
  }

  /** The same while the thread goes on; nothing else may be asked of the spool until it is over. */
  async appendLater(chunks: readonly SpooledChunk[]): Promise<void> {
    const segment = this.#current();
    await segment.file.appendLater(chunks.map(recordOf));
    this.#appended(segment, chunks);
  }

  #appended(segment: Segment, chunks: readonly SpooledChunk[]): void {
    for (const chunk of chunks) this.#count(segment, chunk, this.#segments);
    this.#collect();
  }

  /** The chunk at a place (left out: the first), or the first one after it; none there: undefined. */
  read(at = 0): ChunkAt | undefined {
    for (const { number, file } of this.#segments) {
      const from = Math.floor(at / PLACES);
      if (number < from) continue;
      const offset = number === from && at % PLACES > 0 ? at % PLACES : undefined;
      const record = file.read(offset);
      if (record === undefined) continue;
      return { chunk: chunkOf(record), next: number * PLACES + record.offset + record.length };
    }
    return undefined;
  }

  /** Forgets all chunks; throws when that fails. */
  erase(): void {
    while (this.#segments.length > 1) this.#remove(this.#segments[1]!);
    this.#segments[0]?.file.clear();
    this.#segments[0]?.open.clear();
  }

  /** All chunks so far belong to the past, whether or not their files can be removed now. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    const old = this.#segments;
    this.#segments = [];
    for (const { file, path } of old) {
      try {
        file.close();
        this.#disk.remove(path);
      } catch {
        // Its epoch is over; it is removed when a chunk comes that needs its name, or at the next start.
      }
    }
  }

  usage(): number {
    return this.#segments.reduce((sum, { path }) => sum + this.#disk.sizeOf(path), 0);
  }

  close(): void {
    for (const { file } of this.#segments) file.close();
    this.#segments = [];
  }

  /** The file to write to. */
  #current(): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.file.end < this.#segmentBytes) return last;
    const number = last === undefined ? 0 : last.number + 1;
    const path = this.#pathOf(number);
    this.#disk.remove(path);
    const segment = { number, path, file: RecordFile.create(this.#disk, path, 'chnk', this.#epoch), open: new Set<string>() };
    this.#segments.push(segment);
    return segment;
  }

  #count(segment: Segment, { participant, tag, payload }: SpooledChunk, segments: readonly Segment[]): void {
    const name = `${Buffer.from(participant).toString('latin1')}${tag}${payload[2]},${payload[3]}`;
    if (payload.length > OVER_LENGTH) segment.open.add(name);
    else for (const { open } of segments) open.delete(name);
  }

  /** From the first on, because what says that a message is over stands in the same file as its last chunk, or in one after it. */
  #collect(): void {
    while (this.#segments.length > 1 && this.#segments[0]!.open.size === 0) {
      try {
        this.#remove(this.#segments[0]!);
      } catch {
        return; // a leftover: tried again with the next chunk, or at the next start
      }
    }
  }

  #remove(segment: Segment): void {
    this.#disk.remove(segment.path);
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    segment.file.close();
  }

  #reopen(number: number, path: string): Segment | undefined {
    const size = this.#disk.sizeOf(path);
    const file = size === 0 ? undefined : RecordFile.open(this.#disk, path, 'chnk', this.#epoch);
    if (file === undefined) {
      if (size > FILE_HEADER && !this.#isOfThePast(path)) this.#damage.push(`${basename(path)}: its header is damaged, ${size} bytes dropped`);
      this.#disk.remove(path);
      return undefined;
    }
    const segment: Segment = { number, path, file, open: new Set() };
    let end: number | undefined;
    for (let record = file.read(); record !== undefined; record = file.read(end)) {
      end = record.offset + record.length;
      this.#count(segment, chunkOf(record), [...this.#segments, segment]);
    }
    const from = end ?? FILE_HEADER;
    if (this.#isDamaged(path, file, from)) this.#damage.push(`${basename(path)}: damaged at byte ${from}, ${file.end - from} bytes dropped`);
    if (end === undefined) file.clear();
    else if (end < file.end) file.cut(end);
    return segment;
  }

  #isOfThePast(path: string): boolean {
    const file = RecordFile.open(this.#disk, path, 'chnk');
    file?.close();
    return file !== undefined;
  }

  /** Whether what follows the last good record is more than the beginning of one: a whole one with other bytes, or one that whole ones follow. */
  #isDamaged(path: string, records: RecordFile, from: number): boolean {
    if (records.end - from < RECORD_HEADER) return false;
    const rest = Buffer.alloc(records.end - from);
    const file = this.#disk.open(path, false);
    try {
      this.#disk.read(file, rest, from);
    } finally {
      this.#disk.close(file);
    }
    if (rest.readUInt32BE(4) === HEAD_LENGTH && RECORD_HEADER + HEAD_LENGTH + rest.readUInt32BE(8) <= rest.length) return true;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(HEAD_LENGTH);
    // What looks like a record may be anybody's data, and is read no oftener than so.
    for (let at = rest.indexOf(length, 5), tries = 1000; at >= 0 && tries > 0; at = rest.indexOf(length, at + 1), tries--) {
      if (records.read(from + at - 4) !== undefined) return true;
    }
    return false;
  }

  #names(): { readonly number: number; readonly path: string }[] {
    const folder = dirname(this.#path);
    const first = basename(this.#path);
    return this.#disk
      .list(folder)
      .flatMap((name) => {
        const number = name === first ? 0 : name.startsWith(`${first}.`) ? Number(name.slice(first.length + 1)) : Number.NaN;
        return Number.isSafeInteger(number) ? [{ number, path: join(folder, name) }] : [];
      })
      .sort((a, b) => a.number - b.number);
  }

  #pathOf(number: number): string {
    return number === 0 ? this.#path : `${this.#path}.${number}`;
  }
}

function recordOf({ participant, tag, payload, unproven }: SpooledChunk): NewRecord {
  return { head: Buffer.concat([Uint8Array.of(tagByte(tag) | (unproven === true ? UNPROVEN : 0)), participant]), body: [payload] };
}

function chunkOf({ head, body }: FileRecord): SpooledChunk {
  const chunk = { participant: PublicSigningKey(head.subarray(1)), tag: tagOf(head[0]! & ~UNPROVEN), payload: body };
  return (head[0]! & UNPROVEN) === 0 ? chunk : { ...chunk, unproven: true };
}
