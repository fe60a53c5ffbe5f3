// A line of the benchmark: one case on one source of masks, with what it is held against; and how lines look as a table, for people
// and for RESULTS.md.

/** A bar, and how far the line came; `met` is absent where it is not judged (another length, another source, a quick run). */
export interface Bar {
  readonly text: string;
  readonly value: number;
  readonly met?: boolean;
}

/** What one case gave. */
export interface Line {
  readonly case: string;
  /** Masking configuration, or number of bytes. */
  readonly config: string;
  /** Masking backend or crypto provider. */
  readonly source: string;
  /** Whether that is what the project chooses by itself here. */
  readonly chosen?: boolean;
  /** 'Node 24.21.0' or 'Chromium 140.0'. */
  readonly where: string;
  /** Why there are no numbers. */
  readonly missing?: string;
  /** Units a second, best and median of the samples. */
  readonly best?: number;
  readonly median?: number;
  readonly samples?: number;
  readonly unit?: Unit;
  /** Times as fast as the oracle, a weight. */
  readonly oracle?: number;
  /** Part of the speed of what physics allows, measured in turns with it. */
  readonly limit?: { readonly name: string; readonly ratio: number };
  readonly bars?: readonly Bar[];
}

/** What is counted. */
export type Unit = 'weights' | 'operations' | 'bytes';

const COLUMNS = [
  { title: 'case', width: 22 },
  { title: 'configuration', width: 21 },
  { title: 'source', width: 22 },
  { title: 'best', width: 14 },
  { title: 'median', width: 9 },
  { title: 'ns each', width: 9 },
  { title: '× oracle', width: 9 },
  { title: '× limit', width: 24 },
  { title: 'bar', width: 0 },
] as const;

/** The head of the table. */
export function head(): string {
  return columns(COLUMNS.map(({ title }) => title));
}

/** A line of the table. */
export function row(line: Line): string {
  return columns(cells(line));
}

/** The lines as a Markdown table. */
export function markdown(lines: readonly Line[]): string {
  const rows = [COLUMNS.map(({ title }) => title), COLUMNS.map((_, i) => (i >= 3 && i <= 6 ? '---:' : '---')), ...lines.map(cells)];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function columns(texts: readonly string[]): string {
  return texts
    .map((text, i) => (i >= 3 && i <= 6 ? text.padStart(COLUMNS[i]!.width) : text.padEnd(COLUMNS[i]!.width)))
    .join(' ')
    .trimEnd();
}

function cells(line: Line): string[] {
  const browser = line.where.startsWith('Node') ? '' : line.where.split('.')[0]!;
  const source = line.chosen === true && browser === '' ? `${line.source} (chosen)` : line.source;
  const first = [line.case, line.config || '–', [source, browser].filter((text) => text !== '').join(', ')];
  if (line.missing !== undefined) return [...first, '–', '–', '–', '–', '–', `not measured: ${line.missing}`];
  const limit = line.limit === undefined ? '–' : `${digits(line.limit.ratio)} ${line.limit.name}`;
  return [
    ...first,
    `${digits(line.best! / SCALES[line.unit!].by)} ${SCALES[line.unit!].name}`,
    digits(line.median! / SCALES[line.unit!].by),
    digits(1e9 / line.best!),
    line.oracle === undefined ? '–' : digits(line.oracle),
    limit,
    line.bars?.map((bar) => (bar.met === undefined ? `(${bar.text})` : `${bar.text} ${bar.met ? '✓' : `✗ ${digits(bar.value)}`}`)).join(', ') ?? '',
  ];
}

const SCALES: Readonly<Record<Unit, { by: number; name: string }>> = {
  weights: { by: 1e6, name: 'M w/s' },
  operations: { by: 1e3, name: 'k/s' },
  bytes: { by: 1e6, name: 'MB/s' },
};

/** Three digits that count. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value < 0.1 ? 2 : 3);
}
