// The embedded store: one SQLite file in the data folder, written ahead and synced with every admission, locked for one process, and masked
// models in files beside it. All calls are synchronous; each method is one transaction, so whatever happens to the process, it has its
// whole effect or none. Longer than most files because it is the whole contract, method after method, each of a few lines of SQL.

import { join } from 'node:path';
import { EncryptedMaskSeed, equalBytes, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { decodeMaskObject, encodeMaskObject, type MaskObject, maskObjectSize } from '@xaynet/core/mask';
import { type CoordinatorState, decodeCoordinatorState, encodeCoordinatorState, type SeedDict, type SumDict } from '@xaynet/core/round';
import type {
  Checkpoint,
  Contribution,
  MaskVotes,
  ModelEntry,
  RoundCounts,
  RoundProgress,
  RoundRecord,
  RoundReport,
  SpooledChunk,
  Store,
  StoreUsage,
  Sum2Verdict,
  SumVerdict,
  Update,
  UpdateAdmission,
} from './contract.ts';
import { readAs } from './damage.ts';
import { type ChunkAt, ChunkSpool } from './files/chunk-spool.ts';
import { ContributionFiles, type ObjectPlace } from './files/contribution-files.ts';
import { type Disk, systemDisk } from './files/disk.ts';
import { type StoreOptions, storeOptions } from './options.ts';
import type { SecretKind, Secrets } from './secrets.ts';
import { bytes, type Row, SqliteActs } from './sqlite-acts.ts';
import { CHUNKS_FILE, CONTRIBUTIONS_FOLDER, type DatabaseOptions, type OpenDatabase, openDatabase } from './sqlite-file.ts';

/** Bytes that are written at most to find out whether there is room; beyond, what the file system says is believed. */
const MOST_PROBED = 1024 * 1024;

/** What an embedded store may be told. */
export interface SqliteStoreOptions extends StoreOptions, DatabaseOptions {}

/** What tests put in the place of the machine. */
export interface SqliteStoreParts {
  readonly disk?: Disk | undefined;
  /** Bytes after which a new file of contributions begins. */
  readonly segmentBytes?: number | undefined;
  /** Somebody else keeps the chunks, and asks for their epoch. */
  readonly withoutChunks?: boolean | undefined;
}

const PROBE_FILE = 'probe.tmp';

/**
 * The embedded store, in a data folder of its own; see {@link Store} for the behaviour, and `openEmbeddedStore` for one that works on a thread
 * of its own. One process at a time: a second one is refused. Chunks survive the end of the process, not a power failure.
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
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #acts: SqliteActs;
  readonly #secrets: Secrets;
  #keepModels: number;
  #keepRounds: number;
  readonly #contributions: ContributionFiles;
  readonly #chunks: ChunkSpool | undefined;

  private constructor(folder: string, file: OpenDatabase, options: ReturnType<typeof storeOptions>, mayBeginAnew: boolean, parts: SqliteStoreParts) {
    const { disk = systemDisk, segmentBytes, withoutChunks = false } = parts;
    this.#folder = folder;
    this.#disk = disk;
    this.#acts = new SqliteActs(file);
    this.#secrets = file.secrets;
    this.keepsContributions = options.keepsContributions;
    this.#keepModels = options.keepModels;
    this.#keepRounds = options.keepRounds;
    this.#contributions = new ContributionFiles(disk, join(folder, CONTRIBUTIONS_FOLDER), segmentBytes);
    this.#chunks = this.#acts.act('recover after the last run', () => {
      const tails = this.#acts.all('SELECT file, max("offset" + length) AS tail FROM contribution GROUP BY file');
      const ends = new Map(tails.map((row) => [Number(row.file), Number(row.tail)]));
      if (!mayBeginAnew) this.#checkNothingLost(ends); // before recovery removes what shows it
      this.#contributions.recover(ends, this.#checkpointFile());
      return withoutChunks ? undefined : new ChunkSpool(disk, chunksPath(folder), this.#epoch());
    });
  }

  /**
   * Opens the store in `folder`, which is created when missing, and cuts off what a crash has left of acts that were never acknowledged.
   * Throws `option-invalid`, `storage-unwritable`, `storage-foreign`, `storage-incomplete`, `storage-version`, `storage-locked`,
   * `storage-key-missing`, `storage-key-wrong`, `storage-key-exposed`, `storage-damaged` or `storage-failed`.
   */
  static open(folder: string, options: SqliteStoreOptions = {}, parts: SqliteStoreParts = {}): SqliteStore {
    const checked = storeOptions(options);
    const file = openDatabase(parts.disk ?? systemDisk, folder, options);
    try {
      return new SqliteStore(folder, file, checked, options.mayBeginAnew === true, parts);
    } catch (error) {
      if (isXaynetError(error, 'storage-damaged')) file.keepLog();
      file.close();
      throw error;
    }
  }

  async coordinatorState(): Promise<CoordinatorState | undefined> {
    return this.#acts.act('read the coordinator state', () => {
      const state = this.#secret('coordinator state');
      return state && readAs('storage-damaged', 'coordinator state', () => decodeCoordinatorState(state));
    });
  }

  async setCoordinatorState(state: CoordinatorState, progress?: RoundProgress): Promise<void> {
    this.#acts.act('write the coordinator state', () => {
      this.#setSecret('coordinator state', encodeCoordinatorState(state));
      this.#setProgress(progress);
    });
  }

  async progress(): Promise<RoundProgress | undefined> {
    return this.#acts.act('read the progress', () => {
      const row = this.#acts.get('SELECT round, phase, since, failures, began FROM progress');
      if (row === undefined) return undefined;
      const { began, ...progress } = row;
      return { ...progress, ...(began === null ? {} : { began }) } as unknown as RoundProgress;
    });
  }

  async setProgress(progress: RoundProgress | undefined): Promise<void> {
    this.#acts.act('write the progress', () => this.#setProgress(progress));
  }

  async counts(): Promise<RoundCounts> {
    return this.#acts.act('count the round', () => {
      const { sums, updates, masks, leading } = this.#acts.get(
        `SELECT (SELECT count(*) FROM sum) AS sums, (SELECT count(*) FROM update_participant) AS updates,
          (SELECT count(*) FROM sum2) AS masks, (SELECT coalesce(max(votes), 0) FROM mask) AS leading`,
      )!;
      return { sums: Number(sums), updates: Number(updates), masks: Number(masks), leading: Number(leading) };
    });
  }

  async admitSum(participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict> {
    return this.#acts.act('admit a sum participant', () =>
      this.#acts.run('INSERT OR IGNORE INTO sum VALUES (?, ?)', participant, ephemeralKey) === 1 ? 'ok' : 'already-exists',
    );
  }

  async closeSum(chosen: readonly PublicSigningKey[] | undefined, progress: RoundProgress): Promise<void> {
    this.#acts.act('close the sum dictionary', () => {
      if (chosen !== undefined) {
        const kept = new KeyMap(chosen.map((participant): [PublicSigningKey, true] => [participant, true]));
        for (const { participant } of this.#acts.all('SELECT participant FROM sum')) {
          if (kept.has(bytes(participant))) continue;
          this.#acts.run('DELETE FROM seed WHERE sum_participant = ?', participant!);
          this.#acts.run('DELETE FROM sum WHERE participant = ?', participant!);
        }
      }
      this.#setProgress(progress);
    });
  }

  async sumDict(): Promise<SumDict | undefined> {
    return this.#acts.act('read the sum dictionary', () => {
      const rows = this.#acts.all('SELECT participant, ephemeral_key FROM sum');
      if (rows.length === 0) return undefined;
      return readAs('seed-dict-damaged', 'sum dictionary', () => {
        const dict: SumDict = new KeyMap();
        for (const row of rows) dict.set(PublicSigningKey(bytes(row.participant)), PublicEncryptKey(bytes(row.ephemeral_key)));
        return dict;
      });
    });
  }

  async admitUpdate({ participant, localSeedDict, maskedModel }: Update): Promise<UpdateAdmission> {
    const written: ObjectPlace[] = [];
    const admit = (): UpdateAdmission => {
      if (this.#acts.get('SELECT count(*) AS sums FROM sum')?.sums !== localSeedDict.size) return { verdict: 'length-mismatch' };
      for (const sum of localSeedDict.keys()) {
        if (this.#acts.get('SELECT 1 FROM sum WHERE participant = ?', sum) === undefined) return { verdict: 'unknown-sum-participant' };
      }
      if (this.#acts.run('INSERT OR IGNORE INTO update_participant (participant) VALUES (?)', participant) === 0) return { verdict: 'already-submitted' };
      for (const [sum, seed] of localSeedDict) this.#acts.run('INSERT INTO seed VALUES (?, ?, ?)', sum, participant, seed);
      const position = Number(this.#acts.get('SELECT max(position) AS position FROM update_participant')!.position);
      if (this.keepsContributions) {
        const place = this.#contributions.append(this.#round(), { position, rest: participant }, maskedModel);
        written.push(place);
        this.#acts.run('INSERT INTO contribution VALUES (?, ?, ?, ?, ?)', position, place.file, place.offset, place.length, place.checksum);
      }
      return { verdict: 'ok', position };
    };
    const takeBack = (): void => {
      for (const place of written) this.#contributions.takeBack(place);
    };
    return this.#acts.act('admit an update', admit, { takeBack, room: maskObjectSize(maskedModel.config, maskedModel.length) });
  }

  async seedDict(): Promise<SeedDict | undefined> {
    return this.#acts.act('read the seed dictionary', () => {
      const dict: SeedDict = new KeyMap();
      const sums = this.#acts.all('SELECT participant FROM sum');
      if (sums.length === 0) return undefined;
      for (const row of sums)
        dict.set(
          readAs('seed-dict-damaged', 'sum participant', () => PublicSigningKey(bytes(row.participant))),
          new KeyMap(),
        );
      for (const row of this.#acts.iterate('SELECT sum_participant, update_participant, seed FROM seed')) {
        readAs('seed-dict-damaged', 'seed dictionary', () => {
          const seeds = dict.get(bytes(row.sum_participant));
          if (seeds === undefined) throw new Error('a seed for a key that is no sum participant');
          seeds.set(PublicSigningKey(bytes(row.update_participant)), EncryptedMaskSeed(bytes(row.seed)));
        });
      }
      return dict;
    });
  }

  async admitSum2(participant: PublicSigningKey, mask: MaskObject): Promise<Sum2Verdict> {
    return this.#acts.act('count a mask', (): Sum2Verdict => {
      if (this.#acts.get('SELECT 1 FROM sum WHERE participant = ?', participant) === undefined) return { verdict: 'unknown-sum-participant' };
      if (this.#acts.run('INSERT OR IGNORE INTO sum2 VALUES (?)', participant) === 0) return { verdict: 'already-submitted' };
      const object = encodeMaskObject(mask);
      const hash = sha256(object);
      if (this.#acts.run('UPDATE mask SET votes = votes + 1 WHERE hash = ?', hash) === 0) this.#acts.run('INSERT INTO mask VALUES (?, ?, 1)', hash, object);
      return { verdict: 'ok', votes: Number(this.#acts.get('SELECT votes FROM mask WHERE hash = ?', hash)!.votes) };
    });
  }

  async bestMasks(): Promise<readonly MaskVotes[]> {
    return this.#acts.act('read the best masks', () => {
      const { votes, masks } = this.#acts.get('SELECT (SELECT sum(votes) FROM mask) AS votes, (SELECT count(*) FROM sum2) AS masks')!;
      if (Number(votes) !== Number(masks)) throw new XaynetError('contribution-damaged', `${votes} votes for masks, ${masks} sum participants voted`);
      return this.#acts.all('SELECT hash, mask, votes FROM mask ORDER BY votes DESC, hash LIMIT 2').map(maskVotes);
    });
  }

  async maskCount(): Promise<number> {
    return this.#acts.act('count the masks', () => Number(this.#acts.get('SELECT count(*) AS masks FROM mask')!.masks));
  }

  async eraseRound(): Promise<void> {
    this.#acts.act('erase the round', () => this.#eraseRound());
    this.#afterErasing();
  }

  async eraseAll(): Promise<void> {
    this.#acts.act('erase everything', () => {
      this.#eraseRound();
      this.#acts.run("DELETE FROM secret WHERE kind = 'coordinator state'");
      this.#acts.run('DELETE FROM latest_model');
      this.#acts.run('DELETE FROM round_record');
      this.#acts.run('DELETE FROM round_report');
    });
    this.#afterErasing();
  }

  async latestModelId(): Promise<string | undefined> {
    return this.#acts.act('read the model id', () => this.#acts.get('SELECT model FROM latest_model')?.model as string | undefined);
  }

  async setLatestModelId(id: string): Promise<void> {
    this.#acts.act('write the model id', () => {
      this.#acts.run('INSERT OR REPLACE INTO latest_model VALUES (1, ?)', id);
      if (this.#keepModels > 0) this.#deleteOldModels(id);
    });
  }

  async *contributions(after: number): AsyncIterable<Contribution> {
    // One at a time, by position: the round goes on between two, and all of them need not fit into memory.
    let next = await this.nextContribution(after);
    for (; next !== undefined; next = await this.nextContribution(next.position)) yield next;
  }

  /** The first contribution after a position; see {@link contributions}. */
  async nextContribution(after: number): Promise<Contribution | undefined> {
    return this.#acts.act('read a contribution', () => {
      const row = this.#acts.get(
        'SELECT position, participant, file, "offset", length, checksum FROM contribution JOIN update_participant USING (position) WHERE position > ? ORDER BY position LIMIT 1',
        after,
      );
      if (row === undefined) return undefined;
      const position = Number(row.position);
      const participant = readAs('contribution-damaged', `contribution ${position}`, () => PublicSigningKey(bytes(row.participant)));
      return { position, participant, maskedModel: this.#contributions.read('segment', placeOf(row), { position, rest: participant }) };
    });
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    return this.#acts.act('read the checkpoint', () => {
      const row = this.#acts.get('SELECT position, count, file, "offset", length, checksum FROM checkpoint');
      if (row === undefined) return undefined;
      const [position, count] = [Number(row.position), Number(row.count)];
      return { position, count, aggregate: this.#contributions.read('checkpoint', placeOf(row), { position, rest: countBytes(count) }) };
    });
  }

  async setCheckpoint({ position, aggregate, count }: Checkpoint): Promise<void> {
    let written: ObjectPlace | undefined;
    const set = (): void => {
      const place = this.#contributions.writeCheckpoint(this.#round(), { position, rest: countBytes(count) }, aggregate);
      written = place;
      this.#acts.run('INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?, ?, ?, ?, ?)', position, count, place.file, place.offset, place.length, place.checksum);
      this.#acts.run('DELETE FROM contribution WHERE position <= ?', position);
    };
    const takeBack = (): void => {
      if (written !== undefined) this.#contributions.removeCheckpoint(written);
    };
    this.#acts.act('write a checkpoint', set, { takeBack, room: maskObjectSize(aggregate.config, aggregate.length) });
    this.#contributions.endSegment();
    this.#collect();
  }

  async appendChunks(chunks: readonly SpooledChunk[]): Promise<void> {
    this.#acts.guard('append chunks', () => this.keepsContributions && chunks.length > 0 && this.#chunks?.append(chunks), {
      room: chunks.reduce((sum, { payload }) => sum + payload.length, 0),
    });
  }

  async *chunks(): AsyncIterable<SpooledChunk> {
    let next = await this.nextChunk();
    for (; next !== undefined; next = await this.nextChunk(next.next)) yield next.chunk;
  }

  /** The chunk at a place, from the first one on; see {@link chunks}. */
  async nextChunk(at?: number): Promise<ChunkAt | undefined> {
    return this.#acts.guard('read a chunk', () => (this.keepsContributions ? this.#chunks?.read(at) : undefined));
  }

  /** The number of the chunks that are of now; see {@link ChunkSpool}. */
  async chunkEpoch(): Promise<number> {
    return this.#acts.act('read the epoch of the chunks', () => this.#epoch());
  }

  async eraseChunks(): Promise<void> {
    this.#acts.guard('erase the chunks', () => this.#chunks?.erase());
  }

  async putRecord(record: RoundRecord): Promise<void> {
    this.#acts.act('write a record', () => {
      this.#acts.run('INSERT OR REPLACE INTO round_record VALUES (?, ?)', record.round, JSON.stringify(record));
      if (this.#keepRounds === 0) return;
      this.#acts.run('DELETE FROM round_record WHERE round NOT IN (SELECT round FROM round_record ORDER BY round DESC LIMIT ?)', this.#keepRounds);
      this.#acts.run('DELETE FROM round_report WHERE round < (SELECT MIN(round) FROM round_record)');
    });
  }

  async putReport({ round, values }: RoundReport): Promise<void> {
    this.#acts.act('write a report', () => void this.#acts.run('INSERT OR REPLACE INTO round_report VALUES (?, ?)', round, JSON.stringify(values)));
  }

  async reports(limit: number, before: number = Number.MAX_SAFE_INTEGER): Promise<readonly RoundReport[]> {
    return this.#acts.act('read reports', () =>
      this.#acts.all('SELECT round, "values" FROM round_report WHERE round < ? ORDER BY round DESC LIMIT ?', before, Math.max(0, limit)).map((row) => ({
        round: Number(row.round),
        values: readAs('storage-damaged', 'report of a round', (): RoundReport['values'] => JSON.parse(String(row.values))),
      })),
    );
  }

  async records(limit: number, before: number = Number.MAX_SAFE_INTEGER): Promise<readonly RoundRecord[]> {
    return this.#acts.act('read records', () =>
      this.#acts
        .all('SELECT record FROM round_record WHERE round < ? ORDER BY round DESC LIMIT ?', before, Math.max(0, limit))
        .map(({ record }) => readAs('storage-damaged', 'record of a round', (): RoundRecord => JSON.parse(String(record)))),
    );
  }

  async identity(): Promise<Uint8Array | undefined> {
    return this.#acts.act('read the identity', () => this.#secret('identity seed'));
  }

  async setIdentity(seed: Uint8Array): Promise<void> {
    this.#acts.act('write the identity', () => {
      if (this.#secret('identity seed') === undefined) this.#setSecret('identity seed', seed);
    });
  }

  async putModel(id: string, model: Uint8Array): Promise<'ok' | 'already-exists'> {
    const put = (): 'ok' | 'already-exists' =>
      this.#acts.run('INSERT OR IGNORE INTO model (id, model, sha256) VALUES (?, ?, ?)', id, model, sha256(model)) === 1 ? 'ok' : 'already-exists';
    return this.#acts.act('write a model', put, { room: model.length });
  }

  async model(id: string): Promise<Uint8Array | undefined> {
    return this.#acts.act('read a model', () => {
      const row = this.#acts.get('SELECT model, sha256 FROM model WHERE id = ?', id);
      if (row === undefined) return undefined;
      const model = bytes(row.model);
      if (row.sha256 instanceof Uint8Array && equalBytes(sha256(model), row.sha256)) return model;
      throw new XaynetError('storage-model-missing', `model ${id} is damaged: it has another SHA-256 than when it was stored`);
    });
  }

  async models(): Promise<readonly ModelEntry[]> {
    return this.#acts.act('list the models', () =>
      this.#acts.all('SELECT id, length(model) AS bytes FROM model ORDER BY rowid DESC').map((row) => ({ id: String(row.id), bytes: Number(row.bytes) })),
    );
  }

  async keep(models: number, rounds: number): Promise<void> {
    const { keepModels, keepRounds } = storeOptions({ keepModels: models, keepRounds: rounds });
    [this.#keepModels, this.#keepRounds] = [keepModels, keepRounds];
  }

  async usage(): Promise<StoreUsage> {
    return this.#acts.guard('measure the store', () => {
      const files = this.#disk.list(this.#folder).map((name) => join(this.#folder, name));
      const bytes = files.reduce((sum, file) => sum + this.#disk.sizeOf(file), this.#contributions.usage());
      return { bytes, free: this.#disk.free(this.#folder) };
    });
  }

  async ready(): Promise<void> {
    const needed = this.#acts.missingRoom;
    this.#acts.guard('write at all', () => {
      // A row fits where a model does not, and in the log of SQLite where a new one does not: what failed must fit before the store says that it works.
      const free = this.#disk.free(this.#folder);
      if (free < needed) throw new Error(`${needed} bytes of room needed, ${free} free`);
      if (needed > 0) this.#probe(Math.min(needed, MOST_PROBED));
      this.#acts.transaction(() => this.#acts.run('UPDATE schema_version SET version = version'));
      this.#acts.foundRoom();
    });
  }

  async close(): Promise<void> {
    if (this.#acts.isClosed) return;
    this.#contributions.close();
    this.#chunks?.close();
    this.#acts.close();
  }

  /** Has so many bytes on the disk, and gives them back. */
  #probe(bytes: number): void {
    const path = join(this.#folder, PROBE_FILE);
    this.#disk.remove(path); // of a process that died here
    const file = this.#disk.open(path, true);
    try {
      this.#disk.write(file, [new Uint8Array(bytes)], 0);
      this.#disk.sync(file);
    } finally {
      this.#disk.close(file);
      this.#disk.remove(path);
    }
  }

  /** The database can lose acts without being damaged: when its log was, or is gone. Throws `storage-damaged` when files show that it did. */
  #checkNothingLost(ends: ReadonlyMap<number, number>): void {
    if (this.#disk.list(join(this.#folder, CONTRIBUTIONS_FOLDER)).length === 0) return;
    const progress = this.#acts.get('SELECT round FROM progress');
    const state = progress === undefined ? this.#secret('coordinator state') : undefined;
    if (progress === undefined && state === undefined) return; // nothing, or all of it was erased
    const round =
      progress === undefined ? readAs('storage-damaged', 'coordinator state', () => decodeCoordinatorState(state!)).roundId : Number(progress.round);
    const last = progress && Number(this.#acts.get('SELECT coalesce(max(position), 0) AS last FROM update_participant')!.last);
    const lost = this.#contributions.lost(ends, round, last);
    if (lost !== undefined) throw new XaynetError('storage-damaged', lost);
  }

  #epoch(): number {
    return Number(this.#acts.get('SELECT epoch FROM chunk_epoch')!.epoch);
  }

  #round(): number {
    return Number(this.#acts.get('SELECT round FROM progress')?.round ?? 0);
  }

  #setProgress(progress: RoundProgress | undefined): void {
    this.#acts.run('DELETE FROM progress');
    if (progress === undefined) return;
    const { round, phase, since, failures, began = null } = progress;
    this.#acts.run('INSERT INTO progress VALUES (1, ?, ?, ?, ?, ?)', round, phase, since, failures, began);
  }

  #secret(kind: SecretKind): Uint8Array | undefined {
    const row = this.#acts.get('SELECT box FROM secret WHERE kind = ?', kind);
    if (row === undefined) return undefined;
    const secret = this.#secrets.open(kind, bytes(row.box));
    if (secret === undefined) throw new XaynetError('storage-damaged', `${kind}: it does not open`);
    return secret;
  }

  #setSecret(kind: SecretKind, secret: Uint8Array): void {
    this.#acts.run('INSERT OR REPLACE INTO secret VALUES (?, ?)', kind, this.#secrets.seal(kind, secret));
  }

  /** Rows are numbered as models come. The file does not shrink, but the next models take the room that becomes free. */
  #deleteOldModels(latest: string): void {
    this.#acts.run('DELETE FROM model WHERE id <> ? AND rowid NOT IN (SELECT rowid FROM model ORDER BY rowid DESC LIMIT ?)', latest, this.#keepModels);
  }

  #eraseRound(): void {
    for (const table of ['sum', 'update_participant', 'seed', 'contribution', 'checkpoint', 'progress', 'sum2', 'mask']) this.#acts.run(`DELETE FROM ${table}`);
    this.#acts.run('UPDATE chunk_epoch SET epoch = epoch + 1');
  }

  /** Rows first, files last: a file without a row is a leftover, a row without a file would be a loss. */
  #afterErasing(): void {
    this.#acts.guard('erase the chunks', () => this.#chunks?.begin(this.#epoch()));
    this.#collect();
  }

  #collect(): void {
    this.#acts.act('collect files', () => {
      const segments = this.#acts.all('SELECT DISTINCT file FROM contribution').map(({ file }) => Number(file));
      this.#contributions.collect(new Set(segments), this.#checkpointFile());
    });
  }

  #checkpointFile(): number | undefined {
    const file = this.#acts.get('SELECT file FROM checkpoint')?.file;
    return file === undefined ? undefined : Number(file);
  }
}

/** Where the chunks of the store in a folder are. */
export function chunksPath(folder: string): string {
  return join(folder, CHUNKS_FILE);
}

/** A mask, if it is the one that was submitted: its hash was made before it was stored. */
function maskVotes({ hash, mask, votes }: Row): MaskVotes {
  const object = bytes(mask);
  if (!equalBytes(sha256(object), bytes(hash))) throw new XaynetError('contribution-damaged', 'a mask has another SHA-256 than when it was submitted');
  return { mask: readAs('contribution-damaged', 'mask', () => decodeMaskObject(object)), votes: Number(votes) };
}

function placeOf(row: Row): ObjectPlace {
  return { file: Number(row.file), offset: Number(row.offset), length: Number(row.length), checksum: Number(row.checksum) };
}

function countBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(count));
  return bytes;
}
