// bench/RESULTS.md: the text is written by people, the numbers between the markers by `--write`.

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const RESULTS = new URL('RESULTS.md', import.meta.url);
const OPERATING = new URL('../docs/OPERATING.md', import.meta.url);

/** Where a kind of numbers stands; `sizing`: in docs/OPERATING.md. */
export type Section = 'lines' | 'all' | 'plot' | 'memory' | 'coordinator' | 'runtimes' | 'simulate' | 'fleet' | 'sizing';

/** The machine in a line. */
export function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

/** Replaces what stands between the markers of a section; throws when they are missing. */
export function writeSection(section: Section, body: string, command: string): void {
  const file = section === 'sizing' ? OPERATING : RESULTS;
  const text = readFileSync(file, 'utf8');
  const [open, close] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`${file.pathname} has no markers ${open} … ${close}`);
  const origin = `\`${command}\`, ${new Date().toISOString().slice(0, 10)}, ${machine()}`;
  writeFileSync(file, `${text.slice(0, from + open.length)}\n${origin}\n\n${body.trim()}\n${text.slice(to)}`);
}
