// Builds the WASM kernel from packages/core/assembly: `node scripts/build-wasm.mjs` writes the module, inlined as text and as a file,
// with the digest of its sources and the compiler's version; `--check` builds again and fails when what is committed differs.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const INLINED = 'packages/core/src/kernel/wasm/module.ts';
const BINARY = 'packages/core/wasm/masking.wasm';

const compiler = JSON.parse(readFileSync('node_modules/assemblyscript/package.json', 'utf8')).version;
const sources = globSync('packages/core/assembly/*.ts').sort();
const digest = createHash('sha256').update(`assemblyscript ${compiler}\n`);
for (const source of sources) digest.update(`${source.split(/[\\/]/).pop()}\n`).update(readFileSync(source, 'utf8').replaceAll('\r\n', '\n'));

const binary = compile();
const text = `// Made by scripts/build-wasm.mjs from packages/core/assembly, never by hand; CI builds it again and compares.

/** SHA-256 of the compiler's version and the sources. */
export const SOURCES = '${digest.digest('hex')}';
/** The module of ${binary.length} bytes, in base64. */
export const MODULE: string =
  '${binary.toString('base64')}';
`;

if (process.argv.includes('--check')) {
  const differs = [
    [INLINED, text === readFileSync(INLINED, 'utf8')],
    [BINARY, binary.equals(readFileSync(BINARY))],
  ].filter(([, same]) => !same);
  for (const [path] of differs) console.log(`${path} is not what its sources give; run node scripts/build-wasm.mjs and commit it`);
  if (differs.length === 0) console.log(`wasm: ${binary.length} bytes are what their ${sources.length} sources give`);
  process.exit(differs.length === 0 ? 0 : 1);
}
writeFileSync(INLINED, text);
writeFileSync(BINARY, binary);
console.log(`${BINARY}: ${binary.length} bytes, ${gzipSync(binary).length} compressed`);

function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-wasm-'));
  try {
    const out = join(folder, 'masking.wasm');
    const options = ['--runtime', 'stub', '--enable', 'simd', '--importMemory', '--initialMemory', '1', '--noAssert', '-O3', '--converge', '--use', 'abort='];
    execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', 'packages/core/assembly/index.ts', '-o', out, ...options], { stdio: 'inherit' });
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
