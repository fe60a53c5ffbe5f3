// Keeps the books of the rounds. What the coordinator cannot know, the simulation can: the plain mean of exactly the updates that were accepted,
// added up as they are, which every unmasked model is held against. It also makes of each model what everybody starts from next. Fed with the
// coordinator's events in their order; a model is kept only until it is accepted or refused.

import type { CoordinatorEvent } from '@xaynet/coordinator';
import { type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import type { MaskConfig } from '@xaynet/core/mask';
import type { Optimiser } from '../learning/optimiser.ts';
import { RunningMean } from '../learning/running-mean.ts';
import type { LearningTask } from '../learning/task.ts';
import { AdversaryBook } from './adversary-book.ts';
import type { PhaseTimes, RoundResult } from './result.ts';
import type { Tally } from './tally.ts';
import type { Timeline, Topic } from './timeline.ts';

/** What the books are kept of. */
export interface BookInput {
  readonly task: LearningTask;
  readonly mask: MaskConfig;
  readonly optimiser: Optimiser;
  readonly timeline: Timeline;
  /** Public keys of the participants by index, their tallies and shares. */
  readonly keys: readonly PublicSigningKey[];
  readonly tallies: readonly Tally[];
  readonly shares: readonly number[];
  readonly shareUnit: number;
  /** Rounds that are wanted, failed ones included. */
  readonly rounds: number;
  /** Told of whatever changes what is shown. */
  readonly changed: () => void;
}

/** A model as it was handed over. */
interface Kept {
  readonly weights: Float32Array;
  readonly excess: number;
}

const TOPIC: Readonly<Record<string, Topic>> = { update: 'sums', sum2: 'seeds' };

/** See the head of the file. */
export class RoundBook {
  readonly results: RoundResult[] = [];
  readonly adversaries: AdversaryBook = new AdversaryBook();
  /** What everybody trains from now. */
  start: Float32Array;
  /** Whether there is a global model to fetch. */
  hasModel = false;
  /** Number and seed (hexadecimal) of the round that runs. */
  round = 0;
  roundSeed = '';
  phase = 'starting';
  /** Of the round that runs. */
  counts = { sumSelected: 0, updateSelected: 0, sum: 0, update: 0, sum2: 0, refused: 0 };
  /** Weights of the mean that are unmasked, where that takes long. */
  unmasking: { readonly done: number; readonly total: number } | undefined;
  /** How far those are, from 0 to 1, who compute for long, by their numbers. */
  readonly underWay: Map<number, number> = new Map();
  readonly #input: BookInput;
  readonly #indices: ReadonlyMap<string, number>;
  readonly #limit: number;
  readonly #hasAdversaries: boolean;
  #kept = new Map<number, Kept>();
  #mean: RunningMean | undefined;
  #honest: RunningMean | undefined;
  #refusals = new Map<string, number>();
  #gaveUp = new Map<string, number>();
  #clamped = 0;
  #times: PhaseTimes = {};
  #since = { phase: 0, phaseSimulated: 0, cpu: 0, round: 0, roundSimulated: 0, up: 0, down: 0, sumLeft: 0, updateLeft: 0, late: 0 };

  constructor(input: BookInput) {
    this.#input = input;
    this.start = input.task.initial;
    this.#indices = new Map(input.keys.map((key, index) => [toHex(key), index]));
    this.#limit = Number(input.mask.addShift) * input.shareUnit;
    this.#hasAdversaries = input.tallies.some(({ adversary }) => adversary !== undefined);
  }

  /** Keeps the model that a participant hands over in a round, as it is before masking; `excess` is what it adds beyond all bounds. */
  keep({ index }: Pick<Tally, 'index'>, weights: Float32Array, excess = 0): void {
    this.#kept.set(index, { weights, excess });
  }

  /** Forgets a model whose message was refused. */
  drop({ index }: Tally): void {
    this.#kept.delete(index);
  }

  /** Whether the round with this seed is the one that runs. */
  isOpen(seed: Uint8Array): boolean {
    return toHex(seed) === this.roundSeed;
  }

  /** Takes how far the computation of a participant is. */
  computed({ index }: Tally, done: number, total: number): void {
    this.underWay.set(index, done / total);
    this.#input.changed();
  }

  selected(tally: Tally, role: 'sum' | 'update'): void {
    tally[role]++;
    this.counts[`${role}Selected`]++;
  }

  clamped(_: Tally): void {
    this.#clamped++;
  }

  refused({ adversary }: Tally, code: string): void {
    this.counts.refused++;
    if (adversary === undefined) add(this.#refusals, code);
  }

  gaveUp(_: Tally, code: string): void {
    add(this.#gaveUp, code);
  }

  /** Takes one event of the coordinator; true when all rounds are there. Throws on what must not be. */
  take(event: CoordinatorEvent): boolean {
    switch (event.type) {
      case 'round':
        this.#begin(event.round, toHex(event.params.seed));
        this.#input.timeline.tell('round');
        return false;
      case 'phase': {
        this.#endPhase(event.phase);
        const topic = TOPIC[event.phase];
        if (topic !== undefined) this.#input.timeline.tell(topic);
        return false;
      }
      case 'accepted':
        this.#accept(event.participant, event.tag);
        return false;
      case 'unmasking':
        this.unmasking = event;
        this.#input.changed();
        return false;
      case 'failure':
        return this.#end({ failure: { phase: event.phase, code: event.code, message: event.message } });
      case 'model':
        return this.#judge(event);
      default:
        return false;
    }
  }

  #begin(round: number, seed: string): void {
    const { timeline, tallies } = this.#input;
    this.round = round;
    this.roundSeed = seed;
    this.counts = { sumSelected: 0, updateSelected: 0, sum: 0, update: 0, sum2: 0, refused: 0 };
    this.#kept = new Map();
    this.#mean = undefined;
    this.#honest = undefined;
    this.#refusals = new Map();
    this.#gaveUp = new Map();
    this.#clamped = 0;
    this.#times = {};
    const now = performance.now();
    this.#since = { phase: now, phaseSimulated: timeline.now, cpu: cpuSeconds(), round: now, roundSimulated: timeline.now, ...totals(tallies) };
  }

  #endPhase(next: string): void {
    const { timeline, changed } = this.#input;
    const [now, cpu] = [performance.now(), cpuSeconds()];
    const { phase, phaseSimulated, cpu: before } = this.#since;
    if (this.phase !== 'idle' && this.phase !== 'starting') {
      this.#times[this.phase] = { seconds: (now - phase) / 1000, simulated: (timeline.now - phaseSimulated) / 1000, cpu: cpu - before };
    }
    this.unmasking = undefined;
    this.underWay.clear();
    Object.assign(this.#since, { phase: now, phaseSimulated: timeline.now, cpu });
    this.phase = next;
    changed();
  }

  #accept(participant: PublicSigningKey, tag: 'sum' | 'update' | 'sum2'): void {
    const { tallies, shares, task, changed } = this.#input;
    const index = this.#indices.get(toHex(participant));
    if (index === undefined) throw new Error(`a message of an unknown participant was accepted: ${toHex(participant)}`);
    const tally = tallies[index]!;
    this.underWay.delete(index);
    this.counts[tag]++;
    tally[tag === 'sum' ? 'sumAccepted' : tag === 'update' ? 'updateAccepted' : 'maskAccepted']++;
    if (tag === 'update') {
      const kept = this.#kept.get(index);
      if (kept === undefined) throw new Error(`participant ${index} has trained nothing, yet an update of it was accepted`);
      this.#kept.delete(index);
      const how = { limit: this.#limit, excess: kept.excess };
      this.#mean ??= new RunningMean(task.length);
      this.#mean.add(kept.weights, shares[index]!, how);
      if (this.#hasAdversaries && tally.adversary === undefined) {
        this.#honest ??= new RunningMean(task.length);
        this.#honest.add(kept.weights, shares[index]!, how);
      }
    }
    changed();
  }

  /** Compares the published model with the plain mean of the accepted updates, and goes on from it. */
  #judge(event: CoordinatorEvent & { type: 'model' }): boolean {
    const { mask, optimiser, shareUnit, task } = this.#input;
    const mean = this.#mean;
    if (mean === undefined || event.updates !== mean.count) throw new Error(`the model is of ${event.updates} updates, ${mean?.count ?? 0} were accepted`);
    const weights = event.model.toWeights('F64') as Float64Array;
    const { difference, bound } = mean.compare(weights, { vect: mask, unit: mask }, event.scalarSum);
    const effect = this.#honest === undefined || this.#honest.count === 0 ? undefined : distance(weights, this.#honest.weights());
    this.start = optimiser.next(this.start, weights);
    this.hasModel = true;
    this.#endPhase('published');
    return this.#end({
      model: {
        ...task.evaluate(this.start),
        digest: toHex(sha256(event.model.bytes)),
        bytes: event.model.bytes.length,
        difference,
        bound,
        shares: mean.shares / shareUnit,
        effect,
      },
    });
  }

  #end(outcome: Pick<RoundResult, 'failure' | 'model'>): boolean {
    const { rounds, tallies, timeline, changed } = this.#input;
    const { round, roundSimulated, up, down, sumLeft, updateLeft, late } = this.#since;
    const now = totals(tallies);
    if (outcome.failure !== undefined) this.#endPhase('failure');
    this.results.push({
      round: this.round,
      ...outcome,
      selected: { sum: this.counts.sumSelected, update: this.counts.updateSelected },
      accepted: { sum: this.counts.sum, update: this.counts.update, sum2: this.counts.sum2 },
      left: { sum: now.sumLeft - sumLeft, update: now.updateLeft - updateLeft },
      late: now.late - late,
      clamped: this.#clamped,
      refusals: Object.fromEntries(this.#refusals),
      gaveUp: Object.fromEntries(this.#gaveUp),
      bytes: { up: now.up - up, down: now.down - down },
      seconds: (performance.now() - round) / 1000,
      simulated: (timeline.now - roundSimulated) / 1000,
      phases: this.#times,
    });
    changed();
    return this.results.length >= rounds;
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function totals(tallies: readonly Tally[]): Record<'up' | 'down' | 'sumLeft' | 'updateLeft' | 'late', number> {
  const sum = { up: 0, down: 0, sumLeft: 0, updateLeft: 0, late: 0 };
  for (const tally of tallies) {
    sum.up += tally.up;
    sum.down += tally.down;
    sum.sumLeft += tally.sumLeft;
    sum.updateLeft += tally.updateLeft;
    sum.late += tally.late;
  }
  return sum;
}

/** Root mean square and largest difference of two models. */
function distance(a: Float64Array, b: Float64Array): { rms: number; largest: number } {
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i]! - b[i]!);
    sum += apart * apart;
    if (apart > largest) largest = apart;
  }
  return { rms: Math.sqrt(sum / a.length), largest };
}

/** Seconds that all threads of this process have used a processor. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
