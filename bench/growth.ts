// Time against the number of weights, over four decades: masking is linear, and this shows it; an SVG for RESULTS.md, drawn from
// measured points alone.

import { type MaskConfig, rational } from '@xaynet/core/mask';
import { currentBackend } from './backends.ts';
import { type Case, measure } from './cases.ts';
import { digits } from './lines.ts';
import { aggregateCase, deriveCase, maskCase, modelDecodeCase, modelEncodeCase, type Subject, unmaskCase } from './masking-cases.ts';
import type { Patience } from './measure.ts';

/** The measured points of one case: seconds for a number of weights. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly length: number; readonly seconds: number }[];
  /** Exponent p of the best fit seconds ~ length^p from 10^5 weights on; 1 is linear. Absent with fewer than two points there. */
  readonly exponent?: number;
}

/** What the plot is made of. */
export interface Growth {
  readonly config: string;
  readonly backend: string;
  readonly curves: readonly Curve[];
}

const LENGTHS = [1e3, 1e4, 1e5, 1e6, 1e7, 25e6];
const CASES: readonly { readonly name: string; readonly make: (subject: Subject) => Case }[] = [
  { name: 'derive', make: deriveCase },
  { name: 'mask, scalar 1/3', make: (subject) => maskCase(subject, rational(1, 3)) },
  { name: 'aggregate', make: aggregateCase },
  { name: 'unmask', make: unmaskCase },
  { name: 'model encode', make: modelEncodeCase },
  { name: 'model decode', make: modelDecodeCase },
];

/** Measures every case whose name contains one of `only`, at every length up to `most`. */
export async function measureGrowth(
  config: MaskConfig,
  only: readonly string[],
  most: number,
  patience: Patience,
  starts: (what: string) => void,
): Promise<Growth> {
  const curves: Curve[] = [];
  for (const { name, make } of CASES.filter((each) => only.length === 0 || only.some((part) => each.name.includes(part)))) {
    const points: { length: number; seconds: number }[] = [];
    for (const length of LENGTHS.filter((each) => each <= most)) {
      starts(`${name}, ${length.toLocaleString('en')} weights`);
      const { limit: _, beside: __, oracle: ___, ...bare } = make({ config, length, slowly: 100, bars: 'none' });
      const line = await measure(bare, { where: '', source: '', chosen: false, patience, judged: false });
      points.push({ length, seconds: length / line.best! });
    }
    const exponent = slope(points.filter(({ length }) => length >= 1e5));
    curves.push({ name, points, ...(exponent === undefined ? {} : { exponent }) });
  }
  return { config: config.name, backend: currentBackend(), curves };
}

/** Least squares in the logarithms. */
function slope(points: Curve['points']): number | undefined {
  if (points.length < 2) return undefined;
  const xs = points.map(({ length }) => Math.log(length));
  const ys = points.map(({ seconds }) => Math.log(seconds));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  return xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i]! - my), 0) / xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
}

/** Nanoseconds a weight at every length, and the exponent of the growth. */
export function growthText({ config, backend, curves }: Growth): string {
  const lengths = [...new Set(curves.flatMap(({ points }) => points.map(({ length }) => length)))];
  const rows = curves.map(({ name, points, exponent }) => {
    const cells = lengths.map((length) => {
      const point = points.find((each) => each.length === length);
      return point === undefined ? '–' : digits((1e9 * point.seconds) / length);
    });
    return `| ${name} | ${cells.join(' | ')} | ${exponent === undefined ? '–' : exponent.toFixed(2)} |`;
  });
  return [
    `${config}, backend ${backend}: nanoseconds a weight, and p of the best fit time ~ N^p from 10⁵ weights on (1 is linear)`,
    '',
    `| | ${lengths.map((length) => length.toLocaleString('en').replaceAll(',', ' ')).join(' | ')} | p |`,
    `| --- | ${lengths.map(() => '---:').join(' | ')} | ---: |`,
    ...rows,
  ].join('\n');
}

const COLOURS = ['#0b6e99', '#d1495b', '#2e8b57', '#8d5fd3', '#c77700', '#555555'];
const FRAME = { left: 74, top: 48, width: 560, height: 380 };

/** The plot: both axes logarithmic, a line a case, and the direction of linear growth as a dashed line. */
export function growthPlot({ config, backend, curves }: Growth): string {
  const all = curves.flatMap(({ points }) => points);
  const decades = (values: readonly number[]): [number, number] => [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
  const [left, right] = decades(all.map(({ length }) => length));
  const [bottom, top] = decades(all.map(({ seconds }) => seconds));
  const x = (length: number): number => FRAME.left + ((Math.log10(length) - left) / (right - left)) * FRAME.width;
  const y = (seconds: number): number => FRAME.top + ((top - Math.log10(seconds)) / (top - bottom)) * FRAME.height;
  const out: string[] = [];
  const text = (px: number, py: number, content: string, more = ''): number =>
    out.push(`<text x="${px.toFixed(1)}" y="${py.toFixed(1)}"${more}>${content}</text>`);
  const stroke = (points: string, more: string): number => out.push(`<polyline points="${points}" fill="none" ${more}/>`);
  for (let decade = left; decade <= right; decade++) {
    const at = x(10 ** decade).toFixed(1);
    stroke(`${at},${FRAME.top} ${at},${FRAME.top + FRAME.height}`, 'stroke="#ddd"');
    text(x(10 ** decade), FRAME.top + FRAME.height + 18, `10${raised(decade)}`, ' text-anchor="middle"');
  }
  for (let decade = bottom; decade <= top; decade++) {
    const at = y(10 ** decade).toFixed(1);
    stroke(`${FRAME.left},${at} ${FRAME.left + FRAME.width},${at}`, 'stroke="#ddd"');
    text(FRAME.left - 8, y(10 ** decade) + 4, secondsText(decade), ' text-anchor="end"');
  }
  const reach = Math.min(right - left, top - bottom);
  stroke(
    `${x(10 ** (right - reach)).toFixed(1)},${y(10 ** (top - reach)).toFixed(1)} ${x(10 ** right).toFixed(1)},${y(10 ** top).toFixed(1)}`,
    'stroke="#999" stroke-dasharray="5 5"',
  );
  // Names stand at the ends of their lines, moved apart where these are close.
  const ends = curves.map(({ points }, i) => ({ i, at: y(points.at(-1)!.seconds) })).sort((a, b) => a.at - b.at);
  let last = Number.NEGATIVE_INFINITY;
  for (const end of ends) last = end.at = Math.max(end.at, last + 16);
  curves.forEach(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]!;
    stroke(points.map(({ length, seconds }) => `${x(length).toFixed(1)},${y(seconds).toFixed(1)}`).join(' '), `stroke="${colour}" stroke-width="2"`);
    for (const { length, seconds } of points) out.push(`<circle cx="${x(length).toFixed(1)}" cy="${y(seconds).toFixed(1)}" r="3" fill="${colour}"/>`);
    text(FRAME.left + FRAME.width + 10, ends.find((end) => end.i === i)!.at + 4, name, ` fill="${colour}"`);
  });
  text(FRAME.left, 26, `Time against number of weights, ${config}, ${backend}, one thread`, ' font-size="15" font-weight="bold"');
  text(FRAME.left + FRAME.width / 2, FRAME.top + FRAME.height + 40, 'weights', ' text-anchor="middle"');
  text(FRAME.left + 10, FRAME.top + 18, 'dashed: the slope of linear growth', ' fill="#777"');
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 480" width="780" height="480" font-family="system-ui, sans-serif" font-size="12" role="img">',
    `<title>Time against number of weights for ${curves.map(({ name }) => name).join(', ')}</title>`,
    '<rect width="780" height="480" fill="#fff"/>',
    ...out,
    '</svg>',
    '',
  ].join('\n');
}

function raised(exponent: number): string {
  return String(exponent).replace(/./g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]!);
}

function secondsText(decade: number): string {
  if (decade >= 0) return `${10 ** decade} s`;
  return decade >= -3 ? `${10 ** (decade + 3)} ms` : decade >= -6 ? `${10 ** (decade + 6)} µs` : `${10 ** (decade + 9)} ns`;
}
