// Finds the examples: every ```ts block in a comment of the sources, and of the documents. One that is marked `ts browser` needs a page
// and is run in Chromium only (tests/browser/examples.test.ts), every other one in Node (examples.test.ts), and in Chromium too unless it needs Node.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** An example: where it stands, and its code. */
export interface Example {
  readonly name: string;
  readonly code: string;
  readonly where: 'node' | 'browser';
}

/** A block of code in Markdown: what its fence says, and what is in it. */
export interface Block {
  readonly info: string;
  readonly code: string;
}

/** Every fenced block of a Markdown text. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```/gm)].map(([, info, code]) => ({ info: info!.trim(), code: code! }));
}

/** The comments of a source as Markdown, the rest blank. */
function commentsOf(source: string): string {
  return [...source.matchAll(/^\s*\/\*\*[\s\S]*?\*\//gm)].map(([comment]) => comment.replace(/^\s*\/?\*+ ?/gm, '')).join('\n');
}

/** All examples of the project, in the order of their files. */
export function examples(): Example[] {
  const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).filter((path) => !path.includes('.test.'));
  const documents = globSync('{README,docs/*,packages/*/README,examples/*/README}.md', { cwd: root });
  return [...sources.sort(), ...documents.sort()].flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const blocks = blocksOf(path.endsWith('.md') ? text : commentsOf(text)).filter(({ info }) => /^ts\b/.test(info));
    return blocks.map(({ info, code }, i) => {
      if (info !== 'ts' && info !== 'ts browser') throw new Error(`${path}: a block is marked ${info}; there are \`ts\` and \`ts browser\``);
      return { name: `${path} example ${i + 1}`, code, where: info === 'ts' ? 'node' : 'browser' };
    });
  });
}
