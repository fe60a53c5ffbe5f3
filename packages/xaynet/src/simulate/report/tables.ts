// The CSV files of a report: a line a round, a line a participant (RFC 4180, with a header).

import type { LabelCounts } from '../../learning/task.ts';
import type { RoundResult } from '../result.ts';
import type { Tally } from '../tally.ts';

const PHASES = ['sum', 'update', 'sum2', 'unmask'] as const;

const ROUND_COLUMNS: Readonly<Record<string, (round: RoundResult) => string | number | undefined>> = {
  round: ({ round }) => round,
  outcome: ({ failure }) => failure?.code ?? 'model',
  accuracy: ({ model }) => model?.accuracy,
  loss: ({ model }) => model?.loss,
  difference: ({ model }) => model?.difference,
  bound: ({ model }) => model?.bound,
  digest: ({ model }) => model?.digest,
  effect_rms: ({ model }) => model?.effect?.rms,
  sum_selected: ({ selected }) => selected.sum,
  update_selected: ({ selected }) => selected.update,
  sums: ({ accepted }) => accepted.sum,
  updates: ({ accepted }) => accepted.update,
  masks: ({ accepted }) => accepted.sum2,
  sums_left: ({ left }) => left.sum,
  updates_left: ({ left }) => left.update,
  late: ({ late }) => late,
  clamped: ({ clamped }) => clamped,
  bytes_up: ({ bytes }) => bytes.up,
  bytes_down: ({ bytes }) => bytes.down,
  seconds: ({ seconds }) => seconds,
  seconds_simulated: ({ simulated }) => simulated,
  ...Object.fromEntries(PHASES.flatMap((phase) => [[`seconds_${phase}`, ({ phases }: RoundResult) => phases[phase]?.seconds]])),
  ...Object.fromEntries(PHASES.flatMap((phase) => [[`processor_${phase}`, ({ phases }: RoundResult) => phases[phase]?.cpu]])),
};

/** rounds.csv. */
export function roundsCsv(rounds: readonly RoundResult[]): string {
  return csv(
    Object.keys(ROUND_COLUMNS),
    rounds.map((round) => Object.values(ROUND_COLUMNS).map((column) => column(round))),
  );
}

/** participants.csv; with a column a label where examples have labels. */
export function participantsCsv(tallies: readonly Tally[], crowd?: LabelCounts): string {
  return csv(
    [
      'participant',
      'examples',
      'straggler',
      'adversary',
      'sum_rounds',
      'update_rounds',
      'sums',
      'updates',
      'masks',
      'sums_left',
      'updates_left',
      'late',
      'refused',
      'lost_requests',
      'bytes_up',
      'bytes_down',
      ...(crowd?.labels.map((label) => `label_${label}`) ?? []),
    ],
    tallies.map((t) => [
      t.index,
      t.examples,
      t.straggler ? 1 : 0,
      t.adversary,
      t.sum,
      t.update,
      t.sumAccepted,
      t.updateAccepted,
      t.maskAccepted,
      t.sumLeft,
      t.updateLeft,
      t.late,
      t.refused,
      t.lost,
      t.up,
      t.down,
      ...(crowd?.counts[t.index] ?? []),
    ]),
  );
}

function csv(header: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cell = (value: string | number | undefined): string => {
    const text = String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}
