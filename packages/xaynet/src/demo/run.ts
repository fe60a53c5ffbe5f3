// The demo from beginning to end: deal the data, measure what the federated model is compared with, run the rounds, judge.
// Everything that is shown passes through `show`, which knows whether somebody watches a terminal.

import { once } from 'node:events';
import { type MaskConfig, parseMaskConfig } from '@xaynet/core/mask';
import { percent } from '../figures.ts';
import { FIRST_TEST_ROW, FORM_STARTS, loadDigits, pickRows, splitDigits } from '../learning/digits.ts';
import { initialWeights, WEIGHTS } from '../learning/network.ts';
import { dealRows } from '../learning/partition.ts';
import { seededRandom } from '../learning/seeded-random.ts';
import type { Environment, Output } from '../screen.ts';
import { bar, Progress } from '../terminal/progress.ts';
import { type Baselines, measureBaselines } from './baselines.ts';
import { type FederationResult, runFederation } from './federation.ts';
import { newBoard } from './progress.ts';
import { type DemoReport, judge, largestDifference, reportLines } from './report.ts';
import { Show } from './show.ts';

/** What the demo is asked to do. */
export interface DemoInput {
  readonly participants: number;
  readonly rounds: number;
  readonly seed: number;
  /** Undefined: {@link defaultMask} of the shares. */
  readonly mask: MaskConfig | undefined;
  /** Weights of the model that travels, at least those of the network. */
  readonly length: number;
  readonly signal: AbortSignal;
  /** Let the rounds go on after the report, until the signal aborts. */
  readonly stay?: boolean | undefined;
  /** Folder for a recording of the rounds; undefined: none is made. */
  readonly record?: string | undefined;
  /** Where progress and table go. */
  readonly out: Output;
  /** Where the line goes that says how far the comparison is. */
  readonly err: Output;
  readonly env: Environment;
}

const HELD_OUT = `rows ${FIRST_TEST_ROW + 1} to 1797, the last ${FORM_STARTS.length - FORM_STARTS.indexOf(FIRST_TEST_ROW)} of the ${FORM_STARTS.length} filled forms: the data name no writers, but no form is on both sides`;

/**
 * What a scalar times a weight must stay within decides the bound: weights of this network stay below 3.5, so ±1 is enough
 * while nobody holds more than a quarter of the examples, ±100 otherwise.
 */
export function defaultMask(largestShare: number): MaskConfig {
  return parseMaskConfig(largestShare > 0.25 ? 'Power2/F32/B2/M6' : 'Power2/F32/B0/M6');
}

/** Runs the demo; rejects with a coded error, or with the signal's reason when it is aborted, leaving nothing behind. */
export async function runDemo(input: DemoInput): Promise<DemoReport> {
  const { participants, rounds, seed, length, signal } = input;
  const begun = performance.now();
  const { train, test } = splitDigits(loadDigits());
  const hands = dealRows(train.labels, participants, seed);
  const shares = hands.map((hand) => pickRows(train, hand));
  const sizes = hands.map((hand) => hand.length).sort((a, b) => a - b);
  const mask = input.mask ?? defaultMask(sizes.at(-1)! / train.labels.length);
  const initial = initialWeights(seededRandom(seed, 'initial'));

  const show = new Show(input.out, input.env);
  show.line(`xaynet demo: ${participants} participants, ${rounds} rounds, seed ${seed}, masked with ${mask.name}`);
  show.line(
    `${train.labels.length} handwritten digits, ${sizes[0]} to ${sizes.at(-1)} a participant, skewed by label; tested on ${test.labels.length} of other forms`,
  );
  const progress = new Progress(input.err, { env: input.env });
  const tell = (done: number, total: number): void => progress.tell(bar(done, total, 'training alone, and with all data in one place'));
  const baselines = await measureBaselines({ initial, shares, train, test, rounds, seed, signal, tell }).finally(() => progress.end());
  show.line(
    `accuracy untrained ${percent(baselines.untrained)}, average participant alone ${percent(mean(baselines.alone))}, all data in one place ${percent(baselines.central)}`,
  );

  const board = newBoard(participants, rounds, baselines.untrained);
  show.begin(board);
  try {
    const reportOf = (federation: FederationResult): DemoReport => {
      const accuracy = {
        untrained: baselines.untrained,
        alone: spread(baselines),
        federated: federation.results.at(-1)!.accuracy,
        central: baselines.central,
      };
      return {
        demo: 'digits',
        seed,
        participants,
        mask: mask.name,
        weights: WEIGHTS,
        length,
        examples: { train: train.labels.length, test: test.labels.length, smallest: sizes[0]!, median: sizes[sizes.length >> 1]!, largest: sizes.at(-1)! },
        heldOut: HELD_OUT,
        accuracy,
        bytes: { update: federation.updateBytes, up: federation.up, down: federation.down },
        seconds: { total: (performance.now() - begun) / 1000, round: mean(federation.results.map((result) => result.seconds)) },
        failedRounds: federation.failed,
        rounds: federation.results,
        largestDifference: largestDifference(federation.results),
        verdict: judge({ alone: accuracy.alone.mean, federated: accuracy.federated }, federation.results),
      };
    };
    let report: DemoReport | undefined;
    await runFederation({
      seed,
      shares,
      test,
      initial,
      mask,
      length,
      rounds,
      training: baselines.training,
      record: input.record,
      signal,
      tell: (progress) => show.tell(progress),
      after: async (federation, url) => {
        report = reportOf(federation);
        show.end();
        for (const line of ['', ...reportLines(report), '', ...verdictLines(report)]) show.line(line);
        if (input.stay !== true || signal.aborted) return;
        show.line(`\nThe rounds go on: ${url} shows them. Ctrl-C ends it.`);
        await once(signal, 'abort');
      },
    });
    return report!;
  } finally {
    show.end();
  }
}

function verdictLines({ verdict }: DemoReport): string[] {
  return verdict.ok
    ? ['All promises kept: clearly better than alone, and every unmasked model within its bound.']
    : verdict.reasons.map((reason) => `FAILED: ${reason}`);
}

function spread({ alone }: Baselines): { mean: number; worst: number; best: number } {
  return { mean: mean(alone), worst: Math.min(...alone), best: Math.max(...alone) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
