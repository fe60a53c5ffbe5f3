// Table and picture of what a simulated round takes: per participant, and per participant and weight, so that a level line is linear growth.

import { grouped } from '../../packages/xaynet/src/figures.ts';
import { type Chart, chartStyle, chartSvg } from '../../packages/xaynet/src/simulate/report/chart.ts';
import type { PhaseTimes } from '../../packages/xaynet/src/simulate/result.ts';

/** One measured round. */
export interface Point {
  readonly participants: number;
  readonly weights: number;
  /** Processes that wanted to run while it was measured, this one among them (load average of the last minute). */
  readonly load: number;
  readonly sums: number;
  readonly updates: number;
  /** Seconds on the wall of the round, of processor of the whole process, bytes at the peak. */
  readonly round: number;
  readonly cpu: number;
  readonly memory: number;
  readonly phases: PhaseTimes;
}

/** What the bars of the task are, by participants and weights. */
const BARS: readonly { readonly participants: number; readonly weights: number; readonly most: number; readonly of: 'round' | 'memory' }[] = [
  { participants: 10_000, weights: 1000, most: 60, of: 'round' },
  { participants: 100, weights: 1_000_000, most: 4 * 2 ** 30, of: 'memory' },
];

const MIB = 2 ** 20;

/** The table, and the bars. */
export function growthTable(points: readonly Point[]): string {
  const rows = points.map(({ participants, weights, load, sums, updates, round, cpu, memory, phases }) =>
    [
      grouped(participants),
      grouped(weights),
      grouped(sums),
      grouped(updates),
      round.toFixed(1),
      ...['sum', 'update', 'sum2'].map((phase) => (phases[phase]?.seconds ?? 0).toFixed(1)),
      cpu.toFixed(1),
      grouped(memory / MIB),
      load.toFixed(1),
    ].join(' | '),
  );
  const bars = BARS.flatMap(({ participants, weights, most, of }) => {
    const point = points.find((each) => each.participants === participants && each.weights === weights);
    if (point === undefined) return [];
    const [asked, found] = of === 'round' ? [`≤ ${most} s`, `${point.round.toFixed(1)} s`] : [`≤ ${most / MIB} MiB`, `${grouped(point.memory / MIB)} MiB`];
    return [
      `| ${grouped(participants)} × ${grouped(weights)} weights, ${of === 'round' ? 'the round' : 'memory at the peak'} | ${asked} | ${found} ${point[of] <= most ? '✓' : '✗'} |`,
    ];
  });
  return [
    '| participants | weights | sums | updates | round s | sum s | update s | sum2 s | processor s | peak MiB | load |',
    `|${' ---: |'.repeat(11)}`,
    ...rows.map((row) => `| ${row} |`),
    '',
    '| bar | asked | found |',
    '| --- | --- | --- |',
    ...bars,
  ].join('\n');
}

/** Four charts in one picture; a level line is linear growth. */
export function growthPicture(points: readonly Point[]): string {
  const crowds = points.filter(({ participants }) => participants >= 1000);
  const models = points.filter(({ participants }) => participants < 1000);
  const charts = [
    chart(
      crowds,
      'Time against participants',
      'Milliseconds a participant; level is linear growth',
      'participants',
      ({ participants }) => participants,
      times(1000),
    ),
    chart(crowds, 'Memory against participants', 'Peak of the process, kB a participant', 'participants', ({ participants }) => participants, [
      ['peak', ({ memory, participants }) => memory / 1000 / participants, 5],
    ]),
    chart(models, 'Time against weights', 'Microseconds a thousand weights of each participant', 'weights', ({ weights }) => weights, times(1e6 * 1000)),
    chart(models, 'Memory against weights', 'Peak of the process, bytes a weight', 'weights', ({ weights }) => weights, [
      ['peak', ({ memory, weights }) => memory / weights, 5],
    ]),
  ];
  const [width, height] = [640, 300];
  const placed = charts.map((each, i) =>
    chartSvg(each).replace('<svg ', `<svg x="${(i % 2) * width}" y="${Math.floor(i / 2) * height}" width="${width}" height="${height}" `),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${2 * width} ${2 * height}"><title>Time and memory of a simulated round</title><style>${chartStyle('svg')}</style><rect class="paper" width="100%" height="100%"/>${placed.join('')}</svg>\n`;
}

type Measure = readonly [name: string, of: (point: Point) => number, colour: number];

/** On the wall and of processor, in the unit of which a second has `scale`; by participant, and by weight where there are many. */
function times(scale: number): readonly Measure[] {
  const share = ({ participants, weights }: Point): number => participants * (participants < 1000 ? weights : 1);
  return [
    ['on the wall', (point) => (scale * point.round) / share(point), 1],
    ['processor', (point) => (scale * point.cpu) / share(point), 3],
  ];
}

function chart(points: readonly Point[], title: string, note: string, axis: string, label: (point: Point) => number, measures: readonly Measure[]): Chart {
  return {
    title,
    note,
    kind: 'lines',
    labels: points.map((point) => grouped(label(point))),
    axis,
    from: 0,
    series: measures.map(([name, of, colour]) => ({ name, values: points.map(of), colour })),
    format: (value) => String(Number(value.toPrecision(3))),
  };
}
