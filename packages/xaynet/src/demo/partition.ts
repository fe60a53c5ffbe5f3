// Deals the training rows to the participants, unequal and skewed by label as real devices are: how much one holds is
// log-normal, which digits it holds is a Dirichlet draw of its own. Every row goes to exactly one participant, everyone gets
// a few. The same seed deals the same rows.

import { CLASSES } from './digits.ts';
import { seededRandom } from './seeded-random.ts';

/** Concentration of the Dirichlet draw: at 0.5 a participant sees mainly three to five of the ten digits. */
export const LABEL_CONCENTRATION = 0.5;
/** Deviation of the logarithm of the sizes: at 0.6 the largest of 24 holds about ten times as much as the smallest. */
export const SIZE_DEVIATION = 0.6;

/**
 * Row numbers of `labels` for each of `participants` (≥ 1): every row exactly once, at least `least` each; throws an ordinary
 * Error when there are not enough rows for that.
 */
export function dealRows(labels: Uint8Array, participants: number, seed: number, least = 4): number[][] {
  if (participants * least > labels.length)
    throw new Error(`${labels.length} examples are too few for ${participants} participants with at least ${least} each`);
  const random = seededRandom(seed, 'partition');
  const appetite = Array.from({ length: participants }, () => {
    const size = Math.exp(SIZE_DEVIATION * random.normal());
    const taste = Array.from({ length: CLASSES }, () => random.gamma(LABEL_CONCENTRATION));
    const total = taste.reduce((sum, value) => sum + value, 0);
    return taste.map((value) => (size * value) / total);
  });
  const hands: number[][] = appetite.map(() => []);
  for (let digit = 0; digit < CLASSES; digit++) {
    const rows = random.shuffle(Array.from(labels.keys()).filter((row) => labels[row] === digit));
    cut(
      rows.length,
      appetite.map((wants) => wants[digit]!),
    ).forEach((end, i, ends) => {
      hands[i]!.push(...rows.slice(i === 0 ? 0 : ends[i - 1]!, end));
    });
  }
  for (const hand of hands) {
    while (hand.length < least) hand.push(hands.reduce((richest, other) => (other.length > richest.length ? other : richest)).pop()!);
  }
  return hands;
}

/** Where to cut `count` rows so that the pieces are in proportion to `weights`: the end of each piece, the last one `count`. */
function cut(count: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let running = 0;
  const ends = weights.map((weight) => {
    running += weight;
    return Math.round((running / total) * count);
  });
  ends[ends.length - 1] = count;
  return ends;
}
