// Deals examples to the participants, unequal and skewed by label as real devices are: how much one holds is log-normal, which
// labels it holds is a Dirichlet draw of its own; or without either skew, or by group. Every row goes to exactly one participant,
// everyone gets a few. The same seed deals the same rows.

import { seededRandom } from './seeded-random.ts';

/** Concentration of the Dirichlet draw: at 0.5 a participant sees mainly three to five of the ten digits. */
export const LABEL_CONCENTRATION = 0.5;
/** Deviation of the logarithm of the sizes: at 0.6 the largest of 24 holds about ten times as much as the smallest. */
export const SIZE_DEVIATION = 0.6;

/** How examples are dealt: equal shares by chance, skewed by label, unequal in size, or by whose hand they are in. */
export const PARTITIONS = ['iid', 'dirichlet', 'sizes', 'writers'] as const;
export type PartitionName = (typeof PARTITIONS)[number];

/** What can be set of a deal. */
export interface Deal {
  /** Concentration of the Dirichlet draw of labels; undefined: labels fall as they come. */
  readonly labels?: number | undefined;
  /** Deviation of the logarithm of the sizes; 0: equal. */
  readonly sizes: number;
  /** Examples that everybody gets. */
  readonly least: number;
}

/**
 * Row numbers of `labels` for each of `participants` (≥ 1), skewed by label and unequal in size: every row exactly once, at least `least` each;
 * throws an ordinary Error when there are not enough rows for that.
 */
export function dealRows(labels: Uint8Array, participants: number, seed: number, least = 4): number[][] {
  return dealBy({ labels: LABEL_CONCENTRATION, sizes: SIZE_DEVIATION, least }, labels, participants, seed);
}

/** The same with everything set: every row exactly once. */
export function dealBy({ labels: concentration, sizes, least }: Deal, labels: Uint8Array, participants: number, seed: number): number[][] {
  if (participants * least > labels.length)
    throw new Error(`${labels.length} examples are too few for ${participants} participants with at least ${least} each`);
  const random = seededRandom(seed, 'partition');
  const classes = concentration === undefined ? 1 : labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const appetite = Array.from({ length: participants }, () => {
    const size = sizes === 0 ? 1 : Math.exp(sizes * random.normal());
    if (concentration === undefined) return [size];
    const taste = Array.from({ length: classes }, () => random.gamma(concentration));
    if (!taste.some((value) => value > 0)) taste[random.below(classes)] = 1; // too small for a double, all of them: one is all there is
    const total = taste.reduce((sum, value) => sum + value, 0);
    return taste.map((value) => (size * value) / total);
  });
  const hands: number[][] = appetite.map(() => []);
  for (let label = 0; label < classes; label++) {
    const rows = random.shuffle(Array.from(labels.keys()).filter((row) => concentration === undefined || labels[row] === label));
    cut(
      rows.length,
      appetite.map((wants) => wants[label]!),
    ).forEach((end, i, ends) => {
      hands[i]!.push(...rows.slice(i === 0 ? 0 : ends[i - 1]!, end));
    });
  }
  level(hands, least);
  return hands;
}

/**
 * Takes rows from whoever has most at the time, the first of those, until everybody has `least`; there must be enough for that. Givers are kept by
 * how much they have, as looking at everybody for each row takes minutes with a hundred thousand.
 */
export function level(hands: readonly number[][], least: number): void {
  const byLength: number[][] = [];
  for (const [i, { length }] of hands.entries()) {
    if (length <= least) continue; // as long as somebody has less, somebody has more
    byLength[length] ??= [];
    byLength[length].push(i);
  }
  let most = Math.max(0, byLength.length - 1);
  let givers = byLength[most] ?? [];
  let next = 0;
  for (const hand of hands) {
    while (hand.length < least) {
      while (next === givers.length) {
        // All who had most have given one.
        givers = [...givers, ...(byLength[--most] ?? [])].sort((a, b) => a - b);
        next = 0;
      }
      hand.push(hands[givers[next++]!]!.pop()!);
    }
  }
}

/**
 * Deals groups of rows that lie together, such as what one hand wrote: whole groups while there are enough of them, otherwise connected
 * pieces of one group each. `groups` are the rows of each; every row exactly once.
 */
export function dealGroups(groups: readonly (readonly number[])[], participants: number): number[][] {
  if (participants <= groups.length) {
    return Array.from({ length: participants }, (_, i) => groups.flatMap((rows, group) => (group % participants === i ? rows : [])));
  }
  const hands: number[][] = Array.from({ length: participants }, () => []);
  groups.forEach((rows, group) => {
    const members = hands.filter((_, i) => i % groups.length === group);
    members.forEach((hand, i) => {
      const [from, to] = [i, i + 1].map((at) => Math.round((at * rows.length) / members.length));
      hand.push(...rows.slice(from, to));
    });
  });
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
