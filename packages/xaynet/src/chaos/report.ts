// What a chaos run came to: the table at the end, the JSON of it, and whether every promise was kept.

import { duration } from '../figures.ts';
import type { Breach } from './ledger.ts';
import type { Fate } from './plan.ts';

/** What is counted in every run. */
export interface CommonReport {
  readonly seed: number;
  readonly participants: number;
  readonly weights: number;
  readonly chunked: boolean;
  readonly seconds: number;
  readonly stopped: boolean;
  readonly participantKills: number;
  readonly messages: {
    /** Requests with a message or chunk that participants made, and what became of them. */
    readonly requests: number;
    readonly fates: Readonly<Partial<Record<Fate, number>>>;
    /** Verdicts of the coordinator: `200`, or the HTTP status and the code of a refusal. */
    readonly verdicts: Readonly<Record<string, number>>;
    /** Different complete messages (participant, role, round) that reached it, and that it acknowledged. */
    readonly sent: number;
    readonly acknowledged: number;
  };
  readonly updates: { readonly acknowledged: number; readonly counted: number; readonly lost: number; readonly doubled: number; readonly corrupt: number };
  readonly rounds: {
    readonly wanted: number;
    readonly completed: number;
    readonly recorded: number;
    readonly failed: Readonly<Record<string, number>>;
    readonly resumed: number;
    readonly abandoned: number;
  };
  readonly breaches: readonly Breach[];
  /** Where logs and data are, when they were kept. */
  readonly folder: string | undefined;
}

/** Everything that was counted in a run over one coordinator. */
export interface ChaosReport extends Omit<CommonReport, 'participantKills'> {
  readonly chaos: 'coordinator';
  readonly kills: {
    readonly coordinator: number;
    readonly participants: number;
    readonly aimed: Readonly<Record<string, number>>;
  };
  readonly stops: number;
  readonly freezes: number;
  readonly starts: number;
  /** Milliseconds from a start of a process to its first answer. */
  readonly recovery: { readonly median: number; readonly longest: number };
}

/** True when nothing was lost, doubled or broken, and all rounds came. */
export function kept(report: Pick<ChaosReport, 'breaches' | 'stopped' | 'rounds'>): boolean {
  return report.breaches.length === 0 && (report.stopped || report.rounds.completed >= report.rounds.wanted);
}

/** A row of the table: name, number, remark. */
export type Row = readonly [name: string, value: number | string, remark: string];

/** Names and numbers in a row. */
export function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

/** The rows that every run has: messages, updates, rounds. `resumed`: how rounds that went on are named, and why. */
export function commonRows(
  { messages, updates, rounds, seconds, seed }: Omit<CommonReport, 'participantKills'>,
  resumed: readonly [string, string],
  more = '',
): Row[] {
  const { fates } = messages;
  return [
    ['requests with messages', messages.requests, ''],
    ...Object.entries(messages.verdicts)
      .sort()
      .map(([verdict, count]): Row => [`  answered ${verdict}`, count, '']),
    ['  dropped before', (fates.drop ?? 0) + (fates.cut ?? 0), `${fates.cut ?? 0} of them in the middle of the body`],
    ['  replies lost', fates.lose ?? 0, ''],
    ['  duplicated', (fates.twice ?? 0) + (fates.again ?? 0), `${fates.twice ?? 0} at once, ${fates.again ?? 0} later`],
    ['  delayed', (fates.delay ?? 0) + (fates.slow ?? 0), `${fates.delay ?? 0} overtaken, ${fates.slow ?? 0} in pieces`],
    ['messages sent', messages.sent, 'different ones that reached the coordinator'],
    ['  acknowledged', messages.acknowledged, `${updates.acknowledged} of them updates of rounds with a model`],
    ['updates counted', updates.counted, 'in the published models, by their one-hot weights'],
    ['  lost', updates.lost, 'acknowledged, not counted'],
    ['  doubled', updates.doubled, 'counted more than once'],
    ['  corrupt', updates.corrupt, 'sums of anything else'],
    ['rounds completed', rounds.completed, `of ${rounds.wanted}`],
    ['  recorded', rounds.recorded, 'of all that are over, by the signed records'],
    [`  ${resumed[0]}`, rounds.resumed, resumed[1]],
    ['  failed', Object.values(rounds.failed).reduce((a, b) => a + b, 0), list(rounds.failed)],
    ['  abandoned', rounds.abandoned, 'under way at a kill, never seen again'],
    ['time', duration(seconds), `seed ${seed}${more}`],
  ];
}

/** Rows as lines. */
export function rowLines(rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value, remark]) => `${name.padEnd(width)}  ${String(value).padStart(8)}  ${remark}`.trimEnd());
}

/** The table, line by line. */
export function tableLines(report: ChaosReport): string[] {
  const { kills, recovery } = report;
  return rowLines([
    ['kills of the coordinator', kills.coordinator, list(kills.aimed)],
    ['kills of participants', kills.participants, 'processes of two, started again from their snapshots'],
    ['stops (SIGTERM)', report.stops, ''],
    ['freezes (SIGSTOP)', report.freezes, ''],
    ['starts', report.starts, `to the first answer: median ${recovery.median} ms, longest ${recovery.longest} ms`],
    ...commonRows(report, ['resumed', 'went on after a kill']),
  ]);
}

/** The last words. */
export function verdictLines(report: Pick<ChaosReport, 'breaches' | 'stopped' | 'rounds' | 'folder'>): string[] {
  const { breaches, rounds, folder } = report;
  const where =
    folder === undefined ? [] : [`Logs, settings and data: ${folder} (coordinator.log is one JSON line an event; "a process begins" marks each start)`];
  if (kept(report)) return [report.stopped ? 'Stopped early; every promise kept so far.' : 'All promises kept: nothing lost, nothing doubled.', ...where];
  const missing = breaches.length === 0 ? [`BROKEN: ${rounds.completed} rounds completed of ${rounds.wanted}`] : [];
  const more = breaches.length > SHOWN ? [`… and ${breaches.length - SHOWN} more`] : [];
  return [...breaches.slice(0, SHOWN).map(breachLine), ...more, ...missing, ...where];
}

/** Breaches that are told; more are only counted. */
const SHOWN = 20;

/** One broken promise as a line. */
export function breachLine({ kind, round, text }: Breach): string {
  return `BROKEN (${kind})${round === '' ? '' : ` round ${round.slice(0, 8)}`}: ${text}`;
}

/** Middle of a list; 0 of an empty one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[sorted.length >> 1]!;
}
