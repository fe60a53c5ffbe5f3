// The blocks of README.md that a newcomer copies.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The block of the README in this language that begins with `first`. */
export function readmeBlock(language: string, first: string): string {
  const blocks = [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text!);
  const found = blocks.find((text) => text.startsWith(first));
  assert.ok(found, `README.md has a block of ${language} that begins with ${first}`);
  return found;
}
