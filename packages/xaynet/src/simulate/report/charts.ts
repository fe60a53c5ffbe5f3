// Which charts a report has: what was learnt, how exact it was, where the time went, who took part, what travelled, how the crowd was made.

import { percent, scientific, size } from '../../figures.ts';
import type { RoundResult, SimulationReport } from '../result.ts';
import type { Tally } from '../tally.ts';
import type { Chart } from './chart.ts';

/** Parts that a histogram has at most. */
const MOST_PARTS = 20;
const short = (value: number): string =>
  value >= 1e6
    ? `${Number((value / 1e6).toPrecision(3))} M`
    : value >= 1e4
      ? `${Number((value / 1e3).toPrecision(3))} k`
      : String(Number(value.toPrecision(3)));

/** The charts by the name of their file. */
export function chartsOf(report: Omit<SimulationReport, 'options'>, tallies: readonly Tally[]): Record<string, Chart> {
  const { rounds, untrained } = report;
  const labels = rounds.map(({ round }) => String(round));
  const over = (of: (round: RoundResult) => number | undefined): (number | undefined)[] => rounds.map(of);
  const axis = 'round';
  const learnt: Chart =
    untrained.accuracy === undefined
      ? {
          title: 'Learning',
          note: 'Distance of the global model from what there is to be learnt',
          kind: 'lines',
          labels: ['0', ...labels],
          axis,
          from: 0,
          series: [{ name: 'distance', values: [untrained.loss, ...over(({ model }) => model?.loss)], colour: 1 }],
          format: short,
        }
      : {
          title: 'Learning',
          note: 'Accuracy of the global model on examples that nobody trains on',
          kind: 'lines',
          labels: ['0', ...labels],
          axis,
          from: 0,
          series: [{ name: 'accuracy', values: [untrained.accuracy, ...over(({ model }) => model?.accuracy)], colour: 1 }],
          format: (value) => percent(value).replace('.0 ', ' '),
        };
  return {
    learning: learnt,
    exactness: {
      title: 'Exactness',
      note: 'Largest difference of the unmasked model from the plain mean, and its bound',
      kind: 'lines',
      logarithmic: true,
      labels,
      axis,
      series: [
        { name: 'bound', values: over(({ model }) => model?.bound), colour: 4, dashed: true },
        { name: 'difference', values: over(({ model }) => model?.difference), colour: 2 },
      ],
      format: (value) => scientific(value).replace('.0e', 'e'),
    },
    phases: {
      title: 'Time',
      note: 'Seconds on the wall, by phase',
      kind: 'bars',
      labels,
      axis,
      series: ['sum', 'update', 'sum2', 'unmask'].map((phase, i) => ({ name: phase, values: over(({ phases }) => phases[phase]?.seconds), colour: i + 1 })),
      format: (value) => `${short(value)} s`,
    },
    participation: {
      title: 'Participation',
      note: 'What became of those who were selected to send an update',
      kind: 'bars',
      labels,
      axis,
      series: [
        { name: 'counted', values: over(({ accepted }) => accepted.update), colour: 2 },
        { name: 'late', values: over(({ late }) => late), colour: 3 },
        { name: 'left', values: over(({ left }) => left.update), colour: 6 },
        {
          name: 'refused or lost',
          values: over(({ accepted, left, late, selected }) => Math.max(0, selected.update - accepted.update - late - left.update)),
          colour: 4,
        },
      ],
      format: short,
    },
    bytes: {
      title: 'Traffic',
      note: 'Bodies of messages and documents, all participants together',
      kind: 'bars',
      labels,
      axis,
      series: [
        { name: 'to the coordinator', values: over(({ bytes }) => bytes.up), colour: 1 },
        { name: 'to the participants', values: over(({ bytes }) => bytes.down), colour: 5 },
      ],
      format: size,
    },
    crowd: histogram(
      'Crowd',
      'How many participants hold how many examples',
      'examples',
      tallies.map(({ examples }) => examples),
    ),
  };
}

/** Counts of whole numbers in parts of equal width. */
function histogram(title: string, note: string, axis: string, values: readonly number[]): Chart {
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const width = Math.max(1, Math.ceil((high - low + 1) / MOST_PARTS));
  const counts = Array<number>(Math.ceil((high - low + 1) / width)).fill(0);
  for (const value of values) counts[Math.floor((value - low) / width)]!++;
  const labels = counts.map((_, i) => (width === 1 ? String(low + i) : `${low + i * width}–${low + (i + 1) * width - 1}`));
  return { title, note, kind: 'bars', labels, axis, series: [{ name: 'participants', values: counts, colour: 1 }], format: short };
}
