// What the federated model is compared with: every participant training alone on its own rows, and one model trained on all
// rows in one place. Both start from the same untrained weights and see as many epochs as the federation does in all its rounds.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Digits } from '../learning/digits.ts';
import { accuracy, type Training, train, trainByEpochs } from '../learning/network.ts';
import { seededRandom } from '../learning/seeded-random.ts';

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
  /** Told how many of how many epochs over all rows are over. */
  readonly tell: (done: number, total: number) => void;
}): Promise<Baselines> {
  const { initial, test, seed, signal, tell } = input;
  const how = { ...LOCAL_TRAINING, epochs: LOCAL_TRAINING.epochs * input.rounds };
  const alone: number[] = [];
  // All shares together are the rows once.
  const total = 2 * how.epochs;
  let training = 0;
  for (const [i, share] of input.shares.entries()) {
    const begun = performance.now();
    const trained = train(initial, share, how, seededRandom(seed, `alone ${i}`));
    training += (performance.now() - begun) / 1000 / input.rounds / input.shares.length;
    alone.push(accuracy(trained, test));
    await nextTurn();
    signal.throwIfAborted();
    tell((how.epochs * alone.length) / input.shares.length, total);
  }
  const epochs = trainByEpochs(initial, input.train, how, seededRandom(seed, 'central'));
  let step = epochs.next();
  for (; !step.done; step = epochs.next()) {
    tell(how.epochs + step.value, total);
    await nextTurn();
    signal.throwIfAborted();
  }
  const central = accuracy(step.value, test);
  return { untrained: accuracy(initial, test), alone, central, training };
}
