// Opening the embedded database: folder, file, lock, key, schema. All that can be wrong with a data folder is found here, before anything
// in it is changed, and said with a code: not writable, not ours, another version, another key, in use by another coordinator.

import { chmodSync, closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';
import type { Disk } from './files/disk.ts';
import { loadSecrets, type SecretOptions, type Secrets } from './secrets.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './sqlite-schema.ts';

/** Name of the database in the data folder. */
export const DATABASE_FILE = 'coordinator.sqlite';

/** 'XayN' in ASCII: marks a database of this program in the header that SQLite reserves for it. */
const APPLICATION_ID = 0x5861794e;
const APPLICATION_ID_OFFSET = 68;
const MAGIC = 'SQLite format 3\u0000';
const HEADER_LENGTH = 100;
/** SQLite's result codes for a lock held by somebody else, and for a file that is no database. */
const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;
/** What is sealed under the key, so that a wrong one is noticed before anything else. */
const KEY_CHECK = new Uint8Array(16);

/** Where a process of Linux, and of other systems with this folder, sees the files that it has open. */
const OPEN_FILES = ['/proc/self/fd', '/dev/fd'].find((folder) => existsSync(folder));
/** The databases that this thread holds, by device and inode; for systems without such a folder. */
const held = new Set<string>();

/** An open database, the key of its secrets, and how to give it back. */
export interface OpenDatabase {
  readonly db: DatabaseSync;
  readonly secrets: Secrets;
  close(): void;
}

/**
 * Opens the database in `folder`, both created when missing (modes 0700 and 0600), and holds it exclusively until it is closed. An older
 * one is brought to this version. Throws `option-invalid`, `storage-unwritable`, `storage-foreign`, `storage-version`, `storage-locked`,
 * `storage-key-missing`, `storage-key-wrong`, `storage-key-exposed` or `storage-failed`.
 */
export function openDatabase(disk: Disk, folder: string, options: SecretOptions): OpenDatabase {
  const file = join(folder, DATABASE_FILE);
  if (isHeld(file)) throw new XaynetError('storage-locked', `${file}: in this very process`);
  const fresh = createFile(disk, folder, file);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    // Exclusive before WAL: the lock is taken with the first transaction and kept, and no shared-memory file is needed.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    if (fresh) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864');
    db.exec('BEGIN IMMEDIATE');
    const version = versionOf(db, file);
    const secrets = secretsOf(db, version, disk, folder, options);
    const scrubs = migrate(db, version, secrets);
    db.exec('COMMIT');
    if (scrubs) scrub(db);
    chmodSync(file, 0o600);
    return hold(db, secrets, file);
  } catch (error) {
    closeQuietly(db);
    throw coded(error, file);
  }
}

function hold(db: DatabaseSync, secrets: Secrets, file: string): OpenDatabase {
  const id = identity(file)!;
  held.add(id);
  return {
    db,
    secrets,
    close() {
      db.close();
      held.delete(id);
    },
  };
}

/**
 * Whether this process has the file open, in whatever thread. POSIX takes a process's lock away when the process closes *any* handle of
 * the file, so a second opening in the same process, which reads the header first, must be refused before it touches the file.
 */
function isHeld(file: string): boolean {
  const id = identity(file);
  if (id === undefined) return false;
  if (held.has(id) || OPEN_FILES === undefined) return held.has(id);
  return readdirSync(OPEN_FILES).some((name) => identity(join(OPEN_FILES, name)) === id);
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

/** Makes sure that the file is there, writable and ours; true when there is nothing in it yet. Reads the header without SQLite, which would already lock or repair. */
function createFile(disk: Disk, folder: string, file: string): boolean {
  const header = new Uint8Array(HEADER_LENGTH);
  let length: number;
  try {
    disk.makeFolder(folder);
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

/**
 * The version of a database, 0 for an empty one. It is stored negative while the file still has to be written anew: a crash in between is
 * made good by the next start. Throws `storage-version` for one that this program does not know.
 */
function versionOf(db: DatabaseSync, file: string): number {
  const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'").get();
  if (known === undefined) return 0;
  const version = Number(db.prepare('SELECT version FROM schema_version').get()?.version);
  if (version !== 0 && Math.abs(version) <= SCHEMA_VERSION) return version;
  throw new XaynetError('storage-version', `${file}: schema ${version} found, at most ${SCHEMA_VERSION} expected`);
}

/** The key, checked against what is sealed under it already; a database from before the first secret takes any. */
function secretsOf(db: DatabaseSync, version: number, disk: Disk, folder: string, options: SecretOptions): Secrets {
  const hasSecrets = Math.abs(version) >= 2;
  const secrets = loadSecrets(disk, folder, options, !hasSecrets);
  if (!hasSecrets) return secrets;
  const box = db.prepare("SELECT box FROM secret WHERE kind = 'key check'").get()?.box;
  if (!(box instanceof Uint8Array) || secrets.open('key check', box) === undefined) throw new XaynetError('storage-key-wrong', folder);
  return secrets;
}

/** Takes the steps from `version` on; true when the file has to be written anew afterwards. */
function migrate(db: DatabaseSync, version: number, secrets: Secrets): boolean {
  if (version === 0) db.exec('CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT; INSERT INTO schema_version VALUES (0)');
  const steps = MIGRATIONS.filter((step) => step.version > Math.abs(version));
  for (const step of steps) step.migrate(db, secrets);
  const scrubs = version < 0 || (version > 0 && steps.some((step) => step.scrubs));
  if (steps.length === 0) return scrubs;
  if (Math.abs(version) < 2) db.prepare("INSERT INTO secret VALUES ('key check', ?)").run(secrets.seal('key check', KEY_CHECK));
  db.prepare('UPDATE schema_version SET version = ?').run(scrubs ? -SCHEMA_VERSION : SCHEMA_VERSION);
  return scrubs;
}

/** Writes the file anew, so that nothing of what was deleted is left in its free places or in the log. */
function scrub(db: DatabaseSync): void {
  db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  db.prepare('UPDATE schema_version SET version = ?').run(SCHEMA_VERSION);
}

function closeQuietly(db: DatabaseSync | undefined): void {
  try {
    db?.close();
  } catch {
    // What went wrong before says more.
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
