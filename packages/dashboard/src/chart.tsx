// Charts: uPlot on a canvas, its colours from the style sheet, and the same numbers as a table for whoever does not see it. Bars of several series stand on
// one another, lines stand for themselves.

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { Scroll } from './card.tsx';
import { significant, ticks as tickTexts } from './format.ts';

/** One series: what it is, the custom property of its colour, its values. */
export interface Series {
  readonly label: string;
  readonly color: string;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** What it shows, in a sentence: what is read out in its place. */
  readonly title: string;
  readonly x: readonly number[];
  readonly series: readonly Series[];
  readonly kind: 'bars' | 'lines';
  readonly height?: number;
  readonly xText: (value: number) => string;
  readonly yText?: (value: number) => string;
  /** Heading of the first column of the table. */
  readonly xName: string;
  /** Width of a bar as a part of its place. */
  readonly gap?: number;
}

/** Changes with the colour scheme, so that canvases are drawn anew. */
const scheme = signal(0);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => scheme.value++);

const colorOf = (element: Element, name: string): string => getComputedStyle(element).getPropertyValue(name).trim();

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const { x, series, kind, height = 160, title } = props;
  const latest = useRef(props);
  latest.current = props;
  const shape = `${kind} ${series.map(({ label, color }) => `${label} ${color}`).join()} ${scheme.value}`;

  useEffect(() => {
    const element = box.current!;
    const made = new uPlot(
      optionsOf(() => latest.current, element, height),
      dataOf(latest.current),
      element,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, height]);

  useEffect(() => {
    plot.current?.setData(dataOf(latest.current));
  }, [x, series]);

  return (
    <figure class="chart">
      <div class="plot" ref={box} role="img" aria-label={title} style={{ height: `${height}px` }} />
      <AsTable {...props} />
    </figure>
  );
}

/** What is drawn, as text; made only while it is open. */
function AsTable({ title, x, series, xText, yText = significant, xName }: ChartProps) {
  return (
    <Folded summary="As a table" of={title} class="as-table">
      <Scroll label={title}>
        <table>
          <thead>
            <tr>
              <th scope="col">{xName}</th>
              {series.map(({ label }) => (
                <th scope="col" key={label}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {x.map((value, i) =>
              series.some(({ values }) => values[i]) ? (
                <tr key={value}>
                  <th scope="row">{xText(value)}</th>
                  {series.map(({ label, values }) => (
                    <td key={label}>{values[i] === null || values[i] === undefined ? '–' : yText(values[i]!)}</td>
                  ))}
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
      </Scroll>
    </Folded>
  );
}

/** Details whose content is there only while they are open; `of`: what they are of, for who hears one after another. */
export function Folded({ summary, of, children, class: name }: { summary: string; of?: string; children: ComponentChildren; class?: string }) {
  const open = useRef(signal(false)).current;
  return (
    <details class={name} onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        {summary}
        {of === undefined ? null : <span class="spoken">: {of}</span>}
      </summary>
      {open.value ? children : null}
    </details>
  );
}

/** Names and colours of the series of a chart. */
export function Legend({ items }: { items: readonly { readonly label: string; readonly color: string; readonly text?: string }[] }) {
  return (
    <ul class="legend">
      {items.map(({ label, color, text }) => (
        <li key={label}>
          <span class="swatch" style={{ background: `var(${color})` }} />
          {label} {text === undefined ? null : <b class="amount">{text}</b>}
        </li>
      ))}
    </ul>
  );
}

/** Sizes that the arithmetic of an axis can do with; what lies outside is drawn as so many of a power of ten. */
const [SMALLEST, LARGEST] = [1e-12, 1e15];

/** What the values of lines are divided by when they are drawn. */
function unitOf({ series, kind }: ChartProps): number {
  if (kind === 'bars') return 1;
  const size = Math.max(...series.flatMap(({ values }) => values.map((value) => Math.abs(value ?? 0))));
  return size === 0 || (size >= SMALLEST && size <= LARGEST) ? 1 : 10 ** Math.max(-300, Math.floor(Math.log10(size)));
}

/** Bars are drawn on one another: the last series carries the sum of all, and is drawn first. */
function dataOf(props: ChartProps): uPlot.AlignedData {
  const { x, series, kind } = props;
  const unit = unitOf(props);
  if (kind === 'lines') return [[...x], ...series.map(({ values }) => values.map((value) => (value === null ? null : value / unit)))];
  const sums = x.map(() => 0);
  const stacked = series.map(({ values }) =>
    x.map((_, i) => {
      sums[i]! += values[i] ?? 0;
      return sums[i]!;
    }),
  );
  return [[...x], ...stacked.reverse()];
}

/** `now` gives the properties of the moment: what a tick is called may change while the chart stays. */
function optionsOf(now: () => ChartProps, element: Element, height: number): uPlot.Options {
  const { series, kind, gap = 0.85 } = now();
  const xText = (tick: number): string => (Number.isInteger(tick) || kind === 'lines' ? now().xText(tick) : '');
  const yTexts = (ticks: number[]): string[] => {
    const props = now();
    const values = ticks.map((tick) => tick * unitOf(props));
    return props.yText === undefined ? tickTexts(values) : values.map(props.yText);
  };
  const muted = colorOf(element, '--muted');
  const line = colorOf(element, '--line');
  const font = '12px system-ui, sans-serif';
  const drawn = kind === 'bars' ? [...series].reverse() : series;
  const axis = { stroke: muted, font, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 20, 0, 0],
    scales: {
      x: { time: false, range: (_, min, max) => (min === max ? [min - 1, max + 1] : kind === 'bars' ? [min - 0.5, max + 0.5] : [min, max]) },
      y: { range: (_, min, max) => rangeOf(min, max, kind) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 60,
        values: (_, ticks) => ticks.map(xText),
      },
      { ...axis, size: widthOf, space: 36, values: (_, ticks) => yTexts(ticks), ...(kind === 'bars' ? { incrs: WHOLE } : {}) },
    ],
    series: [
      {},
      ...drawn.map(({ label, color }) => {
        const stroke = colorOf(element, color);
        if (kind === 'bars') return { label, stroke, fill: stroke, width: 0, points: { show: false }, paths: uPlot.paths.bars!({ size: [gap, 40], align: 0 }) };
        return { label, stroke, width: 2, points: { show: true, size: 5, stroke, fill: stroke }, spanGaps: true };
      }),
    ],
  };
}

/** Distances of ticks where only whole numbers mean something. */
const WHOLE = Array.from({ length: 15 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** Room for the longest text beside an axis, in pixels. */
const widthOf = (_: uPlot, texts: readonly string[] | null): number => Math.max(56, 14 + 8 * Math.max(0, ...(texts ?? []).map(({ length }) => length)));

/** Values that differ by a smaller part of themselves are drawn as one: their ticks could not be told apart. */
const LEAST_SPAN = 1e-4;

/** From zero for bars; for lines with some air, and never flat. */
function rangeOf(min: number | null, max: number | null, kind: ChartProps['kind']): [number, number] {
  if (kind === 'bars') return [0, Math.max(4, Math.ceil(1.1 * (max ?? 0)))];
  if (min === null || max === null) return [0, 1];
  const span = Math.max(max - min, LEAST_SPAN * Math.max(Math.abs(min), Math.abs(max)));
  const air = max === min ? Math.abs(max) * 0.1 || 1 : 0.1 * span + (span - (max - min)) / 2;
  return [min >= 0 && min - air < 0 ? 0 : min - air, max + air];
}
