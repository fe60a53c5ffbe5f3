// The material of a round: what is too large or too secret for the plain state of the machine. Keys and seed, the aggregate, frozen
// dictionaries, the model. It carries out the effects that need the store or arithmetic, each answered by one event.

import { toHex } from '@xaynet/core/bytes';
import { type EncryptKeyPair, generateEncryptKeyPair, type RandomBytes } from '@xaynet/core/crypto';
import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { Aggregation, isValidMaskObject, type MaskConfigPair, type MaskObject } from '@xaynet/core/mask';
import type { Sum2Payload, SumPayload, UpdatePayload } from '@xaynet/core/message';
import { type CoordinatorState, nextRoundSeed, type PublishedModel, publishModel, type RoundParams, type SeedDict, type SumDict } from '@xaynet/core/round';
import { createMaskPool, type UnmaskedFractions } from '@xaynet/core/threads';
import type { Logger } from './log.ts';
import type { Request } from './request.ts';
import type { Effect, PhaseLimits, RoundEvent, RoundSettings } from './round/state.ts';
import type { MaskVotes, Store, SumVerdict, UpdateVerdict } from './stores/contract.ts';

/** The settings that a round is made of. */
export interface MaterialSettings extends RoundSettings {
  readonly pet: {
    readonly sum: PhaseLimits & { readonly prob: number };
    readonly update: PhaseLimits & { readonly prob: number };
    readonly sum2: PhaseLimits;
  };
}

/** A model that was unmasked. */
export interface RoundModel {
  readonly round: number;
  readonly model: PublishedModel;
  readonly updates: number;
  readonly scalarSum: UnmaskedFractions['scalarSum'];
}

/** The effects that are answered by an event, admissions aside. */
export type WorkEffect = Extract<Effect, { type: 'erase' | 'new-round' | 'freeze' | 'count-masks' | 'unmask' | 'store-model' | 'probe' }>;

const VERDICTS: Readonly<Record<Exclude<SumVerdict | UpdateVerdict, 'ok'>, ErrorCode>> = {
  'already-exists': 'sum-already-exists',
  'length-mismatch': 'seed-dict-mismatch',
  'unknown-sum-participant': 'seed-dict-mismatch',
  'already-submitted': 'update-already-submitted',
};

/** See the head of the file. One effect at a time: the driver waits for the event of one before it asks for the next. */
export class RoundMaterial {
  readonly #settings: MaterialSettings;
  readonly #store: Store;
  readonly #random: RandomBytes;
  readonly #logger: Logger;
  #keys: EncryptKeyPair;
  #params: RoundParams;
  #sums: SumDict | undefined;
  #seeds: SeedDict | undefined;
  #aggregate: Aggregation | undefined;
  /** Whose updates are in the aggregate, in hexadecimal. */
  #aggregated = new Set<string>();
  #masks: readonly MaskVotes[] = [];
  #unmasked: UnmaskedFractions | undefined;
  #model: RoundModel | undefined;

  constructor(options: { settings: MaterialSettings; store: Store; random: RandomBytes; logger: Logger; keys: EncryptKeyPair; params: RoundParams }) {
    this.#settings = options.settings;
    this.#store = options.store;
    this.#random = options.random;
    this.#logger = options.logger;
    this.#keys = options.keys;
    this.#params = options.params;
  }

  get keys(): EncryptKeyPair {
    return this.#keys;
  }

  get params(): RoundParams {
    return this.#params;
  }

  /** The frozen sum dictionary. */
  get sums(): SumDict | undefined {
    return this.#sums;
  }

  /** The frozen seed dictionary: the seeds of exactly the updates in the aggregate. */
  get seeds(): SeedDict | undefined {
    return this.#seeds;
  }

  /** The model unmasked last. */
  get model(): RoundModel | undefined {
    return this.#model;
  }

  /** Updates in the aggregate. */
  get updates(): number {
    return this.#aggregate?.count ?? 0;
  }

  /** Begins an empty aggregate (coordinator 1.8). */
  beginAggregate(): void {
    this.#aggregate = new Aggregation(this.#params.maskConfig, this.#params.modelLength);
    this.#aggregated = new Set();
  }

  /** Carries out one effect; the event says how it went. Never rejects. */
  async perform(effect: WorkEffect, round: number): Promise<RoundEvent> {
    try {
      return await this.#work(effect, round);
    } catch (error) {
      const code = isXaynetError(error) ? error.code : effect.type === 'unmask' ? 'internal-error' : 'storage-failed';
      this.#logger.error({ round, effect: effect.type, error }, 'an effect of the round failed');
      if (effect.type === 'probe') return { type: 'probed', ready: false };
      return { type: 'failed', code, message: `${effect.type}: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  async #work(effect: WorkEffect, round: number): Promise<RoundEvent> {
    switch (effect.type) {
      case 'erase':
        this.#forget();
        await this.#store.eraseRound();
        return { type: 'erased' };
      case 'new-round':
        this.#newRound();
        await this.#store.setCoordinatorState(this.#state(round));
        return { type: 'round-stored' };
      case 'freeze':
        return effect.document === 'sums' ? this.#freezeSums() : this.#freezeSeeds();
      case 'count-masks':
        this.#masks = await this.#store.bestMasks();
        return { type: 'counted', votes: this.#masks.map(({ votes }) => votes) };
      case 'unmask':
        this.#unmasked = await unmask(this.#aggregate!, this.#masks[0]!.mask);
        return { type: 'unmasked', withinBound: this.#unmasked.withinBound };
      case 'store-model':
        return this.#storeModel(round);
      case 'probe':
        await this.#store.ready();
        return { type: 'probed', ready: true };
    }
  }

  /**
   * Checks a request, has the store decide, and adds an update to the aggregate: in this order, so that an update is answered "accepted"
   * if and only if it is in the aggregate. When the store fails in between, its seeds may be stored without it; freezing leaves them out.
   */
  async admit(id: number, { participant, payload }: Request): Promise<RoundEvent> {
    try {
      switch (payload.tag) {
        case 'sum':
          return admission(id, await this.#store.admitSum(participant, (payload satisfies SumPayload).ephemeralKey));
        case 'update':
          return await this.#admitUpdate(id, participant, payload);
        case 'sum2':
          return await this.#admitSum2(id, participant, payload);
      }
    } catch (error) {
      if (error instanceof NotInStep) throw error;
      this.#logger.error({ error, tag: payload.tag }, 'an admission failed');
      return { type: 'refused', request: id, code: 'storage-failed' };
    }
  }

  async #admitUpdate(id: number, participant: Request['participant'], { maskedModel, localSeedDict }: UpdatePayload): Promise<RoundEvent> {
    const refusal = refusalOf(() => this.#aggregate!.check(maskedModel));
    if (refusal !== undefined) return { type: 'refused', request: id, code: refusal };
    const verdict = await this.#store.admitUpdate({ participant, localSeedDict, maskedModel });
    if (verdict !== 'ok') return admission(id, verdict);
    try {
      this.#aggregate!.add(maskedModel);
    } catch (error) {
      throw new NotInStep('internal-error', 'an update that was checked and stored cannot be added', { cause: error });
    }
    this.#aggregated.add(toHex(participant));
    return { type: 'admitted', request: id, votes: 0 };
  }

  async #admitSum2(id: number, participant: Request['participant'], { mask }: Sum2Payload): Promise<RoundEvent> {
    const refusal = this.#maskRefusal(mask);
    if (refusal !== undefined) return { type: 'refused', request: id, code: refusal };
    const answer = await this.#store.admitSum2(participant, mask);
    if (answer.verdict === 'ok') return { type: 'admitted', request: id, votes: answer.votes };
    return { type: 'refused', request: id, code: answer.verdict === 'already-submitted' ? 'mask-already-submitted' : 'mask-unknown-participant' };
  }

  /** A mask that could never be subtracted is refused on arrival (weakness W-13). */
  #maskRefusal(mask: MaskObject): ErrorCode | undefined {
    const { maskConfig, modelLength } = this.#params;
    if (!sameConfig(mask.config, maskConfig) || mask.length !== modelLength) return 'mask-mismatch';
    return isValidMaskObject(mask) ? undefined : 'mask-invalid';
  }

  /** Fresh key pair, next seed, probabilities of the settings (coordinator 1.5). If storing fails, the next round goes on from here. */
  #newRound(): void {
    const { sum, update } = this.#settings.pet;
    this.#keys = generateEncryptKeyPair(this.#random);
    const seed = nextRoundSeed(this.#params.seed, this.#keys.secretKey, sum.prob, update.prob);
    this.#params = { ...this.#params, publicKey: this.#keys.publicKey, sum: sum.prob, update: update.prob, seed };
  }

  #state(roundId: number): CoordinatorState {
    const { sum, update, sum2 } = this.#settings.pet;
    return { keys: this.#keys, roundId, params: this.#params, sum: phaseParams(sum), update: phaseParams(update), sum2: phaseParams(sum2) };
  }

  async #freezeSums(): Promise<RoundEvent> {
    this.#sums = await this.#store.sumDict();
    return { type: 'frozen', entries: this.#sums?.size ?? 0 };
  }

  /** The stored dictionary, less the rows of updates that never reached the aggregate (weakness W-11): the two must not part. */
  async #freezeSeeds(): Promise<RoundEvent> {
    const stored = await this.#store.seedDict();
    if (stored === undefined) return { type: 'frozen', entries: 0 };
    for (const [, row] of stored) {
      if (row.size > this.#aggregated.size) for (const update of row.keys()) if (!this.#aggregated.has(toHex(update))) row.delete(update);
      if (row.size !== this.#aggregated.size || row.keys().some((update) => !this.#aggregated.has(toHex(update)))) {
        throw new XaynetError('seed-dict-damaged', `${row.size} seeds for ${this.#aggregated.size} updates`);
      }
    }
    this.#seeds = stored;
    return { type: 'frozen', entries: this.#aggregated.size };
  }

  /** Model first, its id last: a restart serves only what is complete (coordinator 1.10, weakness W-25). */
  async #storeModel(round: number): Promise<RoundEvent> {
    const unmasked = this.#unmasked!;
    const model = publishModel(unmasked);
    const id = `${round}_${toHex(this.#params.seed)}`;
    if ((await this.#store.putModel(id, model.bytes)) !== 'ok') throw new XaynetError('storage-failed', `there is a model ${id} already`);
    await this.#store.setLatestModelId(id);
    this.#model = { round, model, updates: unmasked.count, scalarSum: unmasked.scalarSum };
    return { type: 'model-stored' };
  }

  #forget(): void {
    this.#sums = undefined;
    this.#seeds = undefined;
    this.#aggregate = undefined;
    this.#aggregated = new Set();
    this.#masks = [];
    this.#unmasked = undefined;
    this.#model = undefined;
  }
}

/** A failure that leaves store and aggregate apart: the round cannot go on. */
class NotInStep extends XaynetError {}

/**
 * Unmasks between the answers to requests (weakness W-17): in slices of some 10 ms with pauses. On other threads it would take longer,
 * as handing a vector over costs more than unmasking it.
 */
function unmask(sum: Aggregation, mask: MaskObject): Promise<UnmaskedFractions> {
  return createMaskPool({ threads: 0 }).unmask({ sum, mask, data: 'fractions' });
}

function admission(request: number, verdict: SumVerdict | UpdateVerdict): RoundEvent {
  return verdict === 'ok' ? { type: 'admitted', request, votes: 0 } : { type: 'refused', request, code: VERDICTS[verdict] };
}

function refusalOf(check: () => void): ErrorCode | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (isXaynetError(error)) return error.code;
    throw error;
  }
}

function sameConfig(a: MaskConfigPair, b: MaskConfigPair): boolean {
  return a.vect === b.vect && a.unit === b.unit;
}

/** The stored form of a phase's settings; it knows whole seconds only (coordinator 0.2). */
export function phaseParams({ count, time }: PhaseLimits): CoordinatorState['sum'] {
  return { countMin: count.min, countMax: count.max, timeMin: Math.ceil(time.min), timeMax: Math.ceil(time.max) };
}
