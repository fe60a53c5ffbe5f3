// The tables of the embedded store, as the steps that led to them: a new database goes through all of them, an older one through those it
// has not seen, in the one transaction that opens it. A step that was released is never changed.

import type { DatabaseSync } from 'node:sqlite';
import { sha256 } from '@xaynet/core/crypto';
import type { Secrets } from './secrets.ts';

/** What leads from the version before to this one. */
export interface Migration {
  readonly version: number;
  /** SQL, or more than SQL can do. */
  migrate(db: DatabaseSync, secrets: Secrets): void;
  /** It removes what must not be found any more, so the file is written anew afterwards. */
  readonly scrubs?: true;
}

// Keys, seeds and masks are raw bytes. `position` keeps the order of admission.
const VERSION_1 = `
  CREATE TABLE coordinator_state (id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL) STRICT;
  CREATE TABLE sum (participant BLOB PRIMARY KEY, ephemeral_key BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE update_participant (position INTEGER PRIMARY KEY, participant BLOB NOT NULL UNIQUE) STRICT;
  CREATE TABLE seed (sum_participant BLOB, update_participant BLOB, seed BLOB NOT NULL, PRIMARY KEY (sum_participant, update_participant)) STRICT, WITHOUT ROWID;
  CREATE TABLE contribution (position INTEGER PRIMARY KEY, masked_model BLOB NOT NULL) STRICT;
  CREATE TABLE sum2 (participant BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE mask (hash BLOB PRIMARY KEY, mask BLOB NOT NULL, votes INTEGER NOT NULL) STRICT;
  CREATE TABLE model (id TEXT PRIMARY KEY, model BLOB NOT NULL) STRICT;
  CREATE TABLE latest_model (id INTEGER PRIMARY KEY CHECK (id = 1), model TEXT NOT NULL) STRICT;
`;

// Contributions move to files, secrets into boxes. A round of version 1 could not go on after a restart, so what is left of one goes here.
const VERSION_2 = `
  DROP TABLE contribution;
  DELETE FROM sum; DELETE FROM update_participant; DELETE FROM seed; DELETE FROM sum2; DELETE FROM mask;
  CREATE TABLE contribution (
    position INTEGER PRIMARY KEY, file INTEGER NOT NULL, "offset" INTEGER NOT NULL, length INTEGER NOT NULL, checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL, count INTEGER NOT NULL,
    file INTEGER NOT NULL, "offset" INTEGER NOT NULL, length INTEGER NOT NULL, checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1), round INTEGER NOT NULL, phase TEXT NOT NULL, since REAL NOT NULL, failures INTEGER NOT NULL, began REAL
  ) STRICT;
  CREATE TABLE round_record (round INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE secret (kind TEXT PRIMARY KEY, box BLOB NOT NULL) STRICT;
  CREATE TABLE chunk_epoch (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL) STRICT;
  INSERT INTO chunk_epoch VALUES (1, 1);
`;

/** All steps, in order; version 0 is an empty database with its version table. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, migrate: (db) => db.exec(VERSION_1) },
  {
    version: 2,
    scrubs: true,
    migrate(db, secrets) {
      db.exec(VERSION_2);
      const row = db.prepare('SELECT state FROM coordinator_state').get();
      if (row !== undefined)
        db.prepare('INSERT INTO secret VALUES (?, ?)').run('coordinator state', secrets.seal('coordinator state', row.state as Uint8Array));
      db.exec('DROP TABLE coordinator_state');
    },
  },
  {
    // A flipped bit in a model gives another model, which looks as good.
    version: 3,
    migrate(db) {
      db.exec('ALTER TABLE model ADD COLUMN sha256 BLOB');
      const set = db.prepare('UPDATE model SET sha256 = ? WHERE id = ?');
      for (const { id } of db.prepare('SELECT id FROM model').all()) {
        set.run(sha256(db.prepare('SELECT model FROM model WHERE id = ?').get(id!)!.model as Uint8Array), id!);
      }
    },
  },
  {
    // What the application reported; apart from the records, which are signed.
    version: 4,
    migrate: (db) => db.exec('CREATE TABLE round_report (round INTEGER PRIMARY KEY, "values" TEXT NOT NULL) STRICT'),
  },
];

/** The version that this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.at(-1)!.version;
