// What a chaos run came to: the table at the end, the JSON of it, and whether every promise was kept.

import type { Breach } from './ledger.ts';
import type { Fate } from './plan.ts';

/** Everything that was counted. */
export interface ChaosReport {
  readonly chaos: 'coordinator';
  readonly seed: number;
  readonly participants: number;
  readonly weights: number;
  readonly chunked: boolean;
  readonly seconds: number;
  readonly stopped: boolean;
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

/** True when nothing was lost, doubled or broken, and all rounds came. */
export function kept(report: ChaosReport): boolean {
  return report.breaches.length === 0 && (report.stopped || report.rounds.completed >= report.rounds.wanted);
}

/** The table, line by line. */
export function tableLines(report: ChaosReport): string[] {
  const { kills, recovery, messages, updates, rounds } = report;
  const { fates } = messages;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const rows: [string, number | string, string][] = [
    ['kills of the coordinator', kills.coordinator, list(kills.aimed)],
    ['kills of participants', kills.participants, 'processes of two, started again from their snapshots'],
    ['stops (SIGTERM)', report.stops, ''],
    ['freezes (SIGSTOP)', report.freezes, ''],
    ['starts', report.starts, `to the first answer: median ${recovery.median} ms, longest ${recovery.longest} ms`],
    ['requests with messages', messages.requests, ''],
    ...Object.entries(messages.verdicts)
      .sort()
      .map(([verdict, count]): [string, number, string] => [`  answered ${verdict}`, count, '']),
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
    ['  resumed', rounds.resumed, 'went on after a kill'],
    ['  failed', Object.values(rounds.failed).reduce((a, b) => a + b, 0), list(rounds.failed)],
    ['  abandoned', rounds.abandoned, 'under way at a kill, never seen again'],
    ['time', duration(report.seconds), `seed ${report.seed}`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value, remark]) => `${name.padEnd(width)}  ${String(value).padStart(8)}  ${remark}`.trimEnd());
}

/** The last words. */
export function verdictLines(report: ChaosReport): string[] {
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

/** Minutes and seconds. */
export function duration(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

/** Middle of a list; 0 of an empty one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[sorted.length >> 1]!;
}
