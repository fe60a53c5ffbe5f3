// Threads outside of the sources: built JavaScript finds its worker beside itself, a bundle without one works without, and a pool that
// nobody closed does not keep a process alive.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BuildOptions, build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

const PROGRAM = `
import { MaskSeed } from '@xaynet/core/bytes';
import { Aggregation, equalMaskObjects, parseMaskConfig } from '@xaynet/core/mask';
import { createMaskPool } from '@xaynet/core/threads';
const vect = parseMaskConfig('Integer/F64/B6/M9');
const work = { config: { vect, unit: vect }, length: 100, seeds: [1, 2, 3, 4].map((byte) => MaskSeed(new Uint8Array(32).fill(byte))) };
const pool = createMaskPool({ threads: 2, keepFree: true, smallWork: 0 });
const sum = await pool.sumMasks(work);
const here = await createMaskPool({ threads: 0 }).sumMasks(work);
const { started, alive, threaded, inline, trouble } = pool.report();
console.log(JSON.stringify({ right: equalMaskObjects(sum.object(), here.object()) && sum.count === 4, started, alive, threaded, inline, trouble }));
`;

async function run(program: string): Promise<{ right: boolean; trouble?: string }> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { timeout: 150_000, cwd: root });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

test('built JavaScript starts its worker, a bundle without one works without, and neither keeps the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-threads-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const built = { bundle: true, format: 'esm', target: 'es2022', platform: 'node', conditions: ['source'] } satisfies BuildOptions;
    const stdin = { contents: PROGRAM, resolveDir: root };
    await Promise.all([
      build({ ...built, entryPoints: { 'worker.node': join(root, 'packages/core/src/threads/worker.node.ts') }, outdir: folder }),
      build({ ...built, stdin, outfile: join(folder, 'program.js') }),
      build({ ...built, stdin, outfile: join(folder, 'alone/program.js') }),
    ]);
    const [beside, alone] = await Promise.all([run(join(folder, 'program.js')), run(join(folder, 'alone/program.js'))]);
    assert.deepEqual(beside, { right: true, started: 2, alive: 2, threaded: 1, inline: 0 });
    const { trouble, ...rest } = alone;
    assert.deepEqual(rest, { right: true, started: 2, alive: 0, threaded: 0, inline: 1 });
    assert.match(trouble!, /worker\.node\.js/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
