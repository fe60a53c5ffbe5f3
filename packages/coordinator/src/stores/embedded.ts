// The embedded store as a coordinator uses it: on a thread of its own, so that a disk that takes its time never keeps requests waiting
// that need no disk. Every call goes there and comes back; a call that takes too long is given up here, and still takes its turn there. Chunks
// do not go there: they are not synced, and must not wait behind models that are.

import { resolve } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { MaskObject } from '@xaynet/core/mask';
import type { CoordinatorState, SeedDict, SumDict } from '@xaynet/core/round';
import type { Memory } from '../buffers.ts';
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
import { storeOptions } from './options.ts';
import { SpoolLine } from './spool-line.ts';
import type { SqliteStore, SqliteStoreOptions } from './sqlite.ts';
import { ThreadCaller } from './thread/caller.ts';
import type { StoreMethod, ThreadStart } from './thread/protocol.ts';
import { spawnStoreThread } from './thread/spawn.ts';

/** What an embedded store may be told. */
export interface EmbeddedStoreOptions extends SqliteStoreOptions {
  /** Seconds that one call may take before it fails with `storage-timeout`; default 30. */
  readonly timeout?: number | undefined;
}

const DEFAULT_TIMEOUT = 30;

/**
 * Opens the embedded store in `folder`, which is created when missing, on a thread of its own; contributions are kept unless told otherwise.
 * Throws what {@link SqliteStore.open} throws.
 * @example
 * ```ts
 * import { mkdtempSync, rmSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { openEmbeddedStore } from '@xaynet/coordinator';
 * const folder = mkdtempSync(join(tmpdir(), 'xaynet-'));
 * const store = await openEmbeddedStore(folder, { timeout: 10 });
 * await store.counts(); // { sums: 0, updates: 0, masks: 0, leading: 0 }
 * await store.close();
 * rmSync(folder, { recursive: true });
 * ```
 */
export function openEmbeddedStore(folder: string, options: EmbeddedStoreOptions = {}): Promise<ThreadedSqliteStore> {
  return ThreadedSqliteStore.open(folder, { keepsContributions: true, ...options });
}

type Answer<Method extends StoreMethod> = Awaited<ReturnType<SqliteStore[Method]>>;

/**
 * {@link SqliteStore} on another thread; see {@link Store} for the behaviour.
 * @example
 * ```ts
 * import { mkdtempSync, rmSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { Coordinator, parseSettings, ThreadedSqliteStore } from '@xaynet/coordinator';
 * const folder = mkdtempSync(join(tmpdir(), 'xaynet-'));
 * const store = await ThreadedSqliteStore.open(folder);
 * const settings = parseSettings({ api: { bind_address: '127.0.0.1:0' }, model: { length: 4 } });
 * const coordinator = await Coordinator.start(settings, { store });
 * console.log(coordinator.url);
 * await coordinator.stop(); // closes the store too
 * rmSync(folder, { recursive: true });
 * ```
 */
export class ThreadedSqliteStore implements Store {
  readonly keepsContributions: boolean;
  readonly #caller: ThreadCaller;
  readonly #chunks: SpoolLine;
  #closing: Promise<void> | undefined;

  private constructor(keepsContributions: boolean, caller: ThreadCaller, chunks: SpoolLine) {
    this.#chunks = chunks;
    this.keepsContributions = keepsContributions;
    this.#caller = caller;
  }

  /** Opens the store in `folder`; throws what {@link SqliteStore.open} throws. `spawn` starts the thread, and starts it anew after it died. */
  static async open(
    folder: string,
    { timeout = DEFAULT_TIMEOUT, ...options }: EmbeddedStoreOptions = {},
    spawn: (start: ThreadStart) => Worker = spawnStoreThread,
  ): Promise<ThreadedSqliteStore> {
    const { keepsContributions } = storeOptions(options);
    if (!(timeout > 0 && timeout <= 1e6)) throw new XaynetError('option-invalid', `timeout: seconds above 0 expected, ${timeout} given`);
    // Whole paths: a thread that is started anew must find the same files, wherever the process has gone meanwhile.
    const keyFile = options.keyFile === undefined ? undefined : resolve(options.keyFile);
    const start: ThreadStart = { folder: resolve(folder), options: { ...options, keyFile } };
    const caller = new ThreadCaller(() => spawn(start), timeout * 1000);
    await caller.open();
    try {
      const epoch = (await caller.call('chunkEpoch', [])) as number;
      return new ThreadedSqliteStore(keepsContributions, caller, new SpoolLine(start.folder, epoch, timeout * 1000));
    } catch (error) {
      await caller.end().catch(() => {});
      throw error;
    }
  }

  coordinatorState(): Promise<CoordinatorState | undefined> {
    return this.#call('coordinatorState');
  }

  setCoordinatorState(state: CoordinatorState, progress?: RoundProgress): Promise<void> {
    return this.#call('setCoordinatorState', state, progress);
  }

  progress(): Promise<RoundProgress | undefined> {
    return this.#call('progress');
  }

  setProgress(progress: RoundProgress | undefined): Promise<void> {
    return this.#call('setProgress', progress);
  }

  counts(): Promise<RoundCounts> {
    return this.#call('counts');
  }

  admitSum(participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict> {
    return this.#call('admitSum', participant, ephemeralKey);
  }

  closeSum(chosen: readonly PublicSigningKey[] | undefined, progress: RoundProgress): Promise<void> {
    return this.#call('closeSum', chosen, progress);
  }

  sumDict(): Promise<SumDict | undefined> {
    return this.#call('sumDict');
  }

  admitUpdate({ participant, localSeedDict, maskedModel }: Update, memory?: Memory): Promise<UpdateAdmission> {
    if (!this.keepsContributions) return this.#call('admitUpdate', { participant, localSeedDict, maskedModel: withoutModel(maskedModel) });
    return this.#lend(memory === undefined ? [] : [memory], 'admitUpdate', { participant, localSeedDict, maskedModel });
  }

  seedDict(): Promise<SeedDict | undefined> {
    return this.#call('seedDict');
  }

  admitSum2(participant: PublicSigningKey, mask: MaskObject): Promise<Sum2Verdict> {
    return this.#call('admitSum2', participant, mask);
  }

  bestMasks(): Promise<readonly MaskVotes[]> {
    return this.#call('bestMasks');
  }

  maskCount(): Promise<number> {
    return this.#call('maskCount');
  }

  eraseRound(): Promise<void> {
    return this.#chunks.begin(() => this.#call('eraseRound').then(() => this.#call('chunkEpoch')));
  }

  eraseAll(): Promise<void> {
    return this.#chunks.begin(() => this.#call('eraseAll').then(() => this.#call('chunkEpoch')));
  }

  latestModelId(): Promise<string | undefined> {
    return this.#call('latestModelId');
  }

  setLatestModelId(id: string): Promise<void> {
    return this.#call('setLatestModelId', id);
  }

  async *contributions(after: number): AsyncIterable<Contribution> {
    let next = await this.#call('nextContribution', after);
    for (; next !== undefined; next = await this.#call('nextContribution', next.position)) yield next;
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return this.#call('checkpoint');
  }

  setCheckpoint(checkpoint: Checkpoint, memory?: Memory): Promise<void> {
    return this.#lend(memory === undefined ? [] : [memory], 'setCheckpoint', checkpoint);
  }

  async appendChunks(chunks: readonly SpooledChunk[]): Promise<void> {
    this.#checkOpen('appendChunks');
    if (this.keepsContributions && chunks.length > 0) await this.#chunks.append(chunks);
  }

  async *chunks(): AsyncIterable<SpooledChunk> {
    this.#checkOpen('chunks');
    if (!this.keepsContributions) return;
    let next = await this.#chunks.read();
    for (; next !== undefined; next = await this.#chunks.read(next.next)) yield next.chunk;
  }

  async eraseChunks(): Promise<void> {
    this.#checkOpen('eraseChunks');
    await this.#chunks.erase();
  }

  chunkDamage(): string | undefined {
    return this.#chunks.damage;
  }

  putRecord(record: RoundRecord): Promise<void> {
    return this.#call('putRecord', record);
  }

  records(limit: number, before?: number): Promise<readonly RoundRecord[]> {
    return this.#call('records', limit, before);
  }

  putReport(report: RoundReport): Promise<void> {
    return this.#call('putReport', report);
  }

  reports(limit: number, before?: number): Promise<readonly RoundReport[]> {
    return this.#call('reports', limit, before);
  }

  identity(): Promise<Uint8Array | undefined> {
    return this.#call('identity');
  }

  setIdentity(seed: Uint8Array): Promise<void> {
    return this.#call('setIdentity', seed);
  }

  putModel(id: string, model: Uint8Array): Promise<'ok' | 'already-exists'> {
    return this.#call('putModel', id, model);
  }

  model(id: string): Promise<Uint8Array | undefined> {
    return this.#call('model', id);
  }

  models(): Promise<readonly ModelEntry[]> {
    return this.#call('models');
  }

  keep(models: number, rounds: number): Promise<void> {
    return this.#call('keep', models, rounds);
  }

  usage(): Promise<StoreUsage> {
    return this.#call('usage');
  }

  ready(): Promise<void> {
    return this.#call('ready');
  }

  /** After the calls before it; ends the thread. Throws `storage-timeout` when these take too long; the files are then held until they end. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#caller.end(), this.#chunks.close()]).then(() => {});
    return this.#closing;
  }

  #checkOpen(method: string): void {
    if (this.#closing !== undefined) throw new XaynetError('storage-failed', `${method}: the store is closed`);
  }

  #call<Method extends StoreMethod>(method: Method, ...args: Parameters<SqliteStore[Method]>): Promise<Answer<Method>> {
    return this.#lend([], method, ...args);
  }

  async #lend<Method extends StoreMethod>(memory: readonly Memory[], method: Method, ...args: Parameters<SqliteStore[Method]>): Promise<Answer<Method>> {
    this.#checkOpen(method);
    return (await this.#caller.call(method, args, memory)) as Answer<Method>;
  }
}

/** A store that keeps no masked models needs none of its bytes. */
function withoutModel(model: MaskObject): MaskObject {
  return { ...model, length: 0, vect: new Uint8Array() };
}
