// Files that hold secrets or must never be half-written: written beside their place with mode 0600, flushed, then renamed into it. Failures
// of the file system become coded errors that name the file.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { XaynetError } from '@xaynet/core/errors';

/**
 * Contents of `path`, undefined when there is no such file; throws `file-unreadable`.
 * @example
 * ```ts
 * import { readFileIfAny } from '@xaynet/participant/node';
 * readFileIfAny('no-such-file'); // undefined
 * ```
 */
export function readFileIfAny(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError('file-unreadable', path, error);
  }
}

/**
 * Makes `path` hold `contents`, readable by its owner alone; a reader, or a crash at any moment, finds the old file or the
 * new one. With `replace: false` throws `file-exists` when there is one; throws `file-unwritable`.
 * @example
 * ```ts
 * import { rmSync } from 'node:fs';
 * import { writePrivateFile } from '@xaynet/participant/node';
 * const path = `${process.env.TMPDIR ?? '/tmp'}/private-${process.pid}`;
 * writePrivateFile(path, 'a secret', { replace: true });
 * rmSync(path);
 * ```
 */
export function writePrivateFile(path: string, contents: string | Uint8Array, options: { replace: boolean }): void {
  const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = openSync(beside, 'wx', 0o600);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (!options.replace) closeSync(openSync(path, 'wx', 0o600)); // takes the name or fails; a rename alone would replace
    renameSync(beside, path);
    flushFolder(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new XaynetError('file-exists', path, { cause: error });
    throw fileError('file-unwritable', path, error);
  } finally {
    rmSync(beside, { force: true });
  }
}

/**
 * Removes what a process that was killed while it wrote `path` has left beside it: a secret, too. Fails silently.
 * @example
 * ```ts
 * import { removeLeftovers } from '@xaynet/participant/node';
 * removeLeftovers('my.state'); // my.state.0123456789ab.tmp, say
 * ```
 */
export function removeLeftovers(path: string): void {
  const name = `${basename(path)}.`;
  try {
    for (const other of readdirSync(dirname(path)))
      if (other.startsWith(name) && /^[0-9a-f]{12}\.tmp$/.test(other.slice(name.length))) rmSync(join(dirname(path), other), { force: true });
  } catch {
    // no such folder: there is nothing in it
  }
}

/** Makes a rename in `folder` durable, where the platform lets a folder be opened (Windows does not). */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a folder',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'part of the path is not a folder',
  ENOSPC: 'no space left',
  EROFS: 'the file system is read-only',
};

/**
 * What the file system said of `path`, as a coded error.
 * @example
 * ```ts
 * import { fileError } from '@xaynet/participant/node';
 * fileError('file-unreadable', 'a.state', Object.assign(new Error(), { code: 'EACCES' })).code; // 'file-unreadable'
 * ```
 */
export function fileError(code: 'file-unreadable' | 'file-unwritable', path: string, error: unknown): XaynetError {
  return new XaynetError(code, `${path}: ${reason(error)}`, { cause: error });
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
