// Files of the command that hold secrets or must never be half-written: written beside their place with mode 0600, flushed,
// then renamed into it. Failures of the file system become coded errors that name the file.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { XaynetError } from '@xaynet/core/errors';

/** Contents of `path`, undefined when there is no such file; throws `file-unreadable`. */
export function readFileIfAny(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new XaynetError('file-unreadable', `${path}: ${reason(error)}`, { cause: error });
  }
}

/** Contents of `path`; throws `file-unreadable`, also when there is no such file. */
export function readWholeFile(path: string): Uint8Array {
  const bytes = readFileIfAny(path);
  if (bytes === undefined) throw new XaynetError('file-unreadable', `${path}: no such file`);
  return bytes;
}

/**
 * Makes `path` hold `contents`, readable by its owner alone; a reader, or a crash at any moment, finds the old file or the
 * new one. With `replace: false` throws `file-exists` when there is one; throws `file-unwritable`.
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
    throw new XaynetError('file-unwritable', `${path}: ${reason(error)}`, { cause: error });
  } finally {
    rmSync(beside, { force: true });
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

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
