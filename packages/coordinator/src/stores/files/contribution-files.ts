// The masked models of a round and their checkpoints, as files beside the database. A model of megabytes in a database is written several
// times over and leaves holes when it goes; here it is appended once, synced, and its file is deleted whole. What counts is what the
// database has a row for: a record without one was never acknowledged, a file without one is a leftover.

import { join } from 'node:path';
import { Writer } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import { decodeMaskObject, type MaskObject, writeMaskConfig } from '@xaynet/core/mask';
import type { Disk } from './disk.ts';
import { RecordFile, type RecordPlace } from './record-file.ts';

/** Bytes after which a new segment begins; a checkpoint begins one as well. */
const SEGMENT_BYTES = 256 * 1024 * 1024;
const NAME = /^(segment|checkpoint)-(\d{10})$/;

/** Where a contribution or checkpoint is: the number of its file, and the place in it. */
export interface ObjectPlace extends RecordPlace {
  readonly file: number;
}

/** What a record says of its object, besides the object: position and participant, or position and count. */
export interface ObjectHead {
  readonly position: number;
  readonly rest: Uint8Array;
}

type FileKind = 'segment' | 'checkpoint';

/** The folder of contributions of one store. */
export class ContributionFiles {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #segmentBytes: number;
  /** The segment that is written to. */
  #current: { readonly number: number; readonly file: RecordFile } | undefined;
  #next = 1;
  #hasFolder = false;

  constructor(disk: Disk, folder: string, segmentBytes: number = SEGMENT_BYTES) {
    this.#disk = disk;
    this.#folder = folder;
    this.#segmentBytes = segmentBytes;
  }

  /**
   * What the files show to have been in the database once and is not there now, in words; undefined: nothing. `round` and `last`: the round
   * that the database ends in, and the last position there, if it is under way. A crash leaves a record without a row, even several when
   * commits failed, but all at the position that comes next: a position is given out again until its row is committed.
   */
  lost(ends: ReadonlyMap<number, number>, round: number, last: number | undefined): string | undefined {
    for (const { kind, number } of this.#files()) {
      const file = kind === 'segment' ? this.#tryOpen('segment', number) : undefined;
      if (file === undefined) continue;
      try {
        if (file.mark > round) return `${this.#path('segment', number)} was begun in round ${file.mark}, the database ends in round ${round}`;
        if (file.mark < round || last === undefined) continue;
        let record = file.read(ends.get(number));
        for (; record !== undefined; record = file.read(record.offset + record.length)) {
          const position = positionIn(record.head);
          if (position > last + 1) return `${this.#path('segment', number)} has update ${position} of round ${round}, the database ends with update ${last}`;
        }
      } finally {
        file.close();
      }
    }
    return undefined;
  }

  /**
   * What a crash has left: cuts every segment off at the end of its last known record, and removes the files that nothing refers to.
   * `ends`: number of each segment → that end. A segment that is missing or too short is left to be noticed when it is read.
   */
  recover(ends: ReadonlyMap<number, number>, checkpoint: number | undefined): void {
    for (const number of [...ends.keys(), checkpoint ?? 0, ...this.#files().map((file) => file.number)]) this.#next = Math.max(this.#next, number + 1);
    this.collect(new Set(ends.keys()), checkpoint);
    for (const [number, end] of ends) {
      const file = this.#tryOpen('segment', number);
      if (file === undefined) continue;
      if (file.end > end) file.cut(end);
      file.close();
    }
  }

  /** Appends a contribution and syncs it. Nothing is left of it when this throws. `round` is written into a segment that begins. */
  append(round: number, head: ObjectHead, object: MaskObject): ObjectPlace {
    const { number, file } = this.#segment(round);
    const before = file.end;
    try {
      const [place] = file.append([{ head: headBytes(head), body: pieces(object) }]);
      file.sync();
      return { file: number, ...place! };
    } catch (error) {
      this.#cut(file, before);
      throw error;
    }
  }

  /** Takes the record appended last back. */
  takeBack(place: ObjectPlace): void {
    if (this.#current?.number === place.file) this.#cut(this.#current.file, place.offset);
  }

  /** The next contribution begins a new segment, so that the one before can go as a whole. */
  endSegment(): void {
    this.#current?.file.close();
    this.#current = undefined;
  }

  /** Writes a checkpoint to a file of its own; it is there, whole and for good, when this returns. */
  writeCheckpoint(round: number, head: ObjectHead, object: MaskObject): ObjectPlace {
    this.#makeFolder();
    const number = this.#next++;
    const path = this.#path('checkpoint', number);
    const temporary = `${path}.tmp`;
    try {
      const file = RecordFile.create(this.#disk, temporary, 'sums', round);
      try {
        const [place] = file.append([{ head: headBytes(head), body: pieces(object) }]);
        file.sync();
        this.#disk.rename(temporary, path);
        this.#disk.syncFolder(this.#folder);
        return { file: number, ...place! };
      } finally {
        file.close();
      }
    } catch (error) {
      this.#remove(temporary);
      this.#remove(path);
      throw error;
    }
  }

  /** Removes a checkpoint that no row will refer to. */
  removeCheckpoint(place: ObjectPlace): void {
    this.#remove(this.#path('checkpoint', place.file));
  }

  /** The object at a place. Throws `contribution-damaged` when it is not there as it was written, with this very head. */
  read(kind: FileKind, place: ObjectPlace, head: ObjectHead): MaskObject {
    const damaged = (what: string): XaynetError => new XaynetError('contribution-damaged', `${this.#path(kind, place.file)}: ${what}`);
    // A handle of its own also for the segment that is written to: it sees the file as it is, not as it should be.
    const file = this.#tryOpen(kind, place.file);
    if (file === undefined) throw damaged('missing, or not a file of this kind');
    try {
      const record = file.read(place.offset);
      if (record?.length !== place.length || record.checksum !== place.checksum || Buffer.compare(record.head, headBytes(head)) !== 0) {
        throw damaged(`no record of position ${head.position} with the stored checksum at offset ${place.offset}`);
      }
      return decodeMaskObject(record.body);
    } finally {
      file.close();
    }
  }

  /** Removes all files but these, as far as it can: what stays is tried again next time, and at the next start. */
  collect(segments: ReadonlySet<number>, checkpoint: number | undefined): void {
    if (this.#current !== undefined && !segments.has(this.#current.number)) this.endSegment();
    try {
      for (const { name, kind, number } of this.#files()) {
        const isUsed = kind === 'segment' ? segments.has(number) : kind === 'checkpoint' && number === checkpoint;
        if (!isUsed) this.#remove(join(this.#folder, name));
      }
    } catch {
      // A folder that cannot be listed now is listed next time.
    }
  }

  /** Bytes of all files. */
  usage(): number {
    return this.#disk.list(this.#folder).reduce((sum, name) => sum + this.#disk.sizeOf(join(this.#folder, name)), 0);
  }

  close(): void {
    this.endSegment();
  }

  #segment(round: number): { readonly number: number; readonly file: RecordFile } {
    if (this.#current !== undefined && this.#current.file.end >= this.#segmentBytes) this.endSegment();
    if (this.#current !== undefined) return this.#current;
    this.#makeFolder();
    const number = this.#next++;
    const path = this.#path('segment', number);
    const file = RecordFile.create(this.#disk, path, 'cont', round);
    try {
      this.#disk.syncFolder(this.#folder);
    } catch (error) {
      file.close();
      this.#remove(path);
      throw error;
    }
    this.#current = { number, file };
    return this.#current;
  }

  #tryOpen(kind: FileKind, number: number): RecordFile | undefined {
    try {
      return RecordFile.open(this.#disk, this.#path(kind, number), kind === 'segment' ? 'cont' : 'sums');
    } catch (error) {
      if ((error as { code?: string }).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #makeFolder(): void {
    if (this.#hasFolder) return;
    this.#disk.makeFolder(this.#folder);
    this.#hasFolder = true;
  }

  /** A cut that fails is done by the next append, or at the next start. */
  #cut(file: RecordFile, end: number): void {
    try {
      file.cut(end);
    } catch {
      // The file knows that there is rubbish behind its end.
    }
  }

  #remove(path: string): void {
    try {
      this.#disk.remove(path);
    } catch {
      // A leftover; the next collection comes by again.
    }
  }

  #files(): { readonly name: string; readonly kind: string | undefined; readonly number: number }[] {
    return this.#disk.list(this.#folder).map((name) => {
      const [, kind, number] = NAME.exec(name) ?? [];
      return { name, kind, number: Number(number ?? 0) };
    });
  }

  #path(kind: FileKind, number: number): string {
    return join(this.#folder, `${kind}-${String(number).padStart(10, '0')}`);
  }
}

function headBytes({ position, rest }: ObjectHead): Uint8Array {
  const bytes = new Uint8Array(8 + rest.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(position));
  bytes.set(rest, 8);
  return bytes;
}

function positionIn(head: Uint8Array): number {
  return head.length < 8 ? 0 : Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0));
}

/** The bytes of a mask object on the wire, without a copy of the vector in them. */
function pieces({ config, length, vect, unit }: MaskObject): Uint8Array[] {
  const before = new Writer(8);
  writeMaskConfig(before, config.vect);
  before.u32be(length);
  const after = new Writer(4);
  writeMaskConfig(after, config.unit);
  return [before.finish(), vect, after.finish(), unit];
}
