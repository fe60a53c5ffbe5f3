// What a case is, and how it becomes a line: first its result must equal the oracle's, then it runs in turns with its limit (and with
// whatever else a bar compares it with), and last the oracle runs on a few weights.

import type { Bar, Line, Unit } from './lines.ts';
import { type Patience, race } from './measure.ts';

/** One thing to measure. */
export interface Case {
  readonly name: string;
  readonly config: string;
  readonly unit: Unit;
  /** Units of one run. */
  readonly amount: number;
  /** Throws unless the result equals the oracle's. */
  check(): void | Promise<void>;
  run(): unknown;
  /** The same by the oracle, for fewer units. */
  readonly oracle?: { readonly amount: number; run(): unknown };
  /** What physics allows for one run. */
  readonly limit?: { readonly name: string; run(): unknown };
  /** Another contestant that a bar compares with; where it can be done in another way, the faster of the two counts. */
  readonly beside?: { readonly name: string; run(): unknown; otherwise?(): unknown };
  readonly bars?: readonly CaseBar[];
}

/** A bar of the project: which figure, and what it must reach. */
export type CaseBar =
  | { readonly of: 'rate' | 'limit' | 'oracle' | 'speedup'; readonly atLeast: number }
  | { readonly of: 'time' /** Times the other contestant's time. */; readonly atMost: number };

/** Where a case runs, and how long. */
export interface Setting {
  readonly where: string;
  readonly source: string;
  /** Whether the source is what the project chooses by itself. */
  readonly chosen: boolean;
  readonly patience: Patience;
  /** Whether bars are judged: the length is theirs, and there is time. */
  readonly judged: boolean;
}

/** Thrown by a check. */
export class Unequal extends Error {}

/** Throws {@link Unequal} where the two differ. */
export function equal(actual: ArrayLike<unknown>, expected: ArrayLike<unknown>, what: string): void {
  if (actual.length !== expected.length) throw new Unequal(`${what}: ${actual.length} given, ${expected.length} expected`);
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) throw new Unequal(`${what}: number ${i} is ${actual[i]}, the oracle has ${expected[i]}`);
  }
}

/** Checks, then measures. */
export async function measure(subject: Case, { where, source, chosen, patience, judged }: Setting): Promise<Line> {
  const first = { case: subject.name, config: subject.config, source, where, ...(chosen ? { chosen } : {}) };
  await subject.check();
  const runs: Record<string, () => unknown> = { subject: () => subject.run() };
  if (subject.limit) runs.limit = () => subject.limit!.run();
  if (subject.beside) runs.beside = () => subject.beside!.run();
  if (subject.beside?.otherwise) runs.otherwise = () => subject.beside!.otherwise!();
  const times = await race(runs, patience);
  if (times.otherwise && times.otherwise.best < times.beside!.best) times.beside = times.otherwise;
  const own = times.subject!;
  const oracle = subject.oracle && (await race({ oracle: () => subject.oracle!.run() }, { ...patience, budget: patience.budget / 4 })).oracle;
  const figures = {
    rate: subject.amount / own.best,
    oracle: oracle && oracle.best / subject.oracle!.amount / (own.best / subject.amount),
    limit: times.limit && times.limit.best / own.best,
    time: times.beside && own.best / times.beside.best,
    speedup: times.beside && times.beside.best / own.best,
  };
  const bars = subject.bars?.map((bar): Bar => {
    const scale = bar.of === 'rate' ? 1e6 : 1;
    const value = figures[bar.of]! / scale;
    const suffix = { rate: '', limit: ' limit', oracle: ' oracle', time: ` ${subject.beside?.name}`, speedup: ` ${subject.beside?.name}` }[bar.of];
    const met = 'atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost;
    const text = 'atLeast' in bar ? `≥ ${bar.atLeast}${bar.of === 'rate' ? ' M/s' : ` ×${suffix}`}` : `time ≤ ${bar.atMost} ×${suffix}`;
    return { text, value, ...(judged ? { met } : {}) };
  });
  return {
    ...first,
    best: figures.rate,
    median: subject.amount / own.median,
    samples: own.samples,
    unit: subject.unit,
    ...(figures.oracle === undefined ? {} : { oracle: figures.oracle }),
    ...(figures.limit === undefined ? {} : { limit: { name: subject.limit!.name, ratio: figures.limit } }),
    ...(bars === undefined ? {} : { bars }),
  };
}
