// The table at the end of a simulation, line by line.

import { grouped, percent, scientific, size, span } from '../figures.ts';
import type { RoundResult, SimulationReport } from './result.ts';

/** The table. */
export function summaryLines(report: Omit<SimulationReport, 'options'>): string[] {
  const { rounds, untrained, bytes, seconds, adversaries } = report;
  const models = rounds.flatMap(({ model }) => (model === undefined ? [] : [model]));
  const last = models.at(-1);
  const failed = rounds.length - models.length;
  const mean = (of: (round: RoundResult) => number): number => (rounds.length === 0 ? 0 : rounds.reduce((sum, round) => sum + of(round), 0) / rounds.length);
  const worst = models.reduce((most, { difference, bound }) => Math.max(most, difference / bound), 0);
  const sum = (of: (round: RoundResult) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const rows: [string, string, string][] = [
    ['rounds', String(rounds.length), `${models.length} gave a model${failed === 0 ? '' : `, ${failed} failed: ${failures(rounds)}`}`],
    ...(last === undefined
      ? []
      : ([
          untrained.accuracy === undefined
            ? ['distance from the aim', last.loss.toFixed(4), `untrained ${untrained.loss.toFixed(4)}`]
            : [
                'accuracy',
                percent(last.accuracy!),
                `untrained ${percent(untrained.accuracy)}; loss ${last.loss.toFixed(3)}, untrained ${untrained.loss.toFixed(3)}`,
              ],
          [
            'largest |unmasked − plain mean|',
            scientific(Math.max(...models.map(({ difference }) => difference))),
            `no round above ${Math.ceil(100 * worst)} % of its bound`,
          ],
        ] as [string, string, string][])),
    [
      'updates a round',
      grouped(mean(({ accepted }) => accepted.update)),
      `of ${grouped(mean(({ selected }) => selected.update))} selected; in all ${grouped(sum(({ left }) => left.update + left.sum))} left, ${grouped(sum(({ late }) => late))} came late`,
    ],
    ['masks a round', mean(({ accepted }) => accepted.sum2).toFixed(1), `of ${mean(({ accepted }) => accepted.sum).toFixed(1)} sum participants`],
    ['bytes an update', grouped(bytes.update), `${grouped(report.weights)} weights masked with ${report.mask}`],
    ['bytes in all', size(bytes.up + bytes.down), `up ${size(bytes.up)}, down ${size(bytes.down)}`],
    [
      'time a round',
      `${mean((round) => round.seconds).toFixed(1)} s`,
      `${span(seconds.total)} in all, ${seconds.cpu.toFixed(1)} s of processor, ${span(seconds.simulated)} simulated`,
    ],
    ['memory at the peak', size(report.memory), ''],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = ([name, value, remark]: [string, string, string]): string => `  ${name.padEnd(widths[0]!)}  ${value.padStart(widths[1]!)}  ${remark}`.trimEnd();
  const lines = rows.map(line);
  for (const { kind, participants, sent, accepted, incomplete, refused } of adversaries) {
    const codes = byCount(refused);
    const what = [`${accepted} accepted`, ...(incomplete > 0 ? [`${incomplete} incomplete`] : []), ...codes.map(([code, count]) => `${count} ${code}`)];
    lines.push(`  adversaries: ${participants} ${kind}, ${sent} messages sent: ${what.join(', ')}`);
  }
  const effects = models.flatMap(({ effect }) => (effect === undefined ? [] : [effect]));
  if (effects.length > 0) {
    const largest = effects.reduce((most, effect) => (effect.rms > most.rms ? effect : most));
    lines.push(`  they moved the mean by ${largest.rms.toPrecision(2)} (root mean square of a round, at most), a weight by ${largest.largest.toPrecision(2)}`);
  }
  return [...lines, `  seed: ${report.seed}`];
}

/** Codes with their counts, the most frequent first, then by name. */
export function byCount(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).sort(([a, many], [b, more]) => more - many || a.localeCompare(b));
}

/** What the verdict says. */
export function verdictLines({ verdict, stopped, rounds }: Pick<SimulationReport, 'verdict' | 'stopped' | 'rounds'>): string[] {
  if (!verdict.ok) return verdict.reasons.map((reason) => `FAILED: ${reason}`);
  if (stopped) return [`Stopped after ${rounds.length} rounds; what was published by then was right.`];
  return ['Every published model is the mean of exactly the updates that were accepted, to the bound of the arithmetic.'];
}

function failures(rounds: readonly RoundResult[]): string {
  const codes = new Map<string, number>();
  for (const { failure } of rounds) if (failure !== undefined) codes.set(failure.code, (codes.get(failure.code) ?? 0) + 1);
  return [...codes].map(([code, count]) => `${count} ${code}`).join(', ');
}
