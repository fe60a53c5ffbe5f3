// Builds the page of a coordinator from packages/dashboard: `npm run page` writes it as a module of the coordinator, which then serves it from memory
// without a build; `npm run page -- --check` builds again and fails when what is committed differs. Names carry a hash of the content.
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants, gzipSync } from 'node:zlib';
import { build, version } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const MODULE = 'packages/coordinator/src/http/page/assets.ts';
const SOURCES = 'packages/dashboard/src';
const LIBRARIES = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];
const check = process.argv.includes('--check');

const manifest = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
const licence = (name) => readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim();
const text = (file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n');

const digest = createHash('sha256').update(`esbuild ${version}\n`);
for (const name of LIBRARIES) digest.update(`${name} ${manifest(name).version}\n`);
for (const file of globSync(`${SOURCES}/*`)
  .filter((file) => !file.includes('.test.'))
  .sort())
  digest.update(`${file.split(/[\\/]/).pop()}\n${text(file)}`);
const made = digest.digest('hex');

const html = text(`${SOURCES}/index.html`);
const files = [];
let page = html;
for (const [source, name, type] of [
  ['main.tsx', 'page.js', 'text/javascript; charset=utf-8'],
  ['page.css', 'page.css', 'text/css; charset=utf-8'],
]) {
  const content = await bundle(`${SOURCES}/${source}`);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 10);
  const hashed = name.replace('.', `-${hash}.`);
  if (!page.includes(`"page/${name}"`)) throw new Error(`index.html does not name page/${name}`);
  page = page.replace(`"page/${name}"`, `"page/${hashed}"`);
  files.push({ name: hashed, type, content });
}
files.unshift({ name: 'index.html', type: 'text/html; charset=utf-8', content: Buffer.from(page.replaceAll(/\n\s*/g, '\n')) });

if (check) {
  const { SOURCES: committed, FILES } = await import(`../${MODULE}`);
  const same =
    committed === made &&
    FILES.length === files.length &&
    files.every(
      ({ name, type, content }, i) =>
        FILES[i].name === name && FILES[i].type === type && brotliDecompressSync(Buffer.from(FILES[i].brotli, 'base64')).equals(content),
    );
  if (!same) {
    console.log(`${MODULE} is not what its sources give; run npm run page and commit it`);
    process.exit(1);
  }
} else writeFileSync(MODULE, moduleOf());
const sizes = files.map(({ name, content }) => ({ name, bytes: content.length, gzip: gzipSync(content, { level: 9 }).length }));
const all = sizes.reduce((sum, { gzip }) => sum + gzip, 0);
console.log(
  `page: ${check ? 'is what its sources give; ' : ''}${sizes.map(({ name, bytes, gzip }) => `${name} ${bytes} bytes, ${gzip} as gzip`).join('; ')}; ${all} in all`,
);

async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: entry.endsWith('.css') ? undefined : 'esm',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
    outdir: 'out',
  });
  return Buffer.from(outputFiles[0].contents);
}

function moduleOf() {
  const pack = (content) =>
    brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
  const rows = files.map(
    ({ name, type, content }) => `  {\n    name: '${name}',\n    type: '${type}',\n    brotli:\n      '${pack(content).toString('base64')}',\n  },`,
  );
  const notices = LIBRARIES.filter((name) => name !== '@preact/signals-core').map((name) => `${name} ${manifest(name).version}\n\n${licence(name)}`);
  const comment = notices
    .join('\n\n')
    .split('\n')
    .map((line) => `// ${line}`.trimEnd())
    .join('\n');
  return `// Made by scripts/build-page.mjs from packages/dashboard, never by hand; CI builds it again and compares. It holds, beside our own code, these libraries
// under their licences:
//
${comment}

/** A file of the page: its content compressed with Brotli, as base64. */
export interface PageFile {
  readonly name: string;
  readonly type: string;
  readonly brotli: string;
}

/** SHA-256 of the versions of what builds it and of the sources. */
export const SOURCES = '${made}';
/** The page first, then what it loads. */
export const FILES: readonly PageFile[] = [
${rows.join('\n')}
];
`;
}
