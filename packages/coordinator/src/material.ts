// The material of a round: what is too large or too secret for the plain state of the machine. Keys and seed, the aggregate, frozen
// dictionaries, the model. It carries out the effects that need the store or arithmetic, each answered by one event. What makes a phase true
// is stored in one act with the phase itself, and before anybody is told.

import { KeyMap, toHex } from '@xaynet/core/bytes';
import { type EncryptKeyPair, generateEncryptKeyPair, type RandomBytes } from '@xaynet/core/crypto';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { Aggregation, MaskObject } from '@xaynet/core/mask';
import { type CoordinatorState, nextRoundSeed, type PublishedModel, publishModel, type RoundParams, type SeedDict, type SumDict } from '@xaynet/core/round';
import { createMaskPool, type Progress, type UnmaskedFractions } from '@xaynet/core/threads';
import { type Admitted, admit } from './admission.ts';
import { type AggregateContext, RoundAggregate } from './aggregate.ts';
import { putRecord, storeModel } from './archive.ts';
import { draw, uniform } from './draw.ts';
import { type MaskedSample, sampleOf } from './masked-sample.ts';
import { messageOf, Stopped } from './patience.ts';
import type { RoundFacts } from './records.ts';
import type { Request } from './request.ts';
import { mostCandidates } from './round/phases/sum.ts';
import { sum2Limits } from './round/phases/sum2.ts';
import { afterRound, NO_QUARANTINE, type Quarantine, type RoundVerdict, verdictOfFailure } from './round/quarantine.ts';
import type { DurablePhase, Effect, FailureCause, PhaseLimits, PhaseName, RoundEvent, RoundSettings, Standing } from './round/state.ts';
import type { Gate, MaskVotes, RoundCounts, RoundProgress } from './stores/contract.ts';

/** The settings that a round is made of. */
export interface MaterialSettings extends RoundSettings {
  readonly pet: {
    readonly sum: PhaseLimits & { readonly prob: number };
    readonly update: PhaseLimits & { readonly prob: number };
    readonly sum2: PhaseLimits;
  };
  readonly compat: RoundSettings['compat'] & { readonly noQuarantine: boolean };
}

/** A model that was unmasked. */
export interface RoundModel {
  readonly round: number;
  readonly model: PublishedModel;
  readonly updates: number;
  readonly scalarSum: UnmaskedFractions['scalarSum'];
  /** A look at the masked sum that it came from. */
  readonly masked: MaskedSample;
}

/** Not everybody comes every time: a quarantine leaves a quarter more than a round needs. */
const QUARANTINE_MARGIN = 1.25;

/** The effects that are answered by an event, admissions aside. */
export type WorkEffect = Extract<
  Effect,
  { type: 'recover' | 'rebuild' | 'erase' | 'new-round' | 'freeze' | 'enter' | 'clear' | 'count-masks' | 'unmask' | 'store-model' | 'probe' }
>;

export interface MaterialOptions extends AggregateContext {
  readonly settings: MaterialSettings;
  readonly random: RandomBytes;
  readonly keys: EncryptKeyPair;
  readonly params: RoundParams;
  /** The round that was interrupted, when there is one to go on with. */
  readonly progress: RoundProgress | undefined;
  /** Told how many weights of a large model are unmasked. */
  readonly unmasking: (round: number, done: number, total: number) => void;
  /** The sum of all updates, where several processes have added them up; left out: the aggregate of this one has them all. */
  readonly gather?: ((round: number, params: RoundParams) => Promise<Aggregation>) | undefined;
}

/** See the head of the file. One effect at a time: the driver waits for the event of one before it asks for the next. */
export class RoundMaterial {
  readonly #options: MaterialOptions;
  #keys: EncryptKeyPair;
  #params: RoundParams;
  #began: number;
  #sums: SumDict | undefined;
  #seeds: SeedDict | undefined;
  #aggregate: RoundAggregate | undefined;
  #masks: readonly MaskVotes[] = [];
  #unmasked: UnmaskedFractions | undefined;
  #model: RoundModel | undefined;
  #quarantine: Quarantine = NO_QUARANTINE;

  constructor(options: MaterialOptions) {
    this.#options = options;
    this.#keys = options.keys;
    this.#params = options.params;
    this.#began = options.progress?.began ?? options.progress?.since ?? options.clock.now();
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
    this.#aggregate = RoundAggregate.empty(this.#options, this.#params);
  }

  /** Checks a request and has the store decide; see admission.ts. */
  admit(id: number, request: Request): Promise<Admitted> {
    return admit(id, request, { ...this.#options, params: this.#params, aggregate: this.#aggregate, quarantine: this.#quarantine });
  }

  /** Resolves when nothing is being written beside the effects. Never rejects. */
  async settled(): Promise<void> {
    await this.#aggregate?.settled();
  }

  /** Carries out one effect; the event says how it went. Rejects with {@link Stopped} and `storage-fenced` only. */
  async perform(effect: WorkEffect, round: number): Promise<RoundEvent> {
    try {
      return await this.#work(effect, round);
    } catch (error) {
      if (error instanceof Stopped || isXaynetError(error, 'storage-fenced')) throw error;
      if (effect.type === 'probe') return { type: 'probed', ready: false };
      this.#options.logger.error({ round, effect: effect.type, error }, 'an effect of the round failed');
      return { type: 'failed', code: isXaynetError(error) ? error.code : 'internal-error', message: `${effect.type}: ${messageOf(error)}` };
    }
  }

  async #work(effect: WorkEffect, round: number): Promise<RoundEvent> {
    const { store, patience } = this.#options;
    switch (effect.type) {
      case 'recover':
        return this.#recover(effect.phase);
      case 'rebuild':
        return this.#rebuild(effect.phase);
      case 'erase':
        this.#forget();
        await patience.call('erase', () => store.eraseRound());
        return { type: 'erased' };
      case 'new-round':
        return this.#newRound(effect.progress);
      case 'freeze':
        return effect.document === 'sums' ? this.#freezeSums(effect.progress) : this.#freezeSeeds(effect.progress);
      case 'enter':
        await this.#closeAdmissions();
        await patience.call('enter', () => store.setProgress(this.#progress(effect.progress)));
        return { type: 'entered' };
      case 'clear':
        await this.#putRecord(round, effect.cause);
        await this.#judgeFailure(round, effect.cause);
        await patience.call('clear', () => store.setProgress(undefined));
        return { type: 'cleared' };
      case 'count-masks':
        this.#masks = await patience.call('count-masks', () => store.bestMasks());
        return { type: 'counted', votes: this.#masks.map(({ votes }) => votes) };
      case 'unmask':
        return this.#unmask(round, this.#masks[0]!.mask);
      case 'store-model':
        return this.#storeModel(round);
      case 'probe':
        await patience.once(() => store.ready());
        return { type: 'probed', ready: true };
    }
  }

  /** After an admission of unknown outcome: what the store has is what counts. */
  #recover(phase: 'sum' | 'update' | 'sum2'): Promise<RoundEvent> {
    const { store, patience } = this.#options;
    return patience.retry('recover', async (): Promise<RoundEvent> => {
      await patience.once(() => store.ready());
      if (phase === 'update') await this.#aggregate!.catchUp();
      const counts = await patience.once(() => store.counts());
      return { type: 'recovered', accepted: acceptedIn(counts, phase), leading: counts.leading };
    });
  }

  /** After a restart: aggregate and dictionaries as they were when the process died. */
  #rebuild(phase: DurablePhase): Promise<RoundEvent> {
    const { store, patience, clock, progress, logger, gather } = this.#options;
    return patience.retry('rebuild', async (): Promise<RoundEvent> => {
      const counts = await patience.once(() => store.counts());
      if (phase !== 'sum') {
        this.#sums = await patience.once(() => store.sumDict());
        if (this.#sums === undefined) throw new XaynetError('sum-dict-empty', 'the store has no sum dictionary');
        const isElsewhere = phase === 'update' && gather !== undefined;
        this.#aggregate = isElsewhere ? RoundAggregate.empty(this.#options, this.#params) : await RoundAggregate.restore(this.#options, this.#params);
        if (phase !== 'update') this.#seeds = await this.#readSeeds();
        else if (!isElsewhere) this.#checkUpdates(counts.updates);
      }
      const elapsed = clock.now() - progress!.since;
      logger.info({ round: progress!.round, phase, ...counts, elapsed: elapsed / 1000 }, 'the round goes on where it was');
      return { type: 'rebuilt', accepted: acceptedIn(counts, phase), sums: counts.sums, leading: counts.leading, elapsed };
    });
  }

  /** Fresh key pair, next seed, probabilities of the settings (coordinator 1.5); stored with the phase that begins. */
  async #newRound(standing: Standing): Promise<RoundEvent> {
    const { random, clock, store, settings, patience } = this.#options;
    const { sum, update } = settings.pet;
    this.#keys = generateEncryptKeyPair(random);
    const seed = nextRoundSeed(this.#params.seed, this.#keys.secretKey, sum.prob, update.prob);
    this.#params = { ...this.#params, publicKey: this.#keys.publicKey, sum: sum.prob, update: update.prob, seed };
    await patience.call('new-round', () => {
      this.#began = clock.now();
      return store.setCoordinatorState(this.#state(standing.round), this.#progress(standing));
    });
    return { type: 'round-stored' };
  }

  #state(roundId: number): CoordinatorState {
    const { sum, update, sum2 } = this.#options.settings.pet;
    return { keys: this.#keys, roundId, params: this.#params, sum: phaseParams(sum), update: phaseParams(update), sum2: phaseParams(sum2) };
  }

  /** Made anew for every try: the phase begins when it is stored. */
  #progress({ round, phase, failures }: Standing): RoundProgress {
    return { round, phase, failures, since: this.#options.clock.now(), began: this.#began, ...this.#gated(phase) };
  }

  /** For a store to which others admit as well. */
  #gated(phase: DurablePhase): { gate?: Gate } {
    const { settings, store } = this.#options;
    if (store.closeAdmissions === undefined) return {};
    const { vect, unit } = this.#params.maskConfig;
    const most = {
      sum: () => mostCandidates(settings),
      update: () => Math.min(settings.pet.update.count.max, vect.maxModels, unit.maxModels),
      sum2: () => sum2Limits(this.#sums?.size ?? 0, settings).count.max,
      unmask: () => 0,
    }[phase]();
    return { gate: { most, excluded: this.#quarantine.excluded } };
  }

  /** What the phase has from here on is what it has: others may have been admitting. */
  async #closeAdmissions(): Promise<void> {
    const { store, patience } = this.#options;
    if (store.closeAdmissions !== undefined) await patience.call('close', () => store.closeAdmissions!());
  }

  /**
   * The sum dictionary as it is published: everybody who came or, when more came than there are places, as many drawn among them (threats T6).
   * The draw is stored with the phase that begins, so it is made once: nobody sees it before, and a restart finds it done.
   */
  async #freezeSums(standing: Standing): Promise<RoundEvent> {
    const { store, settings, random, logger, patience } = this.#options;
    const { max } = settings.pet.sum.count;
    await this.#closeAdmissions();
    const came = await patience.call('freeze', () => store.sumDict());
    const drawn = came !== undefined && came.size > max ? draw(came.keys(), max, random) : undefined;
    await patience.call('freeze', () => store.closeSum(drawn, this.#progress(standing)));
    if (drawn !== undefined) logger.info({ round: standing.round, candidates: came!.size, places: max }, 'sum participants drawn');
    this.#sums = drawn === undefined ? came : new KeyMap(drawn.map((participant) => [participant, came!.get(participant)!]));
    return { type: 'frozen', entries: this.#sums?.size ?? 0 };
  }

  /** The seeds of exactly the updates in the aggregate, which is made durable in one piece: masked models are not kept longer than needed (T16). */
  async #freezeSeeds(standing: Standing): Promise<RoundEvent> {
    const { store, patience } = this.#options;
    await this.#closeAdmissions();
    const aggregate = await patience.retry('freeze', () => this.#wholeAggregate(standing.round));
    this.#aggregate = aggregate;
    await patience.retry('checkpoint', () => aggregate.save());
    const seeds = await patience.retry('freeze', () => this.#readSeeds());
    await patience.call('freeze', () => store.setProgress(this.#progress(standing)));
    this.#seeds = seeds;
    return { type: 'frozen', entries: aggregate.count };
  }

  async #wholeAggregate(round: number): Promise<RoundAggregate> {
    const { gather } = this.#options;
    if (gather !== undefined) return RoundAggregate.gathered(this.#options, await gather(round, this.#params));
    // Nothing can be missing, unless a call that was given up long ago has come true since.
    await this.#aggregate!.catchUp();
    return this.#aggregate!;
  }

  /** The stored seed dictionary; it and the aggregate must never part (weakness W-11), so anything else than a seed of each update in each row is an error. */
  async #readSeeds(): Promise<SeedDict | undefined> {
    const { store, patience } = this.#options;
    const seeds = await patience.once(() => store.seedDict());
    for (const sum of seeds?.keys() ?? []) this.#checkUpdates(seeds!.get(sum)!.size);
    return seeds;
  }

  #checkUpdates(stored: number): void {
    if (stored !== this.updates) throw new XaynetError('seed-dict-damaged', `seeds of ${stored} updates, ${this.updates} updates in the aggregate`);
  }

  /** Between the answers to requests (weakness W-17): in slices of some 10 ms with pauses. Handing the vector to other threads costs more than it saves. */
  async #unmask(round: number, mask: MaskObject): Promise<RoundEvent> {
    const { clock, meter, unmasking } = this.#options;
    const begun = clock.now();
    const onProgress = ({ done, total }: Progress): void => void (done < total && unmasking(round, done, total));
    this.#unmasked = await createMaskPool({ threads: 0 }).unmask({ sum: this.#aggregate!.sum, mask, data: 'fractions', onProgress });
    meter.observe('unmask', (clock.now() - begun) / 1000, mask.vect.length);
    return { type: 'unmasked', withinBound: this.#unmasked.withinBound };
  }

  async #storeModel(round: number): Promise<RoundEvent> {
    const unmasked = this.#unmasked!;
    const model = publishModel(unmasked);
    const id = `${round}_${toHex(this.#params.seed)}`;
    await storeModel(this.#options, id, model.bytes);
    const aggregate = this.#aggregate!.sum.object();
    await this.#putRecord(round, undefined, { id, bytes: model.bytes }, aggregate);
    const masked = sampleOf(aggregate);
    this.#model = { round, model, updates: unmasked.count, scalarSum: unmasked.scalarSum, masked };
    this.#judge(round, 'model');
    return { type: 'model-stored' };
  }

  async #judgeFailure(round: number, { phase, code }: FailureCause): Promise<void> {
    const { store, patience } = this.#options;
    const { masks } = await patience.call('clear', () => store.counts());
    this.#judge(round, verdictOfFailure(phase, code, masks));
  }

  /** Who sits out the next round (threats T9, T10). Kept in memory only: a restart begins without suspects. */
  #judge(round: number, verdict: RoundVerdict): void {
    const { settings, random, logger } = this.#options;
    if (settings.compat.noQuarantine) return;
    const [row] = this.#seeds ?? [];
    const updates = [...(row?.[1].keys() ?? [])].map(toHex);
    const least = Math.ceil(QUARANTINE_MARGIN * settings.pet.update.count.min);
    this.#quarantine = afterRound(this.#quarantine, { verdict, updates }, least, (n) => uniform(n, random));
    const { suspects, convicted, excluded } = this.#quarantine;
    if (excluded.length === 0) return;
    logger.warn(
      { round, suspects: suspects.length, convicted: convicted.map((key) => key.slice(0, 8)), excluded: excluded.length },
      'a round was garbled; some of its update participants sit the next one out',
    );
  }

  #putRecord(
    round: number,
    failure: FailureCause | undefined,
    model?: RoundFacts['model'],
    aggregate: MaskObject | undefined = this.updates === 0 ? undefined : this.#aggregate!.sum.object(),
  ): Promise<void> {
    return putRecord(this.#options, { round, began: this.#began, failure, model, params: this.#params, sumDict: this.#sums, seedDict: this.#seeds, aggregate });
  }

  #forget(): void {
    this.#sums = undefined;
    this.#seeds = undefined;
    this.#aggregate = undefined;
    this.#masks = [];
    this.#unmasked = undefined;
    this.#model = undefined;
  }
}

/** How many messages of a phase are stored; 0 for one that takes none. */
export function acceptedIn({ sums, updates, masks }: RoundCounts, phase: PhaseName): number {
  return phase === 'sum' ? sums : phase === 'update' ? updates : phase === 'sum2' || phase === 'unmask' ? masks : 0;
}

/** The stored form of a phase's settings; it knows whole seconds only (coordinator 0.2). */
export function phaseParams({ count, time }: PhaseLimits): CoordinatorState['sum'] {
  return { countMin: count.min, countMax: count.max, timeMin: Math.ceil(time.min), timeMax: Math.ceil(time.max) };
}
