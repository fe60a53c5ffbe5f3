// Watches over the rounds of the demo. What the coordinator cannot know, the demo can: this keeps every trained model as it was
// before masking, computes the plain weighted mean of exactly the updates that were accepted, and compares the unmasked model
// with it. Fed with the coordinator's events, in their order.

import type { CoordinatorEvent } from '@xaynet/coordinator';
import { type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { MaskConfig } from '@xaynet/core/mask';
import { type PublishedModel, roundIdOf } from '@xaynet/core/round';
import type { Digits } from '../learning/digits.ts';
import { compareModels, differenceBound, weightedMean } from '../learning/exact-mean.ts';
import { accuracy, WEIGHTS } from '../learning/network.ts';
import type { Progress } from './progress.ts';
import type { RoundResult } from './report.ts';
import type { Window } from './round-plan.ts';

/** What the judge must know of the federation. */
export interface JudgeInput {
  /** Public keys of the participants, by index. */
  readonly keys: readonly PublicSigningKey[];
  readonly shares: readonly Digits[];
  readonly test: Digits;
  readonly mask: MaskConfig;
  /** Successful rounds that are wanted. */
  readonly rounds: number;
  /** Windows of the phases by their names, to be shown. */
  readonly windows: Readonly<Record<string, Window | undefined>>;
  readonly tell: (progress: Progress) => void;
}

/** What became of all rounds. */
export interface RoundsResult {
  readonly results: readonly RoundResult[];
  readonly failed: number;
}

/** More failed rounds in a row than this end the demo: with enough participants one is rare, and four succeed in 2 of 5. */
export const MOST_FAILURES = 30;

/** Follows the coordinator's events and judges every model that is published. */
export class RoundJudge {
  readonly #input: JudgeInput;
  readonly #indices: ReadonlyMap<string, number>;
  readonly #results: RoundResult[] = [];
  #trained = new Map<number, Float32Array>();
  #roundId = '';
  #begun = 0;
  #sums = 0;
  #accepted: number[] = [];
  #failed = 0;
  #attempt = 1;

  constructor(input: JudgeInput) {
    this.#input = input;
    this.#indices = new Map(input.keys.map((key, index) => [toHex(key), index]));
  }

  /** Keeps the model that participant `index` hands over in a round, as it is before masking. */
  keep(round: string, index: number, weights: Float32Array): void {
    if (round === this.#roundId) this.#trained.set(index, weights);
  }

  /** Takes one event; true when the demo has all the rounds it wants. */
  take(event: CoordinatorEvent): boolean {
    const { tell, rounds, windows } = this.#input;
    switch (event.type) {
      case 'round':
        this.#roundId = roundIdOf(event.params);
        this.#trained = new Map();
        this.#accepted = [];
        this.#sums = 0;
        this.#begun = performance.now();
        tell({ type: 'round', round: event.round, attempt: this.#attempt });
        return false;
      case 'phase': {
        const window = windows[event.phase];
        tell({ type: 'phase', phase: event.phase, least: window?.min, most: window?.max });
        return false;
      }
      case 'accepted': {
        const index = this.#indices.get(toHex(event.participant));
        if (index === undefined) throw new Error(`a message of an unknown participant was accepted: ${toHex(event.participant)}`);
        if (event.tag === 'sum') this.#sums++;
        if (event.tag === 'update') this.#accepted.push(index);
        tell({ type: 'accepted', participant: index, tag: event.tag });
        return false;
      }
      case 'failure':
        this.#failed++;
        this.#attempt++;
        tell({ type: 'failed', phase: event.phase, reason: event.message });
        if (this.#attempt > MOST_FAILURES)
          throw new XaynetError('demo-rounds-failed', `${MOST_FAILURES} in a row, the last one in ${event.phase}: ${event.message}`);
        return false;
      case 'model': {
        const result = this.#judge(event);
        this.#results.push(result);
        this.#attempt = 1;
        tell({ type: 'finished', result });
        return this.#results.length === rounds;
      }
      default:
        return false;
    }
  }
  /** What became of the rounds so far. */
  result(): RoundsResult {
    return { results: this.#results, failed: this.#failed };
  }

  /** Compares the published model with the plain mean of the accepted updates. */
  #judge(event: CoordinatorEvent & { type: 'model' }): RoundResult {
    const { shares, mask, test } = this.#input;
    if (event.updates !== this.#accepted.length) throw new Error(`the model is of ${event.updates} updates, ${this.#accepted.length} were accepted`);
    const updates = this.#accepted.map((index) => {
      const weights = this.#trained.get(index);
      if (weights === undefined) throw new Error(`participant ${index + 1} has trained nothing, yet an update of it was accepted`);
      return { weights, examples: shares[index]!.labels.length };
    });
    const { difference, largestMean } = compareModels(event.model.toModel(), weightedMean(updates));
    return {
      number: this.#results.length + 1,
      round: event.round,
      sums: this.#sums,
      updates: updates.length,
      accuracy: accuracyOf(event.model, test),
      difference,
      bound: differenceBound({ vect: mask, unit: mask }, updates.length, event.scalarSum, largestMean),
      scalarSum: Number(event.scalarSum.numerator) / Number(event.scalarSum.denominator),
      seconds: (performance.now() - this.#begun) / 1000,
    };
  }
}

/** The share of `test` that a published model reads right; what pads it is left out. */
export function accuracyOf(model: PublishedModel, test: Digits): number {
  return accuracy(Float32Array.from(model.toWeights('F64').subarray(0, WEIGHTS)), test);
}
