// A page as a manual page, in the macros of man(7).

import type { Block } from './manual.ts';
import type { Page } from './page.ts';

/** The file name of a page in section 1: `xaynet-coordinator-status.1`. */
export function roffName({ name }: Page): string {
  return `${name.replaceAll(' ', '-')}.1`;
}

/** The titles that manual pages are used to. */
const TITLES: Readonly<Record<string, string>> = {
  Options: 'OPTIONS',
  'Exit codes': 'EXIT STATUS',
  Environment: 'ENVIRONMENT',
  Files: 'FILES',
  Examples: 'EXAMPLES',
  'See also': 'SEE ALSO',
};

/** The manual page of version `version`, as of `date` (2026-11-29). */
export function roffOf(page: Page, version: string, date: string): string {
  const [command, ...rest] = page.usage.slice(page.name.length).trim().split(' ');
  return [
    `.TH ${page.name.replaceAll(' ', '\\-').toUpperCase()} 1 ${date} "xaynet ${version}" "User Commands"`,
    '.SH NAME',
    `${plain(page.name.replaceAll(' ', '-'))} \\- ${plain(page.summary)}`,
    '.SH SYNOPSIS',
    `.B ${plain(page.name)}`,
    ...(command === undefined || command === '' ? [] : [line([command, ...rest].join(' '))]),
    '.SH DESCRIPTION',
    line(page.description),
    ...page.sections.flatMap(({ title, blocks }) => [
      `.SH ${plain(TITLES[title] ?? title.toUpperCase())}`,
      ...blocks.flatMap((block, i) => blockLines(title === 'See also' && typeof block === 'string' ? seeAlso(block) : block, i)),
    ]),
    '',
  ].join('\n');
}

function blockLines(block: Block, at: number): string[] {
  if (typeof block === 'string') return [...(at > 0 ? ['.PP'] : []), line(block)];
  if ('code' in block) {
    const [first, ...rest] = block.code;
    const [says, code] = first?.startsWith('# ') ? [[line(`${first.slice(2)}:`)], rest] : [[], block.code];
    return [...(at > 0 ? ['.PP'] : []), ...says, ...(says.length > 0 ? ['.PP'] : []), '.RS 4', '.nf', ...code.map(line), '.fi', '.RE'];
  }
  return block.rows.flatMap(([term, meaning]) => ['.TP', `.B ${plain(term)}`, line(meaning)]);
}

/** Commands as manual pages are named. */
function seeAlso(text: string): string {
  return text.replaceAll(/\bxaynet(?: [a-z]+)*/g, (name) => `${name.replaceAll(' ', '-')}(1)`);
}

/** Characters that roff would read are written so that it does not. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll('’', '\\(cq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replaceAll('…', '...')
    .replaceAll('–', '\\(en')
    .replaceAll('±', '\\(+-')
    .replaceAll('×', '\\(mu');
}

/** A line of text: one that begins with a dot is no request. */
function line(text: string): string {
  return text
    .split('\n')
    .map((part) => plain(part).replace(/^[.']/, '\\&$&'))
    .join('\n');
}
