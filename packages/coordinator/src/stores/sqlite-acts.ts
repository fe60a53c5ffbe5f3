// How the embedded store acts: one transaction each, statements prepared once, every failure one code. What an act wrote to files beside the
// database is undone with it, where that is known to be right.

import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { XaynetError } from '@xaynet/core/errors';
import { isDamage } from './damage.ts';
import type { OpenDatabase } from './sqlite-file.ts';

/** A row, by the names of its columns. */
export type Row = Record<string, SQLOutputValue>;

/** What an act does besides SQL. */
export interface ActOptions {
  /** Undoes what was written to files. */
  readonly takeBack?: (() => void) | undefined;
  /** Bytes that the act needs on the disk, as far as they are worth mentioning. */
  readonly room?: number | undefined;
}

/** Bytes that are taken to be missing whenever an act has failed: some rows, with all that SQLite writes for them. */
const LEAST_ROOM = 64 * 1024;

/** SQLite's result code for a disk that is full: what was to be committed is not. */
const SQLITE_FULL = 13;

/** The acts on one database; see the head of the file. */
export class SqliteActs {
  readonly #file: OpenDatabase;
  readonly #statements = new Map<string, StatementSync>();
  #missingRoom = 0;
  #isClosed = false;

  constructor(file: OpenDatabase) {
    this.#file = file;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The most bytes that acts which have failed may not have found on the disk, since there was room for them; 0: none has failed. */
  get missingRoom(): number {
    return this.#missingRoom;
  }

  /**
   * One transaction. When it fails, `takeBack` undoes what was written to files for it, except after a commit of unknown outcome: SQLite may
   * find it whole in its log at the next start, and what it refers to must be there then. Throws like {@link guard}.
   */
  act<T>(what: string, act: () => T, { takeBack, room }: ActOptions = {}): T {
    return this.guard(what, () => this.transaction(act, takeBack), { room });
  }

  /** The same inside of an act that is guarded already. Throws what was thrown. */
  transaction<T>(act: () => T, takeBack?: () => void): T {
    const { db } = this.#file;
    let isCommitting = false;
    try {
      db.exec('BEGIN IMMEDIATE');
      const result = act();
      isCommitting = true;
      db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      if (!isCommitting || resultCode(error) === SQLITE_FULL) takeBack?.();
      throw error;
    }
  }

  /** There is room for all that has failed. */
  foundRoom(): void {
    this.#missingRoom = 0;
  }

  /** Throws `storage-failed` with what was being done for every failure, also when the data folder is not where it was; damage as it is. */
  guard<T>(what: string, act: () => T, { room = 0 }: ActOptions = {}): T {
    if (this.#isClosed) throw new XaynetError('storage-failed', `${what}: the store is closed`);
    // Open files outlive their names: what is written into them now would be lost with this process.
    if (!this.#file.isInPlace()) throw new XaynetError('storage-failed', `${what}: the database was removed, moved or replaced; bring the data folder back`);
    try {
      const result = act();
      if (room > 0 && room >= this.#missingRoom) this.#missingRoom = 0;
      return result;
    } catch (error) {
      if (isDamage(error)) throw error;
      this.#missingRoom = Math.max(this.#missingRoom, LEAST_ROOM, isFull(error) ? room : 0);
      throw new XaynetError('storage-failed', `${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  /** The first row, if there is one. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  /** All rows. */
  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  /** All rows, one at a time. */
  iterate(sql: string): Iterable<Row> {
    return this.#statement(sql).iterate();
  }

  /** Number of rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  close(): void {
    this.#isClosed = true;
    this.#statements.clear();
    this.#file.close();
  }

  #statement(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#file.db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #rollBack(): void {
    try {
      if (this.#file.db.isTransaction) this.#file.db.exec('ROLLBACK');
    } catch {
      // The next BEGIN says so, if there still is one.
    }
  }
}

/** The bytes of a column. */
export function bytes(value: SQLOutputValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError('a column holds no bytes');
  return value;
}

/** SQLite's primary result code. */
function resultCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

function isFull(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return resultCode(error) === SQLITE_FULL || code === 'ENOSPC' || code === 'EDQUOT';
}
