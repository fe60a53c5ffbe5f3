// Builds the WASM kernel from packages/core/assembly: `node scripts/build-wasm.mjs` writes its two modules, each inlined as text and as a
// file, with the digest of their sources and the compiler's version; `--check` builds again and fails when what is committed differs.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const MODULES = [
  // Every participant loads it: what is not in a hot loop is made small, and the hot loops are the same (160 bytes of a bundle).
  { name: 'masking', optimize: '-O3z', inlined: 'packages/core/src/kernel/wasm/module.ts' },
  { name: 'unmasking', optimize: '-O3', inlined: 'packages/core/src/kernel/wasm/unmasking-module.ts' },
];

const compiler = JSON.parse(readFileSync('node_modules/assemblyscript/package.json', 'utf8')).version;
const sources = globSync('packages/core/assembly/*.ts').sort();
const digest = createHash('sha256').update(`assemblyscript ${compiler}\n`);
for (const source of sources) digest.update(`${source.split(/[\\/]/).pop()}\n`).update(readFileSync(source, 'utf8').replaceAll('\r\n', '\n'));
const made = digest.digest('hex');

const differs = [];
for (const { name, optimize, inlined } of MODULES) {
  const file = `packages/core/wasm/${name}.wasm`;
  const binary = compile(name, optimize);
  const text = `// Made by scripts/build-wasm.mjs from packages/core/assembly, never by hand; CI builds it again and compares.

/** SHA-256 of the compiler's version and the sources. */
export const SOURCES = '${made}';
/** The module of ${binary.length} bytes, packed as module-text.ts says. */
export const MODULE: string =
  '${pack(binary)}';
`;
  if (process.argv.includes('--check')) {
    if (text !== readFileSync(inlined, 'utf8')) differs.push(inlined);
    if (!binary.equals(readFileSync(file))) differs.push(file);
  } else {
    writeFileSync(inlined, text);
    writeFileSync(file, binary);
    console.log(`${file}: ${binary.length} bytes, ${gzipSync(binary).length} compressed, ${gzipSync(text).length} as text`);
  }
}
for (const path of differs) console.log(`${path} is not what its sources give; run node scripts/build-wasm.mjs and commit it`);
if (process.argv.includes('--check') && differs.length === 0) console.log(`wasm: ${MODULES.length} modules are what their ${sources.length} sources give`);
process.exit(differs.length === 0 ? 0 : 1);

/** Bytes as packages/core/src/kernel/wasm/module-text.ts reads them. */
function pack(binary) {
  const characters = 'i>btra,(u{}0fds hm1;wlp+?v!-64&g5]Be)=M*PN#:yY9qOVZxJ^jCHK|G_%~XW@Fco2QkE</A3DIzRS7[8TLUn.';
  const single = 88;
  return Array.from(binary, (byte) => {
    const value = (byte + 3) & 255;
    return (value < single ? '' : characters[single - 1 + Math.floor(value / single)]) + characters[value % single];
  }).join('');
}

function compile(name, optimize) {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-wasm-'));
  try {
    const out = join(folder, `${name}.wasm`);
    const options = [
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--importMemory',
      '--initialMemory',
      '1',
      '--noAssert',
      optimize,
      '--converge',
      '--use',
      'abort=',
    ];
    execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', `packages/core/assembly/${name}.ts`, '-o', out, ...options], {
      stdio: 'inherit',
    });
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
