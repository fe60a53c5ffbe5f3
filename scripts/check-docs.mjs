// Checks that the documents say what is: every path that a document links or that CONTRIBUTING's table names exists, every
// error code stands in docs/ERRORS.md and nothing else does, every package is in ARCHITECTURE's map, and no file of the project
// names a path of one machine, a package registry or a place outside the project. Every finding names tests that exist. docs/CLI.md is up to date.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const problems = [];

// 1. Links in documents lead somewhere.
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...globSync('docs/**/*.md'),
  ...globSync('packages/*/README.md'),
  ...globSync('examples/{,*/}README.md'),
  'vectors/README.md',
  'bench/RESULTS.md',
];
for (const document of documents) {
  if (!existsSync(document)) {
    problems.push(`${document} is missing`);
    continue;
  }
  for (const [, target] of readFileSync(document, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target) || target.startsWith('#')) continue;
    const path = normalize(join(dirname(document), target.split('#')[0]));
    if (!existsSync(path)) problems.push(`${document}: link to ${target}, which does not exist`);
  }
}

// 2. CONTRIBUTING's table "what I want to change → which file": every `path` in it exists.
const contributing = existsSync('CONTRIBUTING.md') ? readFileSync('CONTRIBUTING.md', 'utf8') : '';
const rows = contributing.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| I want'));
if (rows.length < 15) problems.push(`CONTRIBUTING.md: the table of places has only ${rows.length} rows`);
for (const row of rows) {
  const paths = [...(row.split('|')[2] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]);
  if (paths.length === 0) problems.push(`CONTRIBUTING.md: no file named in: ${row}`);
  for (const path of paths) {
    if (globSync(path).length === 0) problems.push(`CONTRIBUTING.md: ${path} does not exist`);
  }
}
for (const folder of globSync('packages/*/src/*/').map((path) => path.replace(/\/$/, ''))) {
  if (!contributing.includes(folder)) problems.push(`CONTRIBUTING.md: the table names nothing in ${folder}`);
}

// 3. docs/ERRORS.md lists exactly the codes of the table, with their sentences and advice.
const { ERRORS } = await import('../packages/core/src/errors.ts');
const errorsDocument = existsSync('docs/ERRORS.md') ? readFileSync('docs/ERRORS.md', 'utf8') : '';
const documented = new Map(
  [...errorsDocument.matchAll(/^\| <a id="[a-z0-9-]+"><\/a>`([a-z0-9-]+)` \| (\d+) \| (.*?) \| (.*?) \|$/gm)].map((match) => [match[1], match]),
);
for (const [code, { sentence, todo, status }] of Object.entries(ERRORS)) {
  const row = documented.get(code);
  if (!row) problems.push(`docs/ERRORS.md: ${code} is missing (npm run errors writes the table)`);
  else if (row[2] !== String(status) || row[3] !== sentence.replaceAll('|', '\\|') || row[4] !== todo.replaceAll('|', '\\|'))
    problems.push(`docs/ERRORS.md: the row of ${code} differs from the table (npm run errors writes it)`);
}
for (const code of documented.keys()) if (!(code in ERRORS)) problems.push(`docs/ERRORS.md: ${code} is no error of this project`);

// What looks like a code in the tables of these documents is one.
for (const document of ['docs/OPERATING.md', 'docs/API.md']) {
  const tables = existsSync(document) ? readFileSync(document, 'utf8').match(/^\| .*$/gm) : [];
  for (const [, code] of tables.join('\n').matchAll(/`(?!x-)([a-z0-9]+(?:-[a-z0-9]+)+)`/g)) {
    if (!(code in ERRORS)) problems.push(`${document}: ${code} is no error of this project`);
  }
}

// 4. ARCHITECTURE draws every package.
const architecture = existsSync('docs/ARCHITECTURE.md') ? readFileSync('docs/ARCHITECTURE.md', 'utf8') : '';
for (const folder of globSync('packages/*')) if (!architecture.includes(folder)) problems.push(`docs/ARCHITECTURE.md does not mention ${folder}`);

// 5. Nothing in the tree belongs to one machine or reaches outside.
const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => path && existsSync(path));
const FORBIDDEN = [/(^|[^a-z.])\/(work|farm|root)\//, /\.\.\/(shared|\.library)\//, new RegExp(`registry\\.${'npmjs'}\\.org`)];
for (const path of tracked) {
  if (/\.(gz|png|svg|ico|wasm)$/.test(path)) continue;
  const text = readFileSync(path, 'utf8');
  for (const pattern of FORBIDDEN) {
    if (path !== 'scripts/check-docs.mjs' && pattern.test(text))
      problems.push(`${path}: contains ${text.match(pattern)[0].trim()}, which a user's clone does not have`);
  }
}

// 6. SECURITY's findings T1 … T19 each have a row, and the tests that are named there exist and name their finding; attackers begin with it.
const security = existsSync('docs/SECURITY.md') ? readFileSync('docs/SECURITY.md', 'utf8') : '';
const findings = new Map([...security.matchAll(/^\| (T\d+) .*\| ([^|]*) \|$/gm)].map(([, finding, shown]) => [finding, shown]));
for (let n = 1; n <= 19; n++) if (!findings.has(`T${n}`)) problems.push(`docs/SECURITY.md: no row for T${n}`);
for (const [finding, shown] of findings) {
  for (const [, path] of shown.matchAll(/`([^`]+)`/g)) {
    const titles = existsSync(path) ? [...readFileSync(path, 'utf8').matchAll(/\b(?:test|it|describe)\(\s*['"`](.*)['"`],/g)].map(([, title]) => title) : [];
    const named = path.includes('/attackers/') ? new RegExp(`^${finding}:`) : new RegExp(`\\b${finding}\\b`);
    if (!titles.some((title) => named.test(title))) problems.push(`docs/SECURITY.md: ${finding} is shown by ${path}, where no test names it`);
  }
}
for (const path of globSync('packages/*/src/attackers/*.test.ts')) {
  if (!security.includes(path)) problems.push(`docs/SECURITY.md: ${path} is not in the table of findings`);
}
for (const key of readFileSync('docs/SETTINGS.md', 'utf8').matchAll(/^\| `compat\.([a-z_0-9]+)`/gm)) {
  if (!security.includes(`| \`${key[1]}\` |`)) problems.push(`docs/SECURITY.md: compat.${key[1]} is not in its table of switches`);
}

// 7. docs/CLI.md and the manual pages are what the commands say of themselves.
const cli = spawnSync(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', 'scripts/write-cli.mjs', '--check'], {
  encoding: 'utf8',
});
if (cli.status !== 0) problems.push((cli.stdout + cli.stderr).trim());

for (const problem of problems) console.log(problem);
console.log(
  problems.length === 0
    ? `documents: ${documents.length} documents, ${rows.length} places, ${documented.size} errors agree with the project`
    : `documents: ${problems.length} problems`,
);
process.exit(problems.length === 0 ? 0 : 1);
