// Pages as one document in Markdown: docs/CLI.md.

import type { Block } from './manual.ts';
import type { Page, Section } from './page.ts';

/** Titles whose content is the same on every page, and stands at the top of the document instead. */
export interface CommonParts {
  readonly environment: readonly string[];
  readonly exits: readonly string[];
  /** Flags. */
  readonly options: readonly string[];
}

/** A page as a part of a document; links are relative to the folder `docs`. What is common is left out. */
export function markdownOf(page: Page, common: CommonParts): string {
  const sections = page.sections.map((section) => withoutCommon(section, common)).filter(({ blocks }) => blocks.length > 0);
  return `${[
    `## ${page.name}`,
    `\`${page.usage}\``,
    escaped(page.description),
    ...sections.map(({ title, blocks }) => `**${title}**\n\n${joined(title === 'See also' ? blocks.map(linked) : blocks.map(markdownBlock))}`),
  ].join('\n\n')}\n`;
}

function withoutCommon({ title, blocks }: Section, { environment, exits, options }: CommonParts): Section {
  const known = title === 'Environment' ? environment : title === 'Exit codes' ? exits : title === 'General' ? options : [];
  const left = blocks.flatMap((block): Block[] => {
    if (typeof block === 'string' || 'code' in block) return [block];
    const rows = block.rows.filter(([term, meaning]) => !known.includes(title === 'Exit codes' ? `${term} ${meaning}` : term));
    return rows.length === 0 ? [] : [{ rows }];
  });
  return { title, blocks: left };
}

/** Lines as they stand come together in one block. */
function joined(parts: readonly string[]): string {
  return parts.join('\n\n').replaceAll('\n```\n\n```sh\n', '\n');
}

function markdownBlock(block: Block): string {
  if (typeof block === 'string') return escaped(block);
  if ('code' in block) return `\`\`\`sh\n${block.code.join('\n')}\n\`\`\``;
  return ['| | |', '| --- | --- |', ...block.rows.map(([term, meaning]) => `| \`${cell(term)}\` | ${escaped(cell(meaning))} |`)].join('\n');
}

function linked(block: Block): string {
  if (typeof block !== 'string') return markdownBlock(block);
  return block
    .split(', ')
    .map((place) =>
      place.startsWith('xaynet') ? `[${place}](#${place.replaceAll(' ', '-')})` : `[${place}](${place.replace(/^docs\//, '').replace(/^(?=README)/, '../')})`,
    )
    .join(', ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** No character of running text is taken for formatting. */
function escaped(text: string): string {
  return text.replaceAll(/[<*_[\]]/g, '\\$&');
}
