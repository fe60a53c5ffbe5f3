// What befalls a participant in a round: how long it trains, and whether it is gone before it is done. Decided by the seed, the participant and
// the round alone, so that it is the same however fast the machine is.

import { seededRandom } from '../learning/seeded-random.ts';

export interface Fate {
  /** Milliseconds of training. */
  readonly training: number;
  /** It leaves: as an update participant before it sends its model, as a sum participant before it sends its mask. */
  readonly drops: boolean;
}

/** Deviation of the logarithm of training times. */
const TRAINING_DEVIATION = 0.4;

/** What befalls participant `index` in the round with this id. */
export function fateOf({ seed, dropout, training }: { seed: number; dropout: number; training: number }, index: number, round: string, slowdown: number): Fate {
  const random = seededRandom(seed, `fate ${index} ${round}`);
  return { drops: random.next() < dropout, training: training * slowdown * Math.exp(TRAINING_DEVIATION * random.normal()) };
}
