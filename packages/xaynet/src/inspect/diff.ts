// Which fields of two documents differ. Fields are found by their names, so that what moved is not all different; what is secret is compared
// and not shown.

import { grouped } from '../figures.ts';
import type { Paint } from '../screen.ts';
import { type Field, leaves, type Report } from './report.ts';
import { wrapped } from './text.ts';

/** A field that is not the same in both; undefined: only in the other. */
export interface Difference {
  readonly name: string;
  readonly a: Field | undefined;
  readonly b: Field | undefined;
}

interface Place {
  readonly field: Field;
  readonly report: Report;
}

/** Fields of `a` and `b`, and of the documents inside them, whose bytes differ, or that only one has. Both were laid out with all items, or with the same. */
export function differences(a: Report, b: Report): Difference[] {
  const [inA, inB] = [named(a), named(b)];
  const found: Difference[] = [];
  for (const [name, place] of inA) {
    const other = inB.get(name);
    if (other === undefined || !sameBytes(place, other)) found.push({ name, a: place.field, b: other?.field });
  }
  for (const [name, { field }] of inB) if (!inA.has(name)) found.push({ name, a: undefined, b: field });
  return found;
}

/** Leaves by name; a name that comes again has its number behind it. */
function named(report: Report, prefix = '', map = new Map<string, Place>()): Map<string, Place> {
  for (const field of leaves(report.fields)) {
    let name = prefix + field.name;
    for (let i = 2; map.has(name); i++) name = `${prefix}${field.name} (${i})`;
    map.set(name, { field, report });
  }
  for (const inner of report.inside) named(inner, `${prefix}${report.kind === 'collection' ? inner.source : 'opened'}: `, map);
  return map;
}

function sameBytes({ report: a, field: left }: Place, { report: b, field: right }: Place): boolean {
  if (left.length !== right.length) return false;
  if (a.bytes === undefined || b.bytes === undefined) return left.value === right.value; // of records, which are not held
  const bytes = a.bytes.subarray(left.offset, left.offset + left.length);
  return Buffer.compare(bytes, b.bytes.subarray(right.offset, right.offset + right.length)) === 0;
}

/** The differences as lines. */
export function differenceLines(a: Report, b: Report, found: readonly Difference[], options: { columns: number; paint: Paint }): string[] {
  const { columns, paint } = options;
  const lines = [
    paint('bold', `- ${a.source}: ${a.title}, ${grouped(a.size)} bytes`),
    paint('bold', `+ ${b.source}: ${b.title}, ${grouped(b.size)} bytes`),
    '',
  ];
  if (a.kind !== b.kind) lines.push(paint('yellow', `they are of different kinds, ${a.kind} and ${b.kind}`));
  if (found.length === 0) lines.push(paint('green', a.kind === b.kind ? 'no field differs' : 'no field of the same name differs'));
  for (const { name, a: left, b: right } of found) {
    lines.push(name);
    for (const [sign, field, style] of [
      ['-', left, 'red'],
      ['+', right, 'green'],
    ] as const) {
      const text =
        field === undefined
          ? 'not there'
          : `${grouped(field.offset)}  ${field.isSecret ? 'differs, and is not shown (show with --secrets)' : String(field.value)}`;
      lines.push(...wrapped(text, columns - 4).map((line, i) => paint(style, `  ${i === 0 ? sign : ' '} ${line}`)));
    }
  }
  if (found.length > 0) lines.push('', paint('red', `${found.length} field${found.length === 1 ? ' differs' : 's differ'}`));
  return lines;
}

/** The same for programs. */
export function differencesJson(a: Report, b: Report, found: readonly Difference[]): object {
  const side = (field: Field | undefined): object | undefined =>
    field && { offset: field.offset, length: field.length, value: field.value, ...(field.isSecret ? { isSecret: true } : {}) };
  const about = ({ source, kind, size }: Report): object => ({ source, kind, size });
  return { a: about(a), b: about(b), differences: found.map(({ name, a: left, b: right }) => ({ name, a: side(left) ?? null, b: side(right) ?? null })) };
}
