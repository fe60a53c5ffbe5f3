// Charts as SVG without a script: lines, and stacked bars, over rounds or whatever is named below. Colours are classes, so that a page or the file
// itself decides them for light and dark; every mark has a title that browsers show when it is pointed at.

import { escaped } from './markup.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

/** One line, or one layer of bars. */
export interface Series {
  readonly name: string;
  /** A value for each label; undefined: nothing there. */
  readonly values: readonly (number | undefined)[];
  /** Number of its colour, 1 to 6. */
  readonly colour: number;
  readonly dashed?: boolean;
}

/** What is drawn. */
export interface Chart {
  readonly title: string;
  /** One sentence below the title. */
  readonly note: string;
  readonly kind: 'lines' | 'bars';
  /** What is below each place of the horizontal axis, and what the axis is. */
  readonly labels: readonly string[];
  readonly axis: string;
  readonly series: readonly Series[];
  readonly logarithmic?: boolean;
  /** Lower end of the vertical axis for lines; from the values when left out. */
  readonly from?: number;
  readonly format: (value: number) => string;
}

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 72;
const RIGHT = 16;
const TOP = 84;
const BOTTOM = 44;
const PLOT = { width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };
/** Marks of single values are drawn up to so many of them. */
const MOST_DOTS = 60;

/** The style of charts; `root` is what the variables stand on. */
export function chartStyle(root: string): string {
  const light = '--ink:#1d2433;--soft:#66708a;--grid:#e3e7ef;--paper:#fff;--c1:#2f6fde;--c2:#0f9d8a;--c3:#e08a00;--c4:#d4405b;--c5:#7c5cd6;--c6:#8a93a6';
  const dark = '--ink:#e8ecf5;--soft:#97a1b8;--grid:#2b3242;--paper:#161b26;--c1:#7aa7ff;--c2:#4fd1bd;--c3:#ffbe55;--c4:#ff7d92;--c5:#b39dff;--c6:#9aa5bd';
  const colours = [1, 2, 3, 4, 5, 6].map((n) => `.line.s${n}{stroke:var(--c${n})}.dot.s${n},.bar.s${n},.key.s${n}{fill:var(--c${n})}`).join('');
  return `${root}{${light}}@media (prefers-color-scheme:dark){${root}{${dark}}}.chart text{font:12px system-ui,sans-serif;fill:var(--soft)}.chart .title{font-size:15px;font-weight:600;fill:var(--ink)}.chart .paper{fill:var(--paper)}.grid{stroke:var(--grid);stroke-width:1}.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.dashed{stroke-dasharray:5 4}${colours}`;
}

/** A chart as an SVG element; `standalone`: as a file of its own, with paper and style. */
export function chartSvg(chart: Chart, standalone = false): string {
  const scale = scaleOf(chart);
  const parts = [
    standalone ? `<style>${chartStyle('svg')}</style><rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="10"/>` : '',
    `<text class="title" x="16" y="26">${escaped(chart.title)}</text><text x="16" y="45">${escaped(chart.note)}</text>`,
    legend(chart),
    grid(chart, scale),
    chart.kind === 'lines' ? chart.series.map((series) => line(chart, series, scale)).join('') : bars(chart, scale),
    axis(chart),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(`${chart.title}. ${chart.note}`)}">${parts.join('')}</svg>`;
}

function scaleOf({ kind, series, labels, logarithmic, from }: Chart): Scale {
  if (kind === 'bars') {
    const heights = labels.map((_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
    return linearScale(0, Math.max(...heights, 0) || 1);
  }
  const values = series.flatMap((each) => each.values.filter((value) => value !== undefined && (logarithmic !== true || value > 0)) as number[]);
  if (values.length === 0) return linearScale(0, 1);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  return logarithmic === true ? logScale(low, high) : linearScale(from ?? low, high);
}

function grid({ format }: Chart, { ticks, at }: Scale): string {
  return ticks
    .map((tick) => {
      const y = place(at(tick));
      return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${escaped(format(tick))}</text>`;
    })
    .join('');
}

function legend({ series }: Chart): string {
  if (series.length < 2) return '';
  let x = 16;
  return series
    .map(({ name, colour }) => {
      const at = x;
      x += 32 + 6.6 * name.length;
      return `<rect class="key s${colour}" x="${at}" y="57" width="10" height="10" rx="2"/><text x="${at + 15}" y="66">${escaped(name)}</text>`;
    })
    .join('');
}

function line({ labels, format }: Chart, { name, values, colour, dashed }: Series, scale: Scale): string {
  const runs: string[] = [];
  const dots: string[] = [];
  let open = false;
  values.forEach((value, i) => {
    if (value === undefined) {
      open = false;
      return;
    }
    const [x, y] = [middle(i, labels.length), place(scale.at(value))];
    runs.push(`${open ? 'L' : 'M'}${x} ${y}`);
    open = true;
    const hint = `<title>${escaped(`${labels[i]}: ${name} ${format(value)}`)}</title>`;
    if (values.length <= MOST_DOTS) dots.push(`<circle class="dot s${colour}" cx="${x}" cy="${y}" r="3">${hint}</circle>`);
  });
  return `<path class="line s${colour}${dashed === true ? ' dashed' : ''}" d="${runs.join('')}"/>${dots.join('')}`;
}

function bars({ labels, series, format }: Chart, scale: Scale): string {
  const width = Math.max(0.5, Math.min(46, (PLOT.width / labels.length) * 0.72));
  return labels
    .map((label, i) => {
      let below = 0;
      return series
        .map(({ name, values, colour }) => {
          const value = values[i] ?? 0;
          if (value <= 0) return '';
          const [bottom, top] = [place(scale.at(below)), place(scale.at(below + value))];
          below += value;
          const hint = `<title>${escaped(`${label}: ${name} ${format(value)}`)}</title>`;
          return `<rect class="bar s${colour}" x="${round(middle(i, labels.length) - width / 2)}" y="${top}" width="${round(width)}" height="${round(bottom - top)}">${hint}</rect>`;
        })
        .join('');
    })
    .join('');
}

function axis({ labels, axis: name }: Chart): string {
  const most = Math.floor(PLOT.width / (10 + 7 * Math.max(...labels.map((label) => label.length), 2)));
  const every = Math.max(1, Math.ceil(labels.length / most));
  const texts = labels.map((label, i) =>
    i % every === 0 ? `<text x="${middle(i, labels.length)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${escaped(label)}</text>` : '',
  );
  return `${texts.join('')}<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${escaped(name)}</text>`;
}

/** Middle of the i-th of n places on the horizontal axis. */
function middle(i: number, n: number): number {
  return round(LEFT + (PLOT.width * (i + 0.5)) / n);
}

function place(share: number): number {
  return round(TOP + PLOT.height * (1 - share));
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
