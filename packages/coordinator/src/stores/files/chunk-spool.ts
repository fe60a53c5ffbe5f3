// Chunks of messages that are not complete yet, in one append-only file. It is not synced: a chunk is there after the process was killed, not
// after a power failure, when its sender sends the message again. Its mark is an epoch that the database knows too, so that chunks of
// a round that was erased are never taken for chunks of the next one, whatever the crash was.

import { PublicSigningKey } from '@xaynet/core/bytes';
import { tagByte, tagOf } from '@xaynet/core/message';
import type { SpooledChunk } from '../contract.ts';
import type { Disk } from './disk.ts';
import { RecordFile } from './record-file.ts';

/** A chunk, and where to read on. */
export interface ChunkAt {
  readonly chunk: SpooledChunk;
  readonly next: number;
}

/** The chunk spool of one store; made at the first chunk. */
export class ChunkSpool {
  readonly #disk: Disk;
  readonly #path: string;
  #epoch: number;
  #file: RecordFile | undefined;

  /** Opens what is there of this epoch, less a torn tail. */
  constructor(disk: Disk, path: string, epoch: number) {
    this.#disk = disk;
    this.#path = path;
    this.#epoch = epoch;
    this.#file = this.#reopen();
  }

  /** All chunks or, when this throws, none of them. */
  append(chunks: readonly SpooledChunk[]): void {
    this.#file ??= this.#create();
    this.#file.append(chunks.map(({ participant, tag, payload }) => ({ head: Buffer.concat([Uint8Array.of(tagByte(tag)), participant]), body: [payload] })));
  }

  /** The chunk at a place (left out: the first); none there: undefined. */
  read(at?: number): ChunkAt | undefined {
    const record = this.#file?.read(at);
    if (record === undefined) return undefined;
    const chunk = { participant: PublicSigningKey(record.head.subarray(1)), tag: tagOf(record.head[0]!), payload: record.body };
    return { chunk, next: record.offset + record.length };
  }

  /** Forgets all chunks; throws when that fails. */
  erase(): void {
    this.#file?.clear();
  }

  /** All chunks so far belong to the past, whether or not their file can be removed now. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    const old = this.#file;
    this.#file = undefined;
    try {
      old?.close();
      this.#disk.remove(this.#path);
    } catch {
      // Its epoch is over; it is removed when the next chunk comes, or at the next start.
    }
  }

  usage(): number {
    return this.#disk.sizeOf(this.#path);
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #create(): RecordFile {
    this.#disk.remove(this.#path);
    return RecordFile.create(this.#disk, this.#path, 'chnk', this.#epoch);
  }

  #reopen(): RecordFile | undefined {
    if (this.#disk.sizeOf(this.#path) === 0) return undefined;
    const file = RecordFile.open(this.#disk, this.#path, 'chnk', this.#epoch);
    if (file === undefined) {
      this.#disk.remove(this.#path);
      return undefined;
    }
    let record = file.read();
    let end: number | undefined;
    for (; record !== undefined; record = file.read(end)) end = record.offset + record.length;
    if (end === undefined) file.clear();
    else if (end < file.end) file.cut(end);
    return file;
  }
}
