// Deals the rows of a data set for a task. Where there are more participants than rows, every row is dealt several times, to different
// participants for the most part, and the sentence about it says so: it is then no longer a federation of strangers, but as many real shares.

import { dealBy, dealGroups } from './partition.ts';
import type { LabelCounts, TaskInput } from './task.ts';

/** Examples that everybody gets at least. */
const LEAST = 2;

/** Rows of each participant, and how they came to them. */
export interface Dealt {
  readonly hands: readonly (readonly number[])[];
  readonly about: string;
}

/** Deals rows with these labels; `groups`: the first row of each group that lies together, where there are any. */
export function dealTo({ participants, partition, skew, seed }: TaskInput, labels: Uint8Array, groups: readonly number[], groupName: string): Dealt {
  const rows = labels.length;
  const copies = Math.ceil((participants * LEAST) / rows);
  const times = copies === 1 ? '' : `; there are fewer examples than that takes, so each is dealt ${copies} times`;
  const fold = (hands: readonly (readonly number[])[]): (readonly number[])[] => hands.map((hand) => hand.map((row) => row % rows));
  if (partition === 'writers') {
    const piles = groups.map((from, i) => Array.from({ length: (groups[i + 1] ?? rows) - from }, (_, at) => from + at));
    const hands = dealGroups(
      piles.map((pile) => Array.from({ length: copies }, () => pile).flat()),
      participants,
    );
    return { hands, about: `dealt by ${groupName}, ${groups.length} of them${times}` };
  }
  const pool = new Uint8Array(rows * copies);
  for (let copy = 0; copy < copies; copy++) pool.set(labels, copy * rows);
  const deal = (labelled: number | undefined, sizes: number) => fold(dealBy({ labels: labelled, sizes, least: LEAST }, pool, participants, seed));
  switch (partition) {
    case 'iid':
      return { hands: deal(undefined, 0), about: `dealt by chance in equal shares${times}` };
    case 'sizes':
      return { hands: deal(undefined, skew), about: `dealt by chance, sizes log-normal with deviation ${skew}${times}` };
    case 'dirichlet':
      return { hands: deal(skew, 0), about: `skewed by label, Dirichlet with concentration ${skew}${times}` };
  }
}

/** Who holds how many examples of each label, by the rows that they were dealt; `ofRows` are numbers into `labels`. */
export function labelCounts(hands: readonly (readonly number[])[], ofRows: Uint8Array, labels: readonly string[]): LabelCounts {
  const counts = hands.map((hand) => {
    const count = labels.map(() => 0);
    for (const row of hand) count[ofRows[row]!]!++;
    return count;
  });
  return { labels, counts };
}
