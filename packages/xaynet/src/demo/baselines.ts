// What the federated model is compared with: every participant training alone on its own rows, and one model trained on all
// rows in one place. Both start from the same untrained weights and see as many epochs as the federation does in all its rounds.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Digits } from './digits.ts';
import { accuracy, type Training, train } from './network.ts';
import { seededRandom } from './seeded-random.ts';

/** How every participant trains in a round. Chosen by measuring: more epochs gain less than a point, fewer lose several. */
export const LOCAL_TRAINING: Training = { epochs: 5, learningRate: 0.2, batch: 4 };

/** Accuracies on the test rows, shares of 1. */
export interface Baselines {
  readonly untrained: number;
  /** One for each participant. */
  readonly alone: readonly number[];
  readonly central: number;
  /** Seconds that one participant's training for one round takes on average. */
  readonly training: number;
}

/** Trains alone and centrally for `rounds` times the local epochs; throws the signal's reason when aborted in between. */
export async function measureBaselines(input: {
  readonly initial: Float32Array;
  readonly shares: readonly Digits[];
  readonly train: Digits;
  readonly test: Digits;
  readonly rounds: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}): Promise<Baselines> {
  const { initial, test, seed, signal } = input;
  const how = { ...LOCAL_TRAINING, epochs: LOCAL_TRAINING.epochs * input.rounds };
  const alone: number[] = [];
  let training = 0;
  for (const [i, share] of input.shares.entries()) {
    const begun = performance.now();
    const trained = train(initial, share, how, seededRandom(seed, `alone ${i}`));
    training += (performance.now() - begun) / 1000 / input.rounds / input.shares.length;
    alone.push(accuracy(trained, test));
    await nextTurn();
    signal.throwIfAborted();
  }
  const central = accuracy(train(initial, input.train, how, seededRandom(seed, 'central')), test);
  return { untrained: accuracy(initial, test), alone, central, training };
}
