// The store that forgets: maps in this process. For tests, simulations and coordinators whose restart may begin anew. It also is the
// readable statement of the contract, so it follows it line by line. Keys and seeds are copied, because what comes in are views that would keep whole messages alive.

import { copyBytes, type EncryptedMaskSeed, KeyMap, type PublicEncryptKey, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { encodeMaskObject, type MaskObject } from '@xaynet/core/mask';
import type { CoordinatorState, SeedDict, SumDict, UpdateSeedDict } from '@xaynet/core/round';
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
import { type StoreOptions, storeOptions } from './options.ts';

/** Everything in memory; see {@link Store} for the behaviour. */
export class MemoryStore implements Store {
  readonly keepsContributions: boolean;
  #state: CoordinatorState | undefined;
  #sums: SumDict = new KeyMap();
  #updates = new KeyMap<PublicSigningKey, MaskObject | undefined>();
  #order: PublicSigningKey[] = [];
  #progress: RoundProgress | undefined;
  #checkpoint: Checkpoint | undefined;
  #chunks: SpooledChunk[] = [];
  #records: RoundRecord[] = [];
  #reports: RoundReport[] = [];
  #identity: Uint8Array | undefined;
  #seeds: SeedDict = new KeyMap();
  #voters = new KeyMap<PublicSigningKey, true>();
  #masks = new Map<string, MaskVotes>();
  #latestModelId: string | undefined;
  readonly #models = new Map<string, Uint8Array>();
  #keepModels: number;
  #keepRounds: number;
  #closed = false;

  /** Throws `option-invalid`. */
  constructor(options: StoreOptions = {}) {
    const { keepsContributions, keepModels, keepRounds } = storeOptions(options);
    this.keepsContributions = keepsContributions;
    this.#keepModels = keepModels;
    this.#keepRounds = keepRounds;
  }

  async coordinatorState(): Promise<CoordinatorState | undefined> {
    this.#open();
    return this.#state;
  }

  async setCoordinatorState(state: CoordinatorState, progress?: RoundProgress): Promise<void> {
    this.#open();
    this.#state = state;
    this.#progress = progress;
  }

  async progress(): Promise<RoundProgress | undefined> {
    this.#open();
    return this.#progress;
  }

  async setProgress(progress: RoundProgress | undefined): Promise<void> {
    this.#open();
    this.#progress = progress;
  }

  async counts(): Promise<RoundCounts> {
    this.#open();
    const leading = Math.max(0, ...[...this.#masks.values()].map(({ votes }) => votes));
    return { sums: this.#sums.size, updates: this.#updates.size, masks: this.#voters.size, leading };
  }

  async admitSum(participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict> {
    this.#open();
    if (this.#sums.has(participant)) return 'already-exists';
    const key = copy(participant);
    this.#sums.set(key, copyBytes(ephemeralKey));
    this.#seeds.set(key, new KeyMap());
    return 'ok';
  }

  async closeSum(chosen: readonly PublicSigningKey[] | undefined, progress: RoundProgress): Promise<void> {
    this.#open();
    if (chosen !== undefined) {
      const kept = new KeyMap(chosen.map((participant): [PublicSigningKey, true] => [participant, true]));
      for (const participant of [...this.#sums.keys()]) {
        if (kept.has(participant)) continue;
        this.#sums.delete(participant);
        this.#seeds.delete(participant);
      }
    }
    this.#progress = progress;
  }

  async sumDict(): Promise<SumDict | undefined> {
    this.#open();
    return this.#sums.size === 0 ? undefined : new KeyMap(this.#sums);
  }

  async admitUpdate({ participant, localSeedDict, maskedModel }: Update): Promise<UpdateAdmission> {
    this.#open();
    if (localSeedDict.size !== this.#sums.size) return { verdict: 'length-mismatch' };
    for (const sum of localSeedDict.keys()) if (!this.#sums.has(sum)) return { verdict: 'unknown-sum-participant' };
    if (this.#updates.has(participant)) return { verdict: 'already-submitted' };
    const key = copy(participant);
    this.#updates.set(key, this.keepsContributions ? copyMask(maskedModel) : undefined);
    this.#order.push(key);
    for (const [sum, seed] of localSeedDict) this.#seeds.get(sum)!.set(key, copy(seed));
    return { verdict: 'ok', position: this.#order.length };
  }

  async seedDict(): Promise<SeedDict | undefined> {
    this.#open();
    if (this.#sums.size === 0) return undefined;
    return new KeyMap([...this.#seeds].map(([sum, row]): [PublicSigningKey, UpdateSeedDict] => [sum, new KeyMap<PublicSigningKey, EncryptedMaskSeed>(row)]));
  }

  async admitSum2(participant: PublicSigningKey, mask: MaskObject): Promise<Sum2Verdict> {
    this.#open();
    if (!this.#sums.has(participant)) return { verdict: 'unknown-sum-participant' };
    if (this.#voters.has(participant)) return { verdict: 'already-submitted' };
    this.#voters.set(copy(participant), true);
    const hash = toHex(sha256(encodeMaskObject(mask)));
    const known = this.#masks.get(hash);
    const votes = (known?.votes ?? 0) + 1;
    this.#masks.set(hash, { mask: known?.mask ?? copyMask(mask), votes });
    return { verdict: 'ok', votes };
  }

  async bestMasks(): Promise<readonly MaskVotes[]> {
    this.#open();
    return [...this.#masks.values()].sort((a, b) => b.votes - a.votes).slice(0, 2);
  }

  async maskCount(): Promise<number> {
    this.#open();
    return this.#masks.size;
  }

  async eraseRound(): Promise<void> {
    this.#open();
    this.#sums = new KeyMap();
    this.#updates = new KeyMap();
    this.#order = [];
    this.#seeds = new KeyMap();
    this.#voters = new KeyMap();
    this.#masks = new Map();
    this.#progress = undefined;
    this.#checkpoint = undefined;
    this.#chunks = [];
  }

  async eraseAll(): Promise<void> {
    await this.eraseRound();
    this.#state = undefined;
    this.#latestModelId = undefined;
    this.#records = [];
    this.#reports = [];
  }

  async latestModelId(): Promise<string | undefined> {
    this.#open();
    return this.#latestModelId;
  }

  async setLatestModelId(id: string): Promise<void> {
    this.#open();
    this.#latestModelId = id;
    if (this.#keepModels === 0) return;
    for (const old of [...this.#models.keys()].slice(0, -this.#keepModels)) if (old !== id) this.#models.delete(old);
  }

  async *contributions(after: number): AsyncIterable<Contribution> {
    this.#open();
    for (let position = after + 1; position <= this.#order.length; position++) {
      const participant = this.#order[position - 1]!;
      const maskedModel = this.#updates.get(participant);
      if (maskedModel !== undefined) yield { position, participant, maskedModel };
    }
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    this.#open();
    return this.#checkpoint;
  }

  async setCheckpoint({ position, aggregate, count }: Checkpoint): Promise<void> {
    this.#open();
    this.#checkpoint = { position, aggregate: copyMask(aggregate), count };
    for (const participant of this.#order.slice(0, position)) this.#updates.set(participant, undefined);
  }

  async appendChunks(chunks: readonly SpooledChunk[]): Promise<void> {
    this.#open();
    if (!this.keepsContributions) return;
    for (const { participant, tag, payload, unproven } of chunks) {
      this.#chunks.push({ participant: copy(participant), tag, payload: copyBytes(payload), ...(unproven ? { unproven } : {}) });
    }
  }

  async *chunks(): AsyncIterable<SpooledChunk> {
    this.#open();
    yield* this.#chunks;
  }

  async eraseChunks(): Promise<void> {
    this.#open();
    this.#chunks = [];
  }

  async putRecord(record: RoundRecord): Promise<void> {
    this.#open();
    this.#records = [record, ...this.#records.filter(({ round }) => round !== record.round)].sort((a, b) => b.round - a.round);
    if (this.#keepRounds > 0) this.#records.length = Math.min(this.#records.length, this.#keepRounds);
    const oldest = this.#records.at(-1)!.round;
    this.#reports = this.#reports.filter((report) => report.round >= oldest);
  }

  async putReport(report: RoundReport): Promise<void> {
    this.#open();
    this.#reports = [report, ...this.#reports.filter(({ round }) => round !== report.round)].sort((a, b) => b.round - a.round);
  }

  async reports(limit: number, before: number = Number.POSITIVE_INFINITY): Promise<readonly RoundReport[]> {
    this.#open();
    return this.#reports.filter(({ round }) => round < before).slice(0, limit);
  }

  async records(limit: number, before: number = Number.POSITIVE_INFINITY): Promise<readonly RoundRecord[]> {
    this.#open();
    return this.#records.filter(({ round }) => round < before).slice(0, limit);
  }

  async identity(): Promise<Uint8Array | undefined> {
    this.#open();
    return this.#identity && copyBytes(this.#identity);
  }

  async setIdentity(seed: Uint8Array): Promise<void> {
    this.#open();
    this.#identity ??= copyBytes(seed);
  }

  async putModel(id: string, model: Uint8Array): Promise<'ok' | 'already-exists'> {
    this.#open();
    if (this.#models.has(id)) return 'already-exists';
    this.#models.set(id, copyBytes(model));
    return 'ok';
  }

  async model(id: string): Promise<Uint8Array | undefined> {
    this.#open();
    const model = this.#models.get(id);
    return model === undefined ? undefined : copyBytes(model);
  }

  async models(): Promise<readonly ModelEntry[]> {
    this.#open();
    return [...this.#models].map(([id, model]) => ({ id, bytes: model.length })).reverse();
  }

  async keep(models: number, rounds: number): Promise<void> {
    const { keepModels, keepRounds } = storeOptions({ keepModels: models, keepRounds: rounds });
    [this.#keepModels, this.#keepRounds] = [keepModels, keepRounds];
  }

  async usage(): Promise<StoreUsage> {
    this.#open();
    return { bytes: 0, free: Number.POSITIVE_INFINITY };
  }

  async ready(): Promise<void> {
    this.#open();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): void {
    if (this.#closed) throw new XaynetError('storage-failed', 'memory store: closed');
  }
}

function copy<T extends Uint8Array>(bytes: T): T {
  return copyBytes(bytes);
}

function copyMask(mask: MaskObject): MaskObject {
  return { ...mask, vect: copyBytes(mask.vect), unit: copyBytes(mask.unit) };
}
