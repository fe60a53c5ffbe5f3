// A page as help on a terminal: titles, terms in a column, running text wrapped to the width at hand.

import type { Paint } from '../screen.ts';
import type { Block, Row } from './manual.ts';
import type { Page } from './page.ts';

const INDENT = 2;
/** Terms that are longer have a line of their own. */
const WIDEST_TERM = 26;
/** Below this many columns there is no room for two. */
const NARROW = 60;

/** The lines of `page`, none of running text wider than `columns`. */
export function helpText(page: Page, columns: number, paint: Paint): string {
  const title = (text: string): string => paint('bold', `${text}:`);
  const lines = [`${title('Usage')} ${page.usage}`, '', ...wrap(page.description, columns)];
  for (const section of page.sections) {
    lines.push('', title(section.title));
    section.blocks.forEach((block, i) => {
      // Examples stand close together; paragraphs do not.
      if (i > 0 && (typeof block === 'string' || typeof section.blocks[i - 1] === 'string')) lines.push('');
      lines.push(...blockLines(block, columns, paint));
    });
  }
  return `${lines.join('\n')}\n`;
}

function blockLines(block: Block, columns: number, paint: Paint): string[] {
  const indent = ' '.repeat(INDENT);
  if (typeof block === 'string') return wrap(block, columns - INDENT).map((line) => `${indent}${line}`);
  if ('code' in block) return block.code.map((line) => `${indent}${line.startsWith('# ') ? paint('dim', line) : line}`);
  return rowLines(block.rows, columns, paint);
}

/** Terms and meanings side by side; long terms, and all of them where it is narrow, above their meaning. */
function rowLines(rows: readonly Row[], columns: number, paint: Paint): string[] {
  const width = Math.max(...rows.map(([term]) => (term.length > WIDEST_TERM ? 0 : term.length)));
  const wide = columns >= NARROW;
  const left = wide ? INDENT + Math.max(width, 6) + 2 : 3 * INDENT;
  return rows.flatMap(([term, meaning]) => {
    const lines = wrap(meaning, columns - left).map((line) => `${' '.repeat(left)}${line}`);
    const head = `${' '.repeat(INDENT)}${paint('cyan', term)}`;
    if (!wide || term.length > left - INDENT - 2) return [head, ...lines];
    return [`${head}${' '.repeat(left - INDENT - term.length)}${(lines[0] ?? '').trimStart()}`.trimEnd(), ...lines.slice(1)];
  });
}

/** `text` in lines of at most `columns`; a word that is longer stands alone. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > columns) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
