// What a simulation found, as plain data: one record a round, and the document of `--json` and summary.json around them.

import type { Evaluation } from '../learning/task.ts';
import type { AdversaryResult } from './adversary-book.ts';

/** By phase: seconds by the clock on the wall, seconds of simulated time, seconds of processor. */
export type PhaseTimes = Record<string, { readonly seconds: number; readonly simulated: number; readonly cpu: number }>;

/** A published model, and what became of it. */
export interface ModelResult extends Evaluation {
  /** SHA-256 of the document that the coordinator publishes, in hexadecimal. */
  readonly digest: string;
  /** Its bytes. */
  readonly bytes: number;
  /** Largest |unmasked − plain mean| of a weight, and what it must not exceed. */
  readonly difference: number;
  readonly bound: number;
  /** Sum of the shares in it. */
  readonly shares: number;
  /** How far adversaries moved the mean from that of the honest updates; undefined without adversaries. */
  readonly effect: { readonly rms: number; readonly largest: number } | undefined;
}

/** One round: a model, or a failure. */
export interface RoundResult {
  readonly round: number;
  readonly model?: ModelResult | undefined;
  readonly failure?: { readonly phase: string; readonly code: string; readonly message: string } | undefined;
  /** Participants that were selected, and messages that count. */
  readonly selected: { readonly sum: number; readonly update: number };
  readonly accepted: { readonly sum: number; readonly update: number; readonly sum2: number };
  /** Participants that left before they were done, and updates that came too late. */
  readonly left: { readonly sum: number; readonly update: number };
  readonly late: number;
  /** Models of which masking cut something off. */
  readonly clamped: number;
  /** Refused messages of honest participants, and tasks that participants gave up, by code. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly gaveUp: Readonly<Record<string, number>>;
  readonly bytes: { readonly up: number; readonly down: number };
  readonly seconds: number;
  readonly simulated: number;
  readonly phases: PhaseTimes;
}

/** The whole run. Shares are of 1, times in seconds, sizes in bytes. */
export interface SimulationReport {
  readonly simulation: string;
  readonly seed: number;
  /** What it was asked to do, as options of the command line. */
  readonly options: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly about: string;
  readonly participants: number;
  readonly weights: number;
  readonly mask: string;
  readonly untrained: Evaluation;
  readonly rounds: readonly RoundResult[];
  readonly adversaries: readonly AdversaryResult[];
  readonly bytes: { readonly up: number; readonly down: number; readonly update: number };
  readonly seconds: { readonly total: number; readonly simulated: number; readonly cpu: number };
  /** Highest resident memory of the process, threads included, in bytes. */
  readonly memory: number;
  readonly stopped: boolean;
  readonly verdict: { readonly ok: boolean; readonly reasons: readonly string[] };
}
