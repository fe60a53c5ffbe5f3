// Opening the embedded database: folder, file, lock, key, schema. All that can be wrong with a data folder is found here, before anything
// in it is changed, and said with a code: not writable, not ours, lost, another version, another key, in use by another coordinator.

import { chmodSync, closeSync, constants, copyFileSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';
import type { Disk } from './files/disk.ts';
import { KEY_CHECK, loadSecrets, type SecretOptions, type Secrets } from './secrets.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './sqlite-schema.ts';

/** Name of the database in the data folder. */
export const DATABASE_FILE = 'coordinator.sqlite';

/** What a store has beside its database from its first opening on: where it is, there was a database, even if there is none now. */
export const CONTRIBUTIONS_FOLDER = 'contributions';
/** Chunks are in files of this name and of names that begin with it. */
export const CHUNKS_FILE = 'chunks.log';
/** SQLite's log; with something in it, there is something in the database too. */
const WAL_FILE = `${DATABASE_FILE}-wal`;

/** 'XayN' in ASCII: marks a database of this program in the header that SQLite reserves for it. */
const APPLICATION_ID = 0x5861794e;
const APPLICATION_ID_OFFSET = 68;
const MAGIC = 'SQLite format 3\u0000';
const HEADER_LENGTH = 100;
/** SQLite's result codes for a lock held by somebody else, for a damaged database, and for a file that is no database. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [SQLITE_BUSY, 'storage-locked'],
  [SQLITE_CORRUPT, 'storage-damaged'],
  [SQLITE_NOTADB, 'storage-foreign'],
]);
/** Up to so many bytes a database is checked as a whole when it is opened, some tenths of a second; beyond, without its large tables. */
const CHECKED_WHOLE = 128 * 1024 * 1024;
const LARGE_TABLES: readonly unknown[] = ['model', 'seed', 'mask'];
/** Where the log goes of a database that was refused as damaged. */
const KEPT_LOG = `${WAL_FILE}.damaged`;

/** Where a process of Linux, and of other systems with this folder, sees the files that it has open. */
const OPEN_FILES = ['/proc/self/fd', '/dev/fd'].find((folder) => existsSync(folder));
/** The databases that this thread holds, by device and inode; for systems without such a folder. */
const held = new Set<string>();

/** What the opening of a database may be told. */
export interface DatabaseOptions extends SecretOptions {
  /** Whether a data folder whose database is lost is begun anew; refused with `storage-incomplete`, or `storage-damaged` for a part, otherwise. */
  readonly mayBeginAnew?: boolean | undefined;
}

/** An open database, the key of its secrets, and how to give it back. */
export interface OpenDatabase {
  readonly db: DatabaseSync;
  readonly secrets: Secrets;
  /** Whether the name of the database still leads to the file that is open. */
  isInPlace(): boolean;
  /** Keeps a copy of the log: SQLite deletes it when the database is closed, and whoever looks into damage wants to see it. */
  keepLog(): void;
  close(): void;
}

/**
 * Opens the database in `folder`, both created when missing (modes 0700 and 0600), and holds it exclusively until it is closed. An older
 * one is brought to this version. Throws `option-invalid`, `storage-unwritable`, `storage-foreign`, `storage-incomplete`, `storage-version`,
 * `storage-locked`, `storage-key-missing`, `storage-key-wrong`, `storage-key-exposed`, `storage-damaged` or `storage-failed`.
 */
export function openDatabase(disk: Disk, folder: string, options: DatabaseOptions): OpenDatabase {
  const file = resolve(folder, DATABASE_FILE);
  if (options.mayBeginAnew !== true && isLost(disk, folder, file)) throw new XaynetError('storage-incomplete', `${file}: missing or empty`);
  if (isHeld(file)) throw new XaynetError('storage-locked', `${file}: in this very process`);
  const fresh = createFile(disk, folder, file);
  const hasBeen = disk.list(folder).includes(CONTRIBUTIONS_FOLDER);
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    // Exclusive before WAL: the lock is taken with the first transaction and kept, and no shared-memory file is needed.
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    if (fresh) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864');
    db.exec('BEGIN IMMEDIATE');
    const version = versionOf(db, file);
    if (version === 0 && hasBeen && options.mayBeginAnew !== true)
      throw new XaynetError('storage-incomplete', `${file}: empty, or its log is missing or damaged`);
    checkPages(db, file);
    const secrets = secretsOf(db, version, disk, folder, options);
    const scrubs = migrate(db, version, secrets);
    db.exec('COMMIT');
    if (scrubs) scrub(db);
    chmodSync(file, 0o600);
    disk.makeFolder(join(folder, CONTRIBUTIONS_FOLDER)); // the mark that isLost looks for
    return hold(db, secrets, file);
  } catch (error) {
    const refused = coded(error, file);
    if (refused.code === 'storage-damaged' || refused.code === 'storage-incomplete') keepLog(file);
    closeQuietly(db);
    throw refused;
  }
}

function hold(db: DatabaseSync, secrets: Secrets, file: string): OpenDatabase {
  const id = identity(file)!;
  held.add(id);
  return {
    db,
    secrets,
    isInPlace: () => identity(file) === id || (OPEN_FILES !== undefined && isHeld(file)), // numbers change on some network file systems
    keepLog: () => keepLog(file),
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

/**
 * Whether there is nothing in the database of a folder that had one. A key file alone says nothing: operators put one there beforehand, and
 * a first start that was killed leaves one too.
 */
function isLost(disk: Disk, folder: string, file: string): boolean {
  if (disk.sizeOf(file) > 0 || (existsSync(file) && !statSync(file).isFile())) return false;
  return disk.list(folder).some((name) => name === CONTRIBUTIONS_FOLDER || name.startsWith(CHUNKS_FILE)) || disk.sizeOf(join(folder, WAL_FILE)) > 0;
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

/** Throws `storage-damaged` where pages do not belong together. A large model is checked when it is read; it and others would take too long here. */
function checkPages(db: DatabaseSync, file: string): void {
  const { bytes } = db.prepare('SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size').get()!;
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const small = tables.filter(({ name }) => !LARGE_TABLES.includes(name)).map(({ name }) => `('${name}')`);
  for (const part of Number(bytes) <= CHECKED_WHOLE ? [''] : small) {
    const found = db
      .prepare(`PRAGMA quick_check${part}`)
      .all()
      .map((row) => String(row.quick_check));
    if (found.length !== 1 || found[0] !== 'ok') throw new XaynetError('storage-damaged', `${file}: ${found.slice(0, 3).join('; ')}`);
  }
}

/** Best effort. What was kept first stays: it is the nearest to what happened. */
function keepLog(file: string): void {
  const log = join(dirname(file), WAL_FILE);
  try {
    if (statSync(log).size > 0) copyFileSync(log, join(dirname(file), KEPT_LOG), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch {
    // No log, no room: the refusal says more.
  }
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
  const code = CODES.get((errcode ?? 0) & 0xff) ?? 'storage-failed';
  return new XaynetError(code, `${file}: ${text(error)}`, { cause: error });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
