// The store that forgets: maps in this process. For tests, simulations and coordinators whose restart may begin anew. It also is the
// readable statement of the contract, so it follows it line by line. Keys and seeds are copied, because what comes in are views that would keep whole messages alive.

import { copyBytes, type EncryptedMaskSeed, KeyMap, type PublicEncryptKey, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { encodeMaskObject, type MaskObject } from '@xaynet/core/mask';
import type { CoordinatorState, SeedDict, SumDict, UpdateSeedDict } from '@xaynet/core/round';
import type { MaskVotes, Store, Sum2Verdict, SumVerdict, Update, UpdateVerdict } from './contract.ts';
import { type StoreOptions, storeOptions } from './options.ts';

/** Everything in memory; see {@link Store} for the behaviour. */
export class MemoryStore implements Store {
  readonly keepsContributions: boolean;
  #state: CoordinatorState | undefined;
  #sums: SumDict = new KeyMap();
  #updates = new KeyMap<PublicSigningKey, MaskObject | undefined>();
  #order: PublicSigningKey[] = [];
  #seeds: SeedDict = new KeyMap();
  #voters = new KeyMap<PublicSigningKey, true>();
  #masks = new Map<string, MaskVotes>();
  #latestModelId: string | undefined;
  readonly #models = new Map<string, Uint8Array>();
  readonly #keepModels: number;
  #closed = false;

  /** Throws `option-invalid`. */
  constructor(options: StoreOptions = {}) {
    const { keepsContributions, keepModels } = storeOptions(options);
    this.keepsContributions = keepsContributions;
    this.#keepModels = keepModels;
  }

  async coordinatorState(): Promise<CoordinatorState | undefined> {
    this.#open();
    return this.#state;
  }

  async setCoordinatorState(state: CoordinatorState): Promise<void> {
    this.#open();
    this.#state = state;
  }

  async admitSum(participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict> {
    this.#open();
    if (this.#sums.has(participant)) return 'already-exists';
    const key = copy(participant);
    this.#sums.set(key, copyBytes(ephemeralKey));
    this.#seeds.set(key, new KeyMap());
    return 'ok';
  }

  async sumDict(): Promise<SumDict | undefined> {
    this.#open();
    return this.#sums.size === 0 ? undefined : new KeyMap(this.#sums);
  }

  async admitUpdate({ participant, localSeedDict, maskedModel }: Update): Promise<UpdateVerdict> {
    this.#open();
    if (localSeedDict.size !== this.#sums.size) return 'length-mismatch';
    for (const sum of localSeedDict.keys()) if (!this.#sums.has(sum)) return 'unknown-sum-participant';
    if (this.#updates.has(participant)) return 'already-submitted';
    const key = copy(participant);
    this.#updates.set(key, this.keepsContributions ? copyMask(maskedModel) : undefined);
    this.#order.push(key);
    for (const [sum, seed] of localSeedDict) this.#seeds.get(sum)!.set(key, copy(seed));
    return 'ok';
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
  }

  async eraseAll(): Promise<void> {
    await this.eraseRound();
    this.#state = undefined;
    this.#latestModelId = undefined;
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

  async *contributions(): AsyncIterable<{ readonly participant: PublicSigningKey; readonly maskedModel: MaskObject }> {
    this.#open();
    for (const participant of this.#order) {
      const maskedModel = this.#updates.get(participant);
      if (maskedModel !== undefined) yield { participant, maskedModel };
    }
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
