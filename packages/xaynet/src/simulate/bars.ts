// How a running simulation looks on a terminal: a bar for the rounds, one for the phase, what is counted, and how long it may take. A pure function
// of numbers; elsewhere one line a round says the same.

import { duration, grouped, percent, scientific, size } from '../figures.ts';
import type { Paint } from '../screen.ts';
import { sparkline } from '../sparkline.ts';
import type { RoundResult } from './result.ts';
import { byCount } from './summary.ts';

/** What is shown. */
export interface Board {
  readonly rounds: number;
  readonly results: readonly RoundResult[];
  readonly round: number;
  readonly phase: string;
  readonly counts: { readonly sumSelected: number; readonly updateSelected: number; readonly sum: number; readonly update: number; readonly sum2: number };
  /** Messages that the running phase can expect, and those that it has, with parts of those that are being made; in `unmask` weights. */
  readonly expected: number;
  readonly done: number;
  /** Seconds since the beginning, since the phase began, and of simulated time. */
  readonly seconds: number;
  readonly phaseSeconds: number;
  readonly simulated: number;
  readonly memory: number;
}

const PARTS = '▏▎▍▌▋▊▉█';

/** A bar of `width` cells, filled to `share` of 1 in eighths of a cell. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const whole = Math.floor(eighths / 8);
  const rest = eighths % 8;
  return `${'█'.repeat(whole)}${rest > 0 ? PARTS[rest - 1] : ''}`.padEnd(width, '·');
}

/**
 * Seconds that are left of `total`, when `done` of them took `seconds`; undefined while there is too little to tell from.
 */
export function estimate(done: number, total: number, seconds: number): number | undefined {
  return done <= 0 || seconds < 0.5 ? undefined : ((total - done) * seconds) / done;
}

/** The frame of a terminal. */
export function frame(board: Board, paint: Paint): string[] {
  const { rounds, results, round, phase, counts, expected, done, seconds, phaseSeconds } = board;
  const ended = results.length;
  const inPhase = expected === 0 ? 0 : Math.min(1, done / expected);
  const whole = Math.min(rounds, ended + (SHARE_BEFORE[phase] ?? 0) + (SHARE_OF[phase] ?? 0) * inPhase);
  const left = (share: number, of: number, took: number): string => {
    const rest = estimate(share, of, took);
    return rest === undefined ? '' : `about ${duration(rest)} left`;
  };
  const curve = results.flatMap(({ model }) => (model === undefined ? [] : [model.accuracy ?? 1 / (1 + 4 * model.loss)]));
  const last = results.findLast(({ model }) => model !== undefined)?.model;
  return [
    `  rounds ${paint('cyan', bar(whole / rounds, 30))} ${ended} of ${rounds}  ${left(whole, rounds, seconds)}`,
    `  ${phase.padEnd(6).slice(0, 6)} ${paint('green', bar(inPhase, 30))} ${expected === 0 ? '' : `${grouped(Math.floor(done))} of ${grouped(expected)}  ${left(done, expected, phaseSeconds)}`}`,
    `  round ${round}: ${grouped(counts.sum)} sum, ${grouped(counts.update)} update, ${grouped(counts.sum2)} masks   ${duration(seconds)} on the wall, ${duration(board.simulated)} simulated, ${size(board.memory)}`,
    last === undefined ? '' : `  ${paint('green', sparkline(curve.slice(-40)))} ${modelText(last)}`,
  ];
}

/** How far a round is when a phase begins, and which part of it the phase is: what takes long is the update phase. */
const SHARE_BEFORE: Readonly<Record<string, number>> = { update: 0.05, sum2: 0.65, unmask: 0.98 };
const SHARE_OF: Readonly<Record<string, number>> = { sum: 0.05, update: 0.6, sum2: 0.33 };

/** The line that stays of a round. */
export function roundLine(result: RoundResult): string {
  const { round, accepted, selected, left, late, seconds, simulated } = result;
  const head = `round ${round}`;
  const took = `${seconds.toFixed(1)} s${simulated > 0 ? ` (${Math.round(simulated)} s simulated)` : ''}`;
  const crowd = `${grouped(accepted.update)} of ${grouped(selected.update)} updates, ${accepted.sum2} of ${accepted.sum} masks${left.update + left.sum > 0 ? `, ${grouped(left.update + left.sum)} left` : ''}${late > 0 ? `, ${grouped(late)} late` : ''}`;
  // Why nothing came stands in what was refused.
  const refused = byCount({ ...result.refusals, ...result.gaveUp }).map(([code, count]) => `, ${grouped(count)} ${code}`);
  if (result.failure !== undefined) return `${head}  FAILED in ${result.failure.phase} (${result.failure.code}): ${crowd}${refused.join('')}; ${took}`;
  return `${head}  ${modelText(result.model!)}; ${crowd}; ${took}`;
}

function modelText({ accuracy, loss, difference, bound }: NonNullable<RoundResult['model']>): string {
  const good = accuracy === undefined ? `distance ${loss.toFixed(4)}` : `accuracy ${percent(accuracy)}`;
  return `${good}, unmasked − plain mean ${scientific(difference)} (bound ${scientific(bound)})`;
}
