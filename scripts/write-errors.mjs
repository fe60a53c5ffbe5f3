// Writes what is made of the one table of errors (packages/core/src/errors.ts): docs/ERRORS.md, and the sentences that a bundle for a
// page holds, which are those of all codes that core or participant can throw, without its adapters of models. `npm run errors`; `--check` compares instead.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const DOCUMENT = 'docs/ERRORS.md';
const SENTENCES = 'packages/core/src/sentences.ts';
// While it is missing or wrong, the table must still be readable.
if (!existsSync(SENTENCES)) writeFileSync(SENTENCES, 'export const sentenceOf = (code: string): string => code;\n');

const { ERRORS } = await import('../packages/core/src/errors.ts');
const cell = (text) => text.replaceAll('|', '\\|');
const rows = Object.entries(ERRORS).map(
  ([code, { status, sentence, todo }]) => `| <a id="${code}"></a>\`${code}\` | ${status} | ${cell(sentence)} | ${cell(todo)} |`,
);
const document = `# Errors

Every error of this project carries one of these codes (\`error.code\`); switch on the code, never on the text. The status is what
a coordinator answers to a client that asked for the true verdict (\`Accept: application/problem+json\`); other clients of
\`POST /message\` get an empty 200, as the protocol has it. This page is written by \`npm run errors\` from
[packages/core/src/errors.ts](../packages/core/src/errors.ts).

| code | status | what happened | what to do |
| --- | --- | --- | --- |
${rows.join('\n')}
`;

// The codes that stand in a bundle of all that the participant exports are those that it can throw or compares with.
const exported = JSON.parse(readFileSync('packages/participant/package.json', 'utf8')).exports;
const entries = Object.values(exported).flatMap(({ source }) =>
  source?.endsWith('.ts') && !source.endsWith('.node.ts') ? [`./packages/participant/${source}`] : [],
);
const { outputFiles } = await build({
  stdin: { contents: entries.map((entry) => `export * from '${entry}';`).join('\n'), resolveDir: process.cwd() },
  bundle: true,
  format: 'esm',
  target: 'es2022',
  write: false,
  conditions: ['source'],
  logLevel: 'error',
  minifySyntax: true,
  plugins: [
    {
      name: 'none of the sentences themselves',
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^#sentences$/ }, () => ({ path: 'sentences', namespace: 'none' }));
        onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export const sentenceOf = (code) => code;' }));
      },
    },
  ],
});
const thrown = new Set([...outputFiles[0].text.matchAll(/"([a-z0-9]+(?:-[a-z0-9]+)+)"/g)].map(([, code]) => code));
const portable = Object.keys(ERRORS).filter((code) => thrown.has(code));
const sentences = `// Made by scripts/write-errors.mjs, never by hand: the sentences of the errors that a participant can throw. A bundle for a page
// holds these instead of the table, with its advice and all that only a coordinator can meet (\`#sentences\` in package.json).

const SENTENCES: Readonly<Record<string, string>> = {
${portable.map((code) => `  ${/^\w+$/.test(code) ? code : `'${code}'`}: ${quoted(ERRORS[code].sentence)},`).join('\n')}
};

/** The sentence of a code of the table; for anything else, and for codes that no participant throws, the code. */
export function sentenceOf(code: string): string {
  return Object.hasOwn(SENTENCES, code) ? SENTENCES[code]! : code;
}
`;

if (process.argv.includes('--check')) {
  const differs = Object.entries({ [DOCUMENT]: document, [SENTENCES]: sentences }).filter(([path, text]) => readFileSync(path, 'utf8') !== text);
  for (const [path] of differs) console.log(`${path} is not what packages/core/src/errors.ts gives; npm run errors writes it`);
  if (differs.length === 0) console.log(`errors: ${rows.length}, of which pages hold the sentences of ${portable.length}`);
  process.exit(differs.length === 0 ? 0 : 1);
}
writeFileSync(DOCUMENT, document);
writeFileSync(SENTENCES, sentences);
console.log(`${DOCUMENT}: ${rows.length} errors; ${SENTENCES}: ${portable.length}`);

function quoted(text) {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}
