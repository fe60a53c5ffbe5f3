// `npm run docs`: writes docs/api from the sources; with `--check` writes nothing and fails when a file there would change. Its
// dependencies are its own (TypeDoc, TypeScript 6) and installed when they are missing.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');
const check = process.argv.includes('--check');
const unknown = process.argv.slice(2).find((argument) => argument !== '--check');
if (unknown !== undefined) {
  console.error(`docs: ${unknown} is no option; there is --check`);
  process.exit(2);
}
const { dependencies } = JSON.parse(readFileSync(`${here}package.json`, 'utf8'));
const installed = (name) => existsSync(`${here}node_modules/${name}`) && JSON.parse(readFileSync(`${here}node_modules/${name}/package.json`, 'utf8')).version;
if (Object.entries(dependencies).some(([name, version]) => installed(name) !== version)) {
  console.log('docs: installing TypeDoc and the TypeScript that it needs, once (npm ci --prefix scripts/api-docs)');
  execFileSync('npm', ['ci', '--prefix', here, '--loglevel=error'], { stdio: 'inherit', shell: process.platform === 'win32' });
}
const { entries } = await import('./entries.mjs');
const { reflect } = await import('./reflect.mjs');
const { readTargets } = await import('./prose.mjs');
const { inReadingOrder, placesOf, renderPage } = await import('./render.mjs');
const { missing } = await import('./complete.mjs');
const { renderIndex } = await import('./index-page.mjs');

const all = entries(root);
const targets = readTargets(root);
const problems = [];
const pages = [];
for (const name of new Set(all.map((entry) => entry.package))) {
  const found = await reflect(
    root,
    all.filter((entry) => entry.package === name),
  );
  const documented = new Map();
  for (const [entry, exports] of found) {
    const own = exports.filter((item) => !documented.has(`${item.source} ${item.name}`));
    const elsewhere = new Map();
    for (const item of exports) {
      const specifier = documented.get(`${item.source} ${item.name}`);
      if (specifier === undefined) documented.set(`${item.source} ${item.name}`, entry.specifier);
      else elsewhere.set(specifier, [...(elsewhere.get(specifier) ?? []), item.name]);
    }
    if (exports.length > 0) pages.push({ entry, exports: inReadingOrder(own, entry.lead), about: aboutOf(entry), elsewhere: [...elsewhere] });
  }
}
pages.sort((a, b) => all.indexOf(a.entry) - all.indexOf(b.entry));

/** What a package says of itself, and the first comment of its entry file of a subpath. */
function aboutOf({ source, description, package: folder }) {
  if (description !== undefined) return `${description} A tour is in its [README](../../${folder}/README.md).`;
  const lines = readFileSync(`${root}/${source}`, 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n');
}

/** Declarations at a width that a page can show, by the project's formatter. */
function format(text, what = 'declaration') {
  if (text.split('\n').every((line) => line.length <= 110)) return text;
  const wrapped = what === 'member' ? `class X {\n${text}\n}` : text;
  const biome = `${root}/node_modules/@biomejs/biome/bin/biome`;
  const run = spawnSync(process.execPath, [biome, 'format', '--line-width=110', '--stdin-file-path=declaration.d.ts'], {
    cwd: root,
    input: wrapped,
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`biome could not format:\n${text}\n${run.stderr}`);
  const lines = run.stdout.trimEnd().split('\n');
  return (what === 'member' ? lines.slice(1, -1).map((line) => line.slice(2)) : lines).join('\n');
}

const context = { places: placesOf(pages), targets, format, pageOf: (specifier) => all.find((entry) => entry.specifier === specifier).page };
const files = new Map(pages.map((page) => [page.entry.page, renderPage(page, context)]));
files.set('README.md', renderIndex(pages, context));
problems.push(...targets.problems, ...missing(pages));

const folder = `${root}/docs/api`;
const present = existsSync(folder) ? readdirSync(folder) : [];
if (check) {
  for (const [name, text] of files) {
    if (!present.includes(name)) problems.push(`docs/api/${name} is missing`);
    else if (readFileSync(`${folder}/${name}`, 'utf8') !== text) problems.push(`docs/api/${name} is not what the sources give`);
  }
  for (const name of present) if (!files.has(name)) problems.push(`docs/api/${name} is of no source`);
  if (problems.length > 0) problems.push('`npm run docs` writes docs/api; commit it with the change');
} else {
  mkdirSync(folder, { recursive: true });
  for (const name of present) if (!files.has(name)) rmSync(`${folder}/${name}`);
  for (const [name, text] of files) writeFileSync(`${folder}/${name}`, text);
}
for (const problem of problems) console.log(problem);
const count = pages.reduce((sum, page) => sum + page.exports.length, 0);
console.log(
  problems.length > 0
    ? `docs: ${problems.length} problems`
    : `docs: ${files.size} pages, ${count} exports${check ? ', as the sources have them' : ' written to docs/api'}`,
);
process.exit(problems.length === 0 ? 0 : 1);
