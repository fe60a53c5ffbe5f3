// The state of a participant in a file, for one process at a time: two that go on from the same state would answer sum2 twice, or mask two
// models. The lock is one of the operating system on a file beside it (by SQLite, as Node has no other), so that a crash releases it.

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { XaynetError } from '@xaynet/core/errors';
import type { StateStore } from '@xaynet/participant';
import { fileError, readFileIfAny, removeLeftovers, writePrivateFile } from '../files.ts';

/** The state in `path`, held until closed. */
export class StateFile implements StateStore {
  readonly path: string;
  readonly #lock: DatabaseSync;

  /** Throws `state-locked` when another process has it, `file-unwritable` when there can be no file. */
  constructor(path: string) {
    this.path = path;
    if (!existsSync(dirname(path))) throw new XaynetError('file-unwritable', `${path}: the folder does not exist`);
    this.#lock = locked(`${path}.lock`);
    removeLeftovers(path);
  }

  async load(): Promise<Uint8Array | undefined> {
    return readFileIfAny(this.path);
  }

  async save(snapshot: Uint8Array): Promise<void> {
    writePrivateFile(this.path, snapshot, { replace: true });
  }

  /** Lets another process have it. */
  close(): void {
    this.#lock.close();
  }
}

function locked(path: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path);
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    const SQLITE_BUSY = 5;
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) throw new XaynetError('state-locked', path, { cause: error });
    throw fileError('file-unwritable', path, error);
  }
}
