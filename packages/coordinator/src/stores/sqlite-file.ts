// Opening the embedded database: folder, file, lock, schema. All that can be wrong with a data folder is found here, before anything in
// it is changed, and said with a code: not writable, not ours, another version, in use by another coordinator.

import { chmodSync, closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';

/** Name of the database in the data folder. */
export const DATABASE_FILE = 'coordinator.sqlite';

const SCHEMA_VERSION = 1;
/** 'XayN' in ASCII: marks a database of this program in the header that SQLite reserves for it. */
const APPLICATION_ID = 0x5861794e;
const APPLICATION_ID_OFFSET = 68;
const MAGIC = 'SQLite format 3\u0000';
const HEADER_LENGTH = 100;
/** SQLite's result codes for a lock held by somebody else, and for a file that is no database. */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

// Keys, seeds and masks are raw bytes. `position` keeps the order of admission.
const SCHEMA = `
  CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
  CREATE TABLE coordinator_state (id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL) STRICT;
  CREATE TABLE sum (participant BLOB PRIMARY KEY, ephemeral_key BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE update_participant (position INTEGER PRIMARY KEY, participant BLOB NOT NULL UNIQUE) STRICT;
  CREATE TABLE seed (sum_participant BLOB, update_participant BLOB, seed BLOB NOT NULL, PRIMARY KEY (sum_participant, update_participant)) STRICT, WITHOUT ROWID;
  CREATE TABLE contribution (position INTEGER PRIMARY KEY, masked_model BLOB NOT NULL) STRICT;
  CREATE TABLE sum2 (participant BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE mask (hash BLOB PRIMARY KEY, mask BLOB NOT NULL, votes INTEGER NOT NULL) STRICT;
  CREATE TABLE model (id TEXT PRIMARY KEY, model BLOB NOT NULL) STRICT;
  CREATE TABLE latest_model (id INTEGER PRIMARY KEY CHECK (id = 1), model TEXT NOT NULL) STRICT;
  INSERT INTO schema_version VALUES (${SCHEMA_VERSION});
`;

/**
 * The databases that this process holds, by device and inode. POSIX takes a process's lock away when the process closes *any* handle of the
 * file, so a second opening in the same process, which reads the header first, must be refused before it touches the file.
 */
const held = new Set<string>();

/** An open database, and how to give it back. */
export interface OpenDatabase {
  readonly db: DatabaseSync;
  close(): void;
}

/**
 * Opens the database in `folder`, both created when missing (modes 0700 and 0600), and holds it exclusively until it is closed.
 * Throws `storage-unwritable`, `storage-foreign`, `storage-version`, `storage-locked` or `storage-failed`.
 */
export function openDatabase(folder: string): OpenDatabase {
  const file = join(folder, DATABASE_FILE);
  if (held.has(identity(file) ?? '')) throw new XaynetError('storage-locked', `${file}: in this very process`);
  const fresh = createFile(folder, file);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    // Exclusive before WAL: the lock is taken with the first transaction and kept, and no shared-memory file is needed.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    if (fresh) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864');
    db.exec('BEGIN IMMEDIATE');
    migrate(db, file);
    db.exec('COMMIT');
    chmodSync(file, 0o600);
    return hold(db, file);
  } catch (error) {
    db?.close();
    throw coded(error, file);
  }
}

function hold(db: DatabaseSync, file: string): OpenDatabase {
  const id = identity(file)!;
  held.add(id);
  return {
    db,
    close() {
      db.close();
      held.delete(id);
    },
  };
}

/** What a file is besides its name; undefined when there is none, or none that can be looked at. */
function identity(file: string): string | undefined {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Like `mkdir -p` with mode 0700. Not Node's recursive mkdir, which never returns for folders that cannot exist, such as /proc/x. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** Makes sure that the file is there, writable and ours; true when there is nothing in it yet. Reads the header without SQLite, which would already lock or repair. */
function createFile(folder: string, file: string): boolean {
  const header = new Uint8Array(HEADER_LENGTH);
  let length: number;
  try {
    makeFolder(folder);
    const handle = openSync(file, 'a+', 0o600);
    try {
      length = readSync(handle, header, 0, HEADER_LENGTH, 0);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw new XaynetError('storage-unwritable', `${file}: ${text(error)}`, { cause: error });
  }
  if (length === 0) return true;
  const magic = String.fromCharCode(...header.subarray(0, MAGIC.length));
  const id = new DataView(header.buffer).getUint32(APPLICATION_ID_OFFSET);
  if (magic !== MAGIC || id !== APPLICATION_ID) throw new XaynetError('storage-foreign', file);
  return false;
}

/** Creates the schema in a new database; refuses one that this program does not know. */
function migrate(db: DatabaseSync, file: string): void {
  const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'").get();
  if (known === undefined) {
    db.exec(SCHEMA);
    return;
  }
  const row = db.prepare('SELECT max(version) AS version FROM schema_version').get();
  if (row?.version !== SCHEMA_VERSION) {
    throw new XaynetError('storage-version', `${file}: schema ${String(row?.version)} found, ${SCHEMA_VERSION} expected`);
  }
}

function coded(error: unknown, file: string): XaynetError {
  if (error instanceof XaynetError) return error;
  const { errcode } = error as { errcode?: number };
  const code: ErrorCode = errcode === SQLITE_BUSY ? 'storage-locked' : errcode === SQLITE_NOTADB ? 'storage-foreign' : 'storage-failed';
  return new XaynetError(code, `${file}: ${text(error)}`, { cause: error });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
