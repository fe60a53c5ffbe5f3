// What a bundle weighs, as a page loads it: `npm run size` prints a table, tests/project/size.test.ts holds the numbers to ceilings. Minified by
// esbuild, where it says so and for script tags by terser too, compressed by gzip -9, kB of 1000 bytes. With --by NAME the files of one bundle and what each adds to it, compressed.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';
import { buildScript, bundleScript, SMALLEST } from './build-browser.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundles of what an application imports; `conditions` as it would set them for its bundler. */
const IMPORTS = {
  participant: { contents: "export { runParticipant, Participant } from '@xaynet/participant';", conditions: [] },
  'participant, no-wasm': { contents: "export { runParticipant, Participant } from '@xaynet/participant';", conditions: ['no-wasm'] },
  'participant, no-sentences, terser': {
    contents: "export { runParticipant, Participant } from '@xaynet/participant';",
    conditions: ['no-sentences'],
  },
  'participant, no-wasm, no-sentences, terser': {
    contents: "export { runParticipant, Participant } from '@xaynet/participant';",
    conditions: ['no-wasm', 'no-sentences'],
  },
  'all of @xaynet/participant': { contents: "export * from '@xaynet/participant';", conditions: [] },
  'all of @xaynet/participant, no-wasm': { contents: "export * from '@xaynet/participant';", conditions: ['no-wasm'] },
  // With the engine, which runs in the page where there is no worker.
  runBrowserParticipant: { contents: "export { runBrowserParticipant } from '@xaynet/participant/browser';", conditions: [] },
  'runBrowserParticipant, no-wasm': { contents: "export { runBrowserParticipant } from '@xaynet/participant/browser';", conditions: ['no-wasm'] },
  maskModel: { contents: "export { maskModel, parseMaskConfig } from '@xaynet/core/mask';", conditions: [] },
  'maskModel, no-wasm': { contents: "export { maskModel, parseMaskConfig } from '@xaynet/core/mask';", conditions: ['no-wasm'] },
  'all of @xaynet/core/mask': { contents: "export * from '@xaynet/core/mask';", conditions: [] },
};

/** Names of all bundles. */
export const BUNDLES = [...Object.keys(IMPORTS), 'xaynet.js', 'xaynet.no-wasm.js'];

/** A bundle's text; of a script file with other options, what esbuild makes of it. */
export async function bundle(name, options = { minify: true }) {
  if (name.endsWith('.js')) return options.minify ? buildScript({ wasm: name === 'xaynet.js' }) : bundleScript(name === 'xaynet.js', options);
  const { contents, conditions } = IMPORTS[name];
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['source', ...conditions],
    legalComments: 'none',
    logLevel: 'error',
    write: false,
    ...options,
  });
  const [{ text }] = outputFiles;
  return name.endsWith('terser') && options.minify ? (await minify(text, { ...SMALLEST, module: true })).code : text;
}

/** Bytes of a text, compressed. */
export function compressed(text) {
  return gzipSync(text, { level: 9 }).length;
}

/** Each file of a bundle: bytes that it adds compressed, and its bytes. */
async function byFile(name) {
  const text = await bundle(name, { minifyIdentifiers: true, minifySyntax: true });
  const sections = text.split(/^ *\/\/ (?=\S+$)/m).slice(1);
  const files = await Promise.all(
    sections.map(async (section) => {
      const end = section.indexOf('\n');
      // The last one has the exports of all, which are no names of its own, or the end of the function around all.
      const code = section.slice(end).replace(/^(export \{[^}]*\};|\}\)\(\);)$/m, '');
      return { file: section.slice(0, end), code: (await transform(code, { minifyWhitespace: true })).code };
    }),
  );
  const all = compressed(files.map(({ code }) => code).join(''));
  const without = (one) => all - compressed(files.flatMap((other) => (other === one ? [] : [other.code])).join(''));
  return files.map((one) => [without(one), one.code.length, one.file]).sort(([a], [b]) => b - a);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--by');
  if (at > 0) {
    for (const [adds, bytes, file] of await byFile(process.argv[at + 1])) console.log(String(adds).padStart(7), String(bytes).padStart(8), file);
  } else {
    console.log(`${'compressed'.padStart(10)} ${'minified'.padStart(9)}`);
    for (const name of BUNDLES) {
      const text = await bundle(name);
      console.log(`${String(compressed(text)).padStart(10)} ${String(text.length).padStart(9)} ${name}`);
    }
  }
}
