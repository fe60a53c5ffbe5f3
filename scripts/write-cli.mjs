// Writes what is made of the command's own tree (packages/xaynet/src/main.ts): docs/CLI.md and the manual pages in packages/xaynet/man, which
// its package.json lists. `npm run man`; `--check` compares instead.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const DOCUMENT = 'docs/CLI.md';
const FOLDER = 'packages/xaynet/man';
const PACKAGE = 'packages/xaynet/package.json';

const { commandTree } = await import('../packages/xaynet/src/main.ts');
const { ENVIRONMENT, EXITS } = await import('../packages/xaynet/src/help/manual.ts');
const { pageOf, walk } = await import('../packages/xaynet/src/help/page.ts');
const { markdownOf } = await import('../packages/xaynet/src/help/markdown.ts');
const { roffName, roffOf } = await import('../packages/xaynet/src/help/roff.ts');

const manifest = JSON.parse(readFileSync(PACKAGE, 'utf8'));
const pages = walk(commandTree()).map(pageOf);
const common = {
  environment: ENVIRONMENT.map(([name]) => name),
  exits: EXITS.map(([code, meaning]) => `${code} ${meaning}`),
  options: ['-V, --version', '-h, --help'],
};
const table = (rows) => ['| | |', '| --- | --- |', ...rows.map(([term, meaning]) => `| \`${term}\` | ${meaning} |`)].join('\n');
const document = `# The command line

Every command of \`xaynet\`, with its options, files and examples. The same stands in \`xaynet COMMAND --help\` and in the manual pages of the package
(\`man packages/xaynet/man/xaynet-keygen.1\` in a checkout; \`man xaynet-keygen\` after \`npm install --global ./packages/xaynet\` there). Some examples
use [jq](https://jqlang.org), which picks fields out of JSON. This page is written by \`npm run man\` from the commands themselves.

${pages.map(({ name, summary }) => `* [${name}](#${name.replaceAll(' ', '-')}): ${summary}`).join('\n')}

## What all commands do alike

Results go to standard output, everything else (progress, notices, errors) to standard error.

**--json** is everywhere. What a command prints is then one JSON document, or one object a line where it goes on for long; the form stands below. When
something goes wrong, the last line on standard error is \`{"error": {"code", "message", "todo"}}\`: a code of [ERRORS.md](ERRORS.md), what happened, and
what to do about it; a wrong command line has the code \`command-line\`. A verdict that is no error (a check that found a fault, a promise of the demo
that was not kept) is in the document, and in the exit code. \`--help --json\` prints the help as JSON. Fields may be added to documents, never renamed
within a version.

**Colours** are used on terminals only, and lines are drawn again there only. What takes longer than two seconds says on standard error how far it is:
on a terminal on one line that goes away, elsewhere in a plain line every ten seconds at most.

**Variables**

${table(ENVIRONMENT)}

**Exit codes**

${table(EXITS)}

**Options**

${table([
  ['-V, --version', 'print the version'],
  ['-h, --help', 'print the help of a command'],
])}

${pages.map((page) => markdownOf(page, common)).join('\n')}`;

const files = new Map([[DOCUMENT, document], ...pages.map((page) => [`${FOLDER}/${roffName(page)}`, roffOf(page, manifest.version, released())])]);
const names = pages.map((page) => `./man/${roffName(page)}`);
files.set(PACKAGE, `${JSON.stringify({ ...manifest, man: names }, undefined, 2)}\n`);
const stale = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .map((name) => `${FOLDER}/${name}`)
      .filter((path) => !files.has(path))
  : [];

if (process.argv.includes('--check')) {
  const differs = [...stale, ...[...files].filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text).map(([path]) => path)];
  for (const path of differs) console.log(`${path}: is not what the commands say (npm run man writes it)`);
  if (differs.length === 0) console.log(`command line: ${pages.length} pages agree with the commands`);
  process.exit(differs.length === 0 ? 0 : 1);
}
mkdirSync(FOLDER, { recursive: true });
for (const path of stale) rmSync(path);
for (const [path, text] of files) if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
console.log(`${DOCUMENT}, and ${pages.length} manual pages in ${FOLDER}`);

/** The day of this version in the changelog; while it has none, the day when these pages were first written. */
function released() {
  const heading =
    readFileSync('CHANGELOG.md', 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`## ${manifest.version}`)) ?? '';
  return /\d{4}-\d\d-\d\d/.exec(heading)?.[0] ?? '2026-11-29';
}
