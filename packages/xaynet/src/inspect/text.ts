// A report as lines of at most so many columns: offset, length, name and value of every field, where the protocol says so, and below it
// what is wrong, where it is wrong. Pure: colours come in as a function.

import { grouped } from '../figures.ts';
import type { Paint } from '../screen.ts';
import { type Field, isWrong, isWrongField, type Report } from './report.ts';
import { bytesText } from './show.ts';

/** How a report is laid out. */
export interface TextOptions {
  readonly columns: number;
  readonly paint: Paint;
  /** Folded groups too. */
  readonly unfold: boolean;
  /** Lines to put between fields and checks, such as a hexdump. */
  readonly between?: ((report: Report) => readonly string[]) | undefined;
}

const MARKS = { ok: '✓', wrong: '✗', open: '?' } as const;
const STYLES = { ok: 'green', wrong: 'red', open: 'yellow' } as const;
const NAME_WIDTH = 30;
/** A remark stands behind a value that is not longer. */
const SHORT_VALUE = 24;
/** Columns for values, at least. */
const LEAST_VALUE = 16;

/** The lines of a report and of all inside it. */
export function reportLines(report: Report, options: TextOptions): string[] {
  const { paint, between } = options;
  const lines = [
    `${paint('bold', `${report.source}: ${report.title}`)}, ${bytesText(report.size)}`,
    ...wrapped(`${report.kind}: ${report.because}`, options.columns - 2).map((line) => paint('dim', `  ${line}`)),
    '',
    ...fieldLines(report, options),
  ];
  const extra = between?.(report) ?? [];
  if (extra.length > 0) lines.push('', ...extra);
  if (report.checks.length > 0 || report.verdict !== undefined) lines.push('');
  for (const { outcome, says, section } of report.checks) {
    lines.push(...markedLines(`${MARKS[outcome]} `, section === '' ? says : `${says} (${section})`, options).map((line) => paint(STYLES[outcome], line)));
  }
  const { verdict } = report;
  if (verdict !== undefined) {
    const said =
      verdict.code === undefined
        ? `the strict decoder takes it${verdict.says === 'decodes' ? '' : `: ${verdict.says}`}`
        : `the strict decoder refuses it, ${verdict.code}: ${verdict.says}`;
    lines.push(
      ...markedLines(verdict.code === undefined ? '✓ ' : '✗ ', said, options).map((line) => paint(verdict.code === undefined ? 'green' : 'red', line)),
    );
    if (verdict.advice !== '') lines.push(...wrapped(verdict.advice, options.columns - 4).map((line) => `    ${line}`));
  }
  for (const inner of report.inside) lines.push('', ...reportLines(inner, options));
  return lines;
}

interface Row {
  readonly field: Field;
  readonly depth: number;
  /** Items before it are not shown. */
  readonly isAfterGap: boolean;
}

/** The table of fields. */
function fieldLines({ fields, signed }: Report, options: TextOptions): string[] {
  const { columns, paint, unfold } = options;
  const rows: Row[] = [];
  const addAll = (siblings: readonly Field[], depth: number): void => {
    for (const [i, field] of siblings.entries()) {
      const before = siblings[i - 1];
      rows.push({ field, depth, isAfterGap: before !== undefined && before.offset + before.length < field.offset });
      if (unfold || field.isFolded !== true || field.fields.some(isWrongField)) addAll(field.fields, depth + 1);
    }
  };
  addAll(fields, 0);
  if (rows.length === 0) return ['  no fields'];
  const last = rows.at(-1)!.field;
  const offsetWidth = Math.max(6, grouped(last.offset).length);
  const lengthWidth = Math.max(6, ...rows.map(({ field }) => grouped(field.length).length));
  const nameWidth = Math.max(5, ...rows.map(({ field, depth }) => Math.min(NAME_WIDTH, 2 * depth + field.name.length)));
  const room = columns - offsetWidth - lengthWidth - nameWidth - 8;
  // Where there is no room, values come before the sections they are from, and lines may be longer than the terminal.
  const widest = Math.max(0, ...rows.map(({ field }) => field.section.length));
  const sectionWidth = room - widest < LEAST_VALUE ? 0 : widest;
  const valueWidth = Math.max(LEAST_VALUE, room - sectionWidth);
  const indent = ' '.repeat(offsetWidth + lengthWidth + nameWidth + 6);
  const head = `${'offset'.padStart(offsetWidth)}  ${'length'.padStart(lengthWidth)}  ${'field'.padEnd(nameWidth)}  ${'value'.padEnd(valueWidth)}${sectionWidth > 0 ? '  where' : ''}`;
  const lines = [paint('dim', head.trimEnd())];
  for (const { field, depth, isAfterGap } of rows) {
    if (isAfterGap) lines.push(paint('dim', `${' '.repeat(offsetWidth - 1)}…`));
    const isSigned = signed !== undefined && field.offset >= signed.from && field.length > 0;
    const gap = isSigned ? ' │' : '  ';
    const name = `${' '.repeat(2 * depth)}${field.name}`;
    const [remark] = field.notes;
    const isBeside = remark !== undefined && field.value.length <= SHORT_VALUE && field.value.length + 2 + remark.length <= valueWidth;
    const [first = '', ...more] = wrapped(isBeside ? `${field.value}  ${remark}`.trim() : field.value, valueWidth);
    const place = `${grouped(field.offset).padStart(offsetWidth)}  ${grouped(field.length).padStart(lengthWidth)}`;
    const isBad = field.problems.some(({ isWrong: wrong }) => wrong);
    const value =
      field.isSecret === true ? paint('yellow', first.padEnd(valueWidth)) : isBad ? paint('red', first.padEnd(valueWidth)) : first.padEnd(valueWidth);
    lines.push(`${paint('dim', place + gap)}${name.padEnd(nameWidth)}  ${value}  ${sectionWidth > 0 ? paint('dim', field.section) : ''}`.trimEnd());
    for (const line of more) lines.push(`${indent}${line}`);
    for (const note of field.notes.slice(isBeside ? 1 : 0))
      for (const line of wrapped(note, valueWidth + sectionWidth + 2)) lines.push(paint('dim', `${indent}${line}`));
    for (const { isWrong: wrong, says } of field.problems) {
      const [begin = '', ...rest] = wrapped(says, valueWidth + sectionWidth);
      for (const line of [`${wrong ? '✗' : '!'} ${begin}`, ...rest.map((each) => `  ${each}`)]) lines.push(paint(wrong ? 'red' : 'yellow', `${indent}${line}`));
    }
  }
  if (signed !== undefined) lines.push(paint('dim', `${' '.repeat(offsetWidth + lengthWidth + 2)} │ signed`));
  return lines;
}

function markedLines(mark: string, text: string, { columns }: TextOptions): string[] {
  return wrapped(text, columns - mark.length - 2).map((line, i) => `  ${i === 0 ? mark : ' '.repeat(mark.length)}${line}`);
}

/** Text cut into lines of at most `width`, between words where there are any. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    if (line !== '' && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = '';
    }
    while (rest.length > Math.max(1, width)) {
      lines.push(rest.slice(0, Math.max(1, width)));
      rest = rest.slice(Math.max(1, width));
    }
    line = line === '' ? rest : `${line} ${rest}`;
  }
  return [...lines, line];
}

/** The last line: whether all is well. */
export function summaryLine(reports: readonly Report[], paint: Paint): string {
  const bad = reports.filter(isWrong).length;
  if (bad === 0) return paint('green', reports.length === 1 ? 'nothing is wrong' : `nothing is wrong with any of the ${reports.length}`);
  return paint('red', reports.length === 1 ? 'something is wrong: see ✗' : `something is wrong with ${bad} of ${reports.length}: see ✗`);
}
