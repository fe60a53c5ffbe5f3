// What the doctor found, for people: a mark, what it is about, what was found, and below it what to do.

import { wrap } from '../help/text.ts';
import type { Paint } from '../screen.ts';
import type { Finding, State } from './finding.ts';

const MARKS: Readonly<Record<State, { readonly mark: string; readonly style: Parameters<Paint>[0] }>> = {
  ok: { mark: '✓', style: 'green' },
  warning: { mark: '!', style: 'yellow' },
  fault: { mark: '✗', style: 'red' },
  unknown: { mark: '?', style: 'dim' },
};

/** Groups by the first part of a finding's id. */
const GROUPS: Readonly<Record<string, string>> = {
  settings: 'settings',
  runtime: 'runtime',
  masking: 'masking',
  crypto: 'cryptography',
  clock: 'clock',
  disk: 'data folder',
  redis: 'Redis',
  s3: 'S3',
  ports: 'ports',
  url: 'coordinator',
};

/** Columns of the mark and the name before what was found. */
const LEFT = 18;

/** One finding as lines. */
export function findingLines({ id, state, found, todo }: Finding, columns: number, paint: Paint): string[] {
  const { mark, style } = MARKS[state];
  const name = id.slice(id.indexOf('.') + 1);
  const indent = ' '.repeat(LEFT);
  const [first = '', ...rest] = wrap(found, columns - LEFT);
  return [
    `  ${paint(style, mark)} ${name.padEnd(LEFT - 4)}${first}`,
    ...rest.map((line) => `${indent}${line}`),
    ...(todo === undefined ? [] : wrap(`→ ${todo}`, columns - LEFT).map((line, i) => `${indent}${paint(style, i === 0 ? line : `  ${line}`)}`)),
  ];
}

/** The title that stands before `id`, when `before` is of another group. */
export function groupTitle(id: string, before: string | undefined): string | undefined {
  const group = (text: string): string => text.slice(0, text.indexOf('.'));
  return before !== undefined && group(before) === group(id) ? undefined : (GROUPS[group(id)] ?? group(id));
}

/** How many there are of each state. */
export function countsOf(findings: readonly Finding[]): Record<State, number> {
  const counts: Record<State, number> = { ok: 0, warning: 0, fault: 0, unknown: 0 };
  for (const { state } of findings) counts[state]++;
  return counts;
}

/** The last line. */
export function verdictLine(findings: readonly Finding[], paint: Paint): string {
  const counts = countsOf(findings);
  const many = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;
  const said = [
    counts.fault > 0 ? paint('red', many(counts.fault, 'fault', 'faults')) : 'no fault',
    counts.warning > 0 ? paint('yellow', many(counts.warning, 'warning', 'warnings')) : 'no warning',
    `${counts.ok} in order`,
    ...(counts.unknown > 0 ? [`${counts.unknown} cannot be told`] : []),
  ];
  return said.join(', ');
}
