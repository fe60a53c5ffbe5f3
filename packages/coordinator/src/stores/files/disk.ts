// The few file operations that the embedded store is made of, as an argument: a test can have any one of them fail, and see what is left. All
// but one are synchronous, since the store has a thread of its own; writes name their place, so a failed one is repeated over itself.

import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writev,
  writevSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Files by name and by number; every method throws the system's error. */
export interface Disk {
  /** Opens a file for reading and writing; `create`: it must not be there, and gets mode 0600. */
  open(path: string, create: boolean): number;
  close(file: number): void;
  /** Fills `into` from `at` on, as far as the file goes; the number of bytes. */
  read(file: number, into: Uint8Array, at: number): number;
  /** Writes all pieces one after another from `at` on. */
  write(file: number, pieces: readonly Uint8Array[], at: number): void;
  /** The same while the thread goes on; the pieces must not change meanwhile. */
  writeLater(file: number, pieces: readonly Uint8Array[], at: number): Promise<void>;
  /** Returns when what was written survives a power failure. */
  sync(file: number): void;
  truncate(file: number, length: number): void;
  size(file: number): number;
  rename(from: string, to: string): void;
  /** Not there: no error. */
  remove(path: string): void;
  /** Names in a folder; no folder: none. */
  list(folder: string): readonly string[];
  /** Like `mkdir -p` with mode 0700; what is new survives a power failure. */
  makeFolder(folder: string): void;
  /** Returns when names that were made or removed in this folder survive a power failure. */
  syncFolder(folder: string): void;
  /** Bytes of a file; not there, or no file: 0. */
  sizeOf(path: string): number;
  /** Bytes that this process may still write where `folder` is. */
  free(folder: string): number;
}

/** One call reads and writes at most this much: the system's own limit is just below 2 GiB. */
const LARGEST_CALL = 0x4000_0000;
/** And writes at most this many pieces (IOV_MAX of Linux and macOS). */
const MOST_PIECES = 1024;

/** The files of this machine. */
export const systemDisk: Disk = {
  open: (path, create) => openSync(path, create ? 'wx+' : 'r+', 0o600),
  close: closeSync,
  read(file, into, at) {
    let done = 0;
    while (done < into.length) {
      const read = readSync(file, into, done, Math.min(into.length - done, LARGEST_CALL), at + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  },
  write(file, pieces, at) {
    let rest = pieces.filter(({ length }) => length > 0);
    let place = at;
    while (rest.length > 0) {
      const written = writevSync(file, rest.slice(0, MOST_PIECES), place);
      place += written;
      rest = without(rest, written);
    }
  },
  async writeLater(file, pieces, at) {
    let rest = pieces.filter(({ length }) => length > 0);
    let place = at;
    while (rest.length > 0) {
      const written = await new Promise<number>((resolve, reject) => {
        writev(file, rest.slice(0, MOST_PIECES), place, (error, count) => (error === null ? resolve(count) : reject(error)));
      });
      place += written;
      rest = without(rest, written);
    }
  },
  sync: fdatasyncSync,
  truncate: ftruncateSync,
  size: (file) => fstatSync(file).size,
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  list: (folder) => (isFolder(folder) ? readdirSync(folder) : []),
  makeFolder(folder) {
    // Not Node's recursive mkdir, which never returns for folders that cannot exist, such as /proc/x.
    if (isFolder(folder)) return;
    if (dirname(folder) !== folder) systemDisk.makeFolder(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
    try {
      systemDisk.syncFolder(dirname(folder));
    } catch (error) {
      if ((error as { code?: string }).code !== 'EACCES') throw error; // a parent that may not be read cannot be synced either
    }
  },
  syncFolder(folder) {
    if (process.platform === 'win32') return; // folders cannot be opened there; the file system keeps names itself
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  },
  sizeOf(path) {
    const status = statSync(path, { throwIfNoEntry: false });
    return status?.isFile() ? status.size : 0;
  },
  free(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
};

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** What is left of `pieces` after their first `written` bytes. */
function without(pieces: Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  for (const [i, piece] of pieces.entries()) {
    if (skip < piece.length) return [piece.subarray(skip), ...pieces.slice(i + 1)];
    skip -= piece.length;
  }
  return [];
}
