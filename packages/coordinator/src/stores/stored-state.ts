// The coordinator state out of a data folder that nobody has open, for looking into a round afterwards. Nothing in the folder is changed, not even
// what a crash has left: the database and its log are copied, and the copy is read.

import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { XaynetError } from '@xaynet/core/errors';
import { type CoordinatorState, decodeCoordinatorState } from '@xaynet/core/round';
import { systemDisk } from './files/disk.ts';
import { loadSecrets, type SecretOptions } from './secrets.ts';
import { DATABASE_FILE } from './sqlite-file.ts';

/**
 * The state that is stored in the data folder `folder`, with the secret key of its round. Throws `storage-incomplete` when there is no database,
 * `storage-failed` when it cannot be read or has no state, `storage-key-missing`, `storage-key-exposed` and `storage-key-wrong`.
 */
export function readStoredState(folder: string, options: SecretOptions = {}): CoordinatorState {
  const file = join(folder, DATABASE_FILE);
  if (!existsSync(file)) throw new XaynetError('storage-incomplete', `${file}: missing`);
  const secrets = loadSecrets(systemDisk, folder, options, false);
  const box = boxIn(file);
  if (box === undefined) throw new XaynetError('storage-failed', `${file}: no coordinator state is stored`);
  const state = secrets.open('coordinator state', box);
  if (state === undefined) throw new XaynetError('storage-key-wrong', folder);
  return decodeCoordinatorState(state);
}

function boxIn(file: string): Uint8Array | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-state-'));
  try {
    const copy = join(folder, DATABASE_FILE);
    for (const ending of ['', '-wal']) if (existsSync(`${file}${ending}`)) copyFileSync(`${file}${ending}`, `${copy}${ending}`);
    const db = new DatabaseSync(copy);
    try {
      return db.prepare('SELECT box FROM secret WHERE kind = ?').get('coordinator state')?.box as Uint8Array | undefined;
    } finally {
      db.close();
    }
  } catch (error) {
    throw new XaynetError('storage-failed', `${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
