// Files of the command; those that hold secrets or must never be half-written are those of the participant in Node.

import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { XaynetError } from '@xaynet/core/errors';
import { readFileIfAny } from '@xaynet/participant/node';

export { fileError, readFileIfAny, removeLeftovers, writePrivateFile } from '@xaynet/participant/node';

/** Contents of `path`; throws `file-unreadable`, also when there is no such file. */
export function readWholeFile(path: string): Uint8Array {
  const bytes = readFileIfAny(path);
  if (bytes === undefined) throw new XaynetError('file-unreadable', `${path}: no such file`);
  return bytes;
}

/**
 * Makes the folder `path`, and those above it that are not there; throws what the file system says. The same as `mkdirSync` with `recursive`, which
 * never returns where the system says of a folder below an existing one that there is no such thing, as below /proc.
 */
export function makeFolder(path: string, mode?: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      if (statSync(path).isDirectory()) return;
      throw Object.assign(new Error(`${path} is not a folder`), { code: 'ENOTDIR' });
    }
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || existsSync(parent)) throw error;
    makeFolder(parent, mode);
    mkdirSync(path, { mode });
  }
}
