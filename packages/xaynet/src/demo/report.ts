// What a demo found, and whether that is what it promises: the federated model clearly better than training alone, and the
// unmasked model no further from the plain mean than the arithmetic allows. The same report is the table and the `--json`.

import { grouped, percent, scientific } from '../figures.ts';

/** One successful round. */
export interface RoundResult {
  /** 1, 2, … among the successful rounds. */
  readonly number: number;
  /** The coordinator's number, which also counts failed rounds. */
  readonly round: number;
  readonly sums: number;
  readonly updates: number;
  /** Of the global model on the held-out rows, 0 to 1. */
  readonly accuracy: number;
  /** Largest |unmasked − plain mean| of a weight, and what it must stay under. */
  readonly difference: number;
  readonly bound: number;
  /** Sum of the scalars of the updates: the share of all training examples that took part. */
  readonly scalarSum: number;
  readonly seconds: number;
}

/** What was found; a JSON document with `--json`. Accuracies are shares of 1, times seconds, sizes bytes. */
export interface DemoReport {
  readonly demo: 'digits';
  readonly seed: number;
  readonly participants: number;
  readonly mask: string;
  /** Weights of the network, and of the model that travels (padding included). */
  readonly weights: number;
  readonly length: number;
  readonly examples: { readonly train: number; readonly test: number; readonly smallest: number; readonly median: number; readonly largest: number };
  readonly heldOut: string;
  readonly accuracy: {
    readonly untrained: number;
    readonly alone: { readonly mean: number; readonly worst: number; readonly best: number };
    readonly federated: number;
    readonly central: number;
  };
  readonly bytes: { readonly update: number; readonly up: number; readonly down: number };
  readonly seconds: { readonly total: number; readonly round: number };
  readonly failedRounds: number;
  readonly largestDifference: LargestDifference | undefined;
  readonly rounds: readonly RoundResult[];
  readonly verdict: Verdict;
}

/** Whether the demo kept its promises; `reasons` says what broke, one sentence each, empty when all is well. */
export interface Verdict {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/**
 * How much better than the average participant alone the federated model must be: ten percentage points. On 510 held-out
 * images an accuracy is uncertain by at most 2.2 points (one standard error), a difference of two by 3.1: ten are more than
 * three of those, so chance does not pass for learning. Measured: 15 (4 participants) to 45 (100) after ten rounds.
 */
export const CLEARLY_BETTER = 0.1;

/** The verdict on what was measured: accuracies as shares of 1, and every successful round. */
export function judge(accuracy: { alone: number; federated: number }, rounds: readonly Pick<RoundResult, 'round' | 'difference' | 'bound'>[]): Verdict {
  const reasons: string[] = [];
  const margin = accuracy.federated - accuracy.alone;
  if (rounds.length === 0) reasons.push('no round was successful');
  if (!(margin >= CLEARLY_BETTER)) {
    reasons.push(
      `the federated model (${percent(accuracy.federated)}) is not clearly better than training alone (${percent(accuracy.alone)}): ${percent(CLEARLY_BETTER)} more are expected; more --rounds help`,
    );
  }
  for (const { round, difference, bound } of rounds) {
    if (!(difference <= bound))
      reasons.push(`round ${round}: the unmasked model is ${scientific(difference)} from the plain weighted mean, more than the bound ${scientific(bound)}`);
  }
  return { ok: reasons.length === 0, reasons };
}

/** The largest |unmasked − plain mean| of all rounds with its own bound, and which share of its bound any round came to at most. */
export interface LargestDifference {
  readonly difference: number;
  readonly bound: number;
  readonly round: number;
  /** Largest difference / bound of all rounds: the promise is that it stays at or below 1. */
  readonly shareOfBound: number;
}

/** What {@link LargestDifference} says of these rounds; undefined without rounds. */
export function largestDifference(rounds: readonly Pick<RoundResult, 'round' | 'difference' | 'bound'>[]): LargestDifference | undefined {
  const [first, ...rest] = rounds;
  if (first === undefined) return undefined;
  const { difference, bound, round } = rest.reduce((largest, next) => (next.difference > largest.difference ? next : largest), first);
  return { difference, bound, round, shareOfBound: Math.max(...rounds.map((each) => (each.difference === 0 ? 0 : each.difference / each.bound))) };
}

/** The table at the end, line by line. */
export function reportLines(report: DemoReport): string[] {
  const { accuracy, bytes, examples, seconds, rounds } = report;
  const largest = report.largestDifference;
  const rows: [string, string, string][] = [
    ['accuracy, untrained model', percent(accuracy.untrained), ''],
    [
      'accuracy, average participant alone',
      percent(accuracy.alone.mean),
      `worst ${percent(accuracy.alone.worst)}, best ${percent(accuracy.alone.best)}; as many epochs`,
    ],
    [
      'accuracy, federated model',
      percent(accuracy.federated),
      `${points(accuracy.federated - accuracy.alone.mean)} over alone; ${percent(CLEARLY_BETTER)} needed`,
    ],
    ['accuracy, all data in one place', percent(accuracy.central), 'as many epochs'],
    [
      'largest |unmasked − plain mean|',
      largest === undefined ? '–' : scientific(largest.difference),
      largest === undefined
        ? ''
        : `bound ${scientific(largest.bound)} (round ${largest.round}); no round above ${Math.ceil(100 * largest.shareOfBound)} % of its bound`,
    ],
    ['bytes per update', grouped(bytes.update), `${grouped(report.length)} weights masked with ${report.mask}`],
    ['bytes in all', grouped(bytes.up + bytes.down), `up ${grouped(bytes.up)}, down ${grouped(bytes.down)}`],
    ['time per round', `${seconds.round.toFixed(2)} s`, `${seconds.total.toFixed(1)} s in all`],
    ['rounds', String(rounds.length), report.failedRounds === 0 ? 'none failed' : `${report.failedRounds} more failed and were repeated`],
    ['examples', grouped(examples.train), `${examples.smallest} to ${examples.largest} a participant, median ${examples.median}; tested on ${examples.test}`],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = ([name, value, remark]: [string, string, string]): string => `  ${name.padEnd(widths[0]!)}  ${value.padStart(widths[1]!)}  ${remark}`.trimEnd();
  return [...rows.map(line), '', `  held out: ${report.heldOut}`, `  seed: ${report.seed}`];
}

function points(share: number): string {
  return `${share < 0 ? '−' : '+'}${(100 * Math.abs(share)).toFixed(1)} points`;
}
