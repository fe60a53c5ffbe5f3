// What a chaos run over a fleet came to: the table at the end, and the JSON of it.

import { type CommonReport, commonRows, list, median, rowLines } from '../report.ts';
import type { FleetDeeds } from './tormentor.ts';

/** Times in milliseconds. */
export interface Times {
  readonly count: number;
  readonly median: number;
  readonly longest: number;
}

/** Everything that was counted. */
export interface FleetReport extends CommonReport {
  readonly chaos: 'fleet';
  readonly store: string;
  readonly coordinators: number;
  /** Milliseconds. */
  readonly lease: number;
  readonly deeds: Omit<FleetDeeds, 'takeovers'>;
  /** From a blow to the leader until another one led. */
  readonly takeovers: Times;
  /** From a start of a process until it listened. */
  readonly starts: Times;
}

/** The middle and the end of a list of times. */
export function summary(times: readonly number[]): Times {
  return { count: times.length, median: Math.round(median(times)), longest: Math.round(Math.max(0, ...times)) };
}

/** The table, line by line. */
export function fleetLines(report: FleetReport): string[] {
  const { deeds, takeovers, starts, lease } = report;
  const { kills, pauses, lines, lost, redis } = deeds;
  const all = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  return rowLines([
    ['kills of coordinators', all(kills), list(kills)],
    ['stops (SIGTERM)', deeds.terminations, ''],
    ['pauses (SIGSTOP)', all(pauses), `${list(pauses)}; ${deeds.overtaken} leaders were overtaken in their sleep`],
    ['takeovers', takeovers.count, `nobody led for: median ${takeovers.median} ms, longest ${takeovers.longest} ms; a lease is ${lease} ms`],
    ['starts', starts.count, `until it listened: median ${starts.median} ms, longest ${starts.longest} ms`],
    ['lines to the store', all(lines), list(lines)],
    ['  requests, replies lost', all(lost), list(lost)],
    ['Redis', all(redis), list(redis)],
    ['kills of participants', report.participantKills, 'processes of two, started again from their snapshots'],
    ...commonRows(report, ['handed on', 'went on under another leader'], `, ${report.coordinators} coordinators, store ${report.store}`),
  ]);
}
