// The bytes themselves, sixteen a line, with the names of the fields that begin there. Bytes that are secret, and those that no shown field
// covers, are dots.

import { leaves, type Report } from './report.ts';

/** Lines that are shown, unless all are asked for. */
const MOST_LINES = 64;

/** The lines of a hexdump of a report's bytes. */
export function hexdumpLines({ bytes, fields }: Report, options: { readonly all: boolean; readonly columns: number }): string[] {
  if (bytes === undefined) return [];
  const shown = leaves(fields).filter(({ length }) => length > 0);
  const count = Math.ceil(bytes.length / 16);
  const lines: string[] = [];
  const end = options.all ? count : Math.min(count, MOST_LINES);
  let next = 0;
  // Fields lie one after another, so what is open is found by going along with them.
  for (let row = 0; row < end; row++) {
    const [from, to] = [16 * row, Math.min(bytes.length, 16 * row + 16)];
    const isOpen = new Array<boolean>(16).fill(false);
    const names: string[] = [];
    while (next < shown.length && shown[next]!.offset + shown[next]!.length <= from) next++;
    for (let i = next; i < shown.length && shown[i]!.offset < to; i++) {
      const { offset, length, name, isSecret } = shown[i]!;
      if (offset >= from) names.push(name);
      if (isSecret) continue;
      for (let at = Math.max(from, offset); at < Math.min(to, offset + length); at++) isOpen[at - from] = true;
    }
    const cells = Array.from({ length: 16 }, (_, i) => (from + i >= to ? '  ' : isOpen[i] ? bytes[from + i]!.toString(16).padStart(2, '0') : '··'));
    const line = `${from.toString(16).padStart(8, '0')}  ${cells.slice(0, 8).join(' ')}  ${cells.slice(8).join(' ')}  ${names.join(' ')}`.trimEnd();
    lines.push(line.length > options.columns ? `${line.slice(0, options.columns - 1)}…` : line);
  }
  if (end < count) lines.push(`… ${count - end} more lines: --all`);
  return lines;
}
