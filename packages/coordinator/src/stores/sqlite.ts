// The embedded store: one SQLite file in the data folder, written ahead and synced with every admission, locked for one process. All calls
// of SQLite are synchronous; each method is one transaction, so whatever happens to the process, it has its whole effect or none.

import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { decodeMaskObject, encodeMaskObject, type MaskObject } from '@xaynet/core/mask';
import { type CoordinatorState, decodeCoordinatorState, encodeCoordinatorState, type SeedDict, type SumDict } from '@xaynet/core/round';
import type { MaskVotes, Store, Sum2Verdict, SumVerdict, Update, UpdateVerdict } from './contract.ts';
import { type StoreOptions, storeOptions } from './options.ts';
import { type OpenDatabase, openDatabase } from './sqlite-file.ts';

type Row = Record<string, SQLOutputValue>;

/**
 * The embedded store, in a data folder of its own; see {@link Store} for the behaviour. One process at a time: a second one is refused.
 * @example
 * ```ts
 * import { mkdtempSync, rmSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { SqliteStore } from '@xaynet/coordinator';
 * const folder = mkdtempSync(join(tmpdir(), 'xaynet-'));
 * const store = SqliteStore.open(folder);
 * await store.latestModelId(); // undefined: nothing was stored yet
 * await store.close();
 * rmSync(folder, { recursive: true });
 * ```
 */
export class SqliteStore implements Store {
  readonly keepsContributions: boolean;
  readonly #file: OpenDatabase;
  readonly #keepModels: number;
  readonly #statements = new Map<string, StatementSync>();
  #closed = false;

  private constructor(file: OpenDatabase, { keepsContributions, keepModels }: ReturnType<typeof storeOptions>) {
    this.#file = file;
    this.keepsContributions = keepsContributions;
    this.#keepModels = keepModels;
  }

  /**
   * Opens the store in `folder`, which is created when missing. Throws `option-invalid`, `storage-unwritable`, `storage-foreign`,
   * `storage-version`, `storage-locked` or `storage-failed`.
   */
  static open(folder: string, options: StoreOptions = {}): SqliteStore {
    const checked = storeOptions(options);
    return new SqliteStore(openDatabase(folder), checked);
  }

  async coordinatorState(): Promise<CoordinatorState | undefined> {
    return this.#act('read the coordinator state', () => {
      const row = this.#get('SELECT state FROM coordinator_state');
      return row && decodeCoordinatorState(bytes(row.state));
    });
  }

  async setCoordinatorState(state: CoordinatorState): Promise<void> {
    this.#act('write the coordinator state', () => {
      this.#run('INSERT OR REPLACE INTO coordinator_state VALUES (1, ?)', encodeCoordinatorState(state));
    });
  }

  async admitSum(participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict> {
    return this.#act('admit a sum participant', () =>
      this.#run('INSERT OR IGNORE INTO sum VALUES (?, ?)', participant, ephemeralKey) === 1 ? 'ok' : 'already-exists',
    );
  }

  async sumDict(): Promise<SumDict | undefined> {
    return this.#act('read the sum dictionary', () => {
      const rows = this.#all('SELECT participant, ephemeral_key FROM sum');
      if (rows.length === 0) return undefined;
      const dict: SumDict = new KeyMap();
      for (const row of rows) dict.set(PublicSigningKey(bytes(row.participant)), PublicEncryptKey(bytes(row.ephemeral_key)));
      return dict;
    });
  }

  async admitUpdate({ participant, localSeedDict, maskedModel }: Update): Promise<UpdateVerdict> {
    return this.#act('admit an update', () => {
      if (this.#get('SELECT count(*) AS sums FROM sum')?.sums !== localSeedDict.size) return 'length-mismatch';
      for (const sum of localSeedDict.keys()) {
        if (this.#get('SELECT 1 FROM sum WHERE participant = ?', sum) === undefined) return 'unknown-sum-participant';
      }
      if (this.#run('INSERT OR IGNORE INTO update_participant (participant) VALUES (?)', participant) === 0) return 'already-submitted';
      for (const [sum, seed] of localSeedDict) this.#run('INSERT INTO seed VALUES (?, ?, ?)', sum, participant, seed);
      if (this.keepsContributions) {
        this.#run('INSERT INTO contribution SELECT position, ? FROM update_participant WHERE participant = ?', encodeMaskObject(maskedModel), participant);
      }
      return 'ok';
    });
  }

  async seedDict(): Promise<SeedDict | undefined> {
    return this.#act('read the seed dictionary', () => {
      const dict: SeedDict = new KeyMap();
      for (const row of this.#all('SELECT participant FROM sum')) dict.set(PublicSigningKey(bytes(row.participant)), new KeyMap());
      if (dict.size === 0) return undefined;
      for (const row of this.#statement('SELECT sum_participant, update_participant, seed FROM seed').iterate()) {
        dict.get(bytes(row.sum_participant))!.set(PublicSigningKey(bytes(row.update_participant)), EncryptedMaskSeed(bytes(row.seed)));
      }
      return dict;
    });
  }

  async admitSum2(participant: PublicSigningKey, mask: MaskObject): Promise<Sum2Verdict> {
    return this.#act('count a mask', (): Sum2Verdict => {
      if (this.#get('SELECT 1 FROM sum WHERE participant = ?', participant) === undefined) return { verdict: 'unknown-sum-participant' };
      if (this.#run('INSERT OR IGNORE INTO sum2 VALUES (?)', participant) === 0) return { verdict: 'already-submitted' };
      const object = encodeMaskObject(mask);
      const hash = sha256(object);
      if (this.#run('UPDATE mask SET votes = votes + 1 WHERE hash = ?', hash) === 0) this.#run('INSERT INTO mask VALUES (?, ?, 1)', hash, object);
      return { verdict: 'ok', votes: Number(this.#get('SELECT votes FROM mask WHERE hash = ?', hash)!.votes) };
    });
  }

  async bestMasks(): Promise<readonly MaskVotes[]> {
    return this.#act('read the best masks', () =>
      this.#all('SELECT mask, votes FROM mask ORDER BY votes DESC, hash LIMIT 2').map((row) => ({
        mask: decodeMaskObject(bytes(row.mask)),
        votes: Number(row.votes),
      })),
    );
  }

  async maskCount(): Promise<number> {
    return this.#act('count the masks', () => Number(this.#get('SELECT count(*) AS masks FROM mask')!.masks));
  }

  async eraseRound(): Promise<void> {
    this.#act('erase the round', () => this.#eraseRound());
  }

  async eraseAll(): Promise<void> {
    this.#act('erase everything', () => {
      this.#eraseRound();
      this.#file.db.exec('DELETE FROM coordinator_state; DELETE FROM latest_model');
    });
  }

  async latestModelId(): Promise<string | undefined> {
    return this.#act('read the model id', () => this.#get('SELECT model FROM latest_model')?.model as string | undefined);
  }

  async setLatestModelId(id: string): Promise<void> {
    this.#act('write the model id', () => {
      this.#run('INSERT OR REPLACE INTO latest_model VALUES (1, ?)', id);
      if (this.#keepModels > 0) this.#deleteOldModels(id);
    });
  }

  async *contributions(): AsyncIterable<{ readonly participant: PublicSigningKey; readonly maskedModel: MaskObject }> {
    // One row at a time, by position: the round goes on between two rows, and all of them need not fit into memory.
    let after = 0;
    for (;;) {
      const row = this.#act('read a contribution', () =>
        this.#get(
          'SELECT position, participant, masked_model FROM contribution JOIN update_participant USING (position) WHERE position > ? ORDER BY position',
          after,
        ),
      );
      if (row === undefined) return;
      after = Number(row.position);
      yield { participant: PublicSigningKey(bytes(row.participant)), maskedModel: decodeMaskObject(bytes(row.masked_model)) };
    }
  }

  async putModel(id: string, model: Uint8Array): Promise<'ok' | 'already-exists'> {
    return this.#act('write a model', () => (this.#run('INSERT OR IGNORE INTO model VALUES (?, ?)', id, model) === 1 ? 'ok' : 'already-exists'));
  }

  async model(id: string): Promise<Uint8Array | undefined> {
    return this.#act('read a model', () => {
      const row = this.#get('SELECT model FROM model WHERE id = ?', id);
      return row && bytes(row.model);
    });
  }

  async ready(): Promise<void> {
    this.#act('write at all', () => {
      this.#run('UPDATE schema_version SET version = version');
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    this.#file.close();
  }

  /** Rows are numbered as models come. The file does not shrink, but the next models take the room that becomes free. */
  #deleteOldModels(latest: string): void {
    this.#run('DELETE FROM model WHERE id <> ? AND rowid NOT IN (SELECT rowid FROM model ORDER BY rowid DESC LIMIT ?)', latest, this.#keepModels);
  }

  #eraseRound(): void {
    for (const table of ['sum', 'update_participant', 'seed', 'contribution', 'sum2', 'mask']) this.#file.db.exec(`DELETE FROM ${table}`);
  }

  /** One transaction; every failure of SQLite is `storage-failed` with what was being done. */
  #act<T>(what: string, act: () => T): T {
    if (this.#closed) throw new XaynetError('storage-failed', `${what}: the store is closed`);
    try {
      this.#file.db.exec('BEGIN IMMEDIATE');
      const result = act();
      this.#file.db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#file.db.isTransaction) this.#file.db.exec('ROLLBACK');
      throw new XaynetError('storage-failed', `${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  #statement(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#file.db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values);
  }

  /** Number of rows changed. */
  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }
}

function bytes(value: SQLOutputValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError('a column holds no bytes');
  return value;
}
