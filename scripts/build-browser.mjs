// Builds the files for script tags: `packages/participant/dist/script/xaynet.js` and, without the WebAssembly kernel, `xaynet.no-wasm.js`.
// Each is the page's script and that of its workers in one, so a page needs one file, from its own origin and under `default-src 'self'`.
// Errors begin with their code, as docs/ERRORS.md has the sentences. With --out FOLDER elsewhere. Prints the sizes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What terser does after esbuild: 4 % less, compressed, for some seconds. Nothing `unsafe`, no names of properties. */
export const SMALLEST = { toplevel: true, ecma: 2020, compress: { passes: 2, ecma: 2020 }, format: { comments: false } };

/** In front of all: whose code it is. LICENSE-noble, with the whole of MIT's text, lies in the package beside the files. */
const NOTICE = `/*! xaynet: Apache-2.0. Parts of noble: MIT, ${copyrightOfNoble()}; see LICENSE-noble */
`;

function copyrightOfNoble() {
  return readFileSync(join(root, 'packages/core/LICENSE-noble'), 'utf8')
    .match(/^Copyright [^(]*\(c\)[^(\n]*/m)[0]
    .trim();
}

/**
 * The script for tags as text, or written to `outfile`; `wasm: false` leaves the WebAssembly kernel out, `smallest: false` is faster and a
 * little larger than what is published.
 */
export async function buildScript({ wasm = true, smallest = true, outfile } = {}) {
  const bundled = await bundleScript(wasm, { minify: true, ...(wasm ? { plugins: [withoutModule] } : {}) });
  const code = smallest ? (await minify(bundled, SMALLEST)).code : bundled;
  const text = NOTICE + (wasm ? `(${MODULE_NAME}=>{${code}})(${moduleText()});\n` : code);
  if (outfile === undefined) return text;
  mkdirSync(dirname(outfile), { recursive: true });
  writeFileSync(outfile, text);
  return text;
}

// The text of the WebAssembly module stands at the end, given to a function around all: between code and code that is like it, it would cost
// 0.35 kB more, as compression remembers 32 kB.
const MODULE_NAME = 'xaynetMaskingModule';
const MODULE_FILE = join(root, 'packages/core/src/kernel/wasm/module.ts');
const withoutModule = {
  name: 'module at the end',
  setup: ({ onLoad }) => onLoad({ filter: /[\\/]wasm[\\/]module\.ts$/ }, () => ({ contents: `export const MODULE = ${MODULE_NAME};` })),
};

function moduleText() {
  const [literal] = readFileSync(MODULE_FILE, 'utf8').match(/(?<=MODULE: string =\s+)'[^']+'/);
  return literal;
}

/** What esbuild makes of it. */
export async function bundleScript(wasm, options) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'packages/participant/src/browser/script.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    platform: 'browser',
    conditions: ['source', 'script', 'no-sentences', ...(wasm ? [] : ['no-wasm'])],
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
    ...options,
  });
  return outputFiles[0].text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--out');
  const folder = at > 0 ? process.argv[at + 1] : join(root, 'packages/participant/dist/script');
  for (const [name, wasm] of [
    ['xaynet.js', true],
    ['xaynet.no-wasm.js', false],
  ]) {
    const text = await buildScript({ wasm, outfile: join(folder, name) });
    console.log(`${name}: ${text.length} bytes, ${gzipSync(text, { level: 9 }).length} gzipped`);
  }
}
