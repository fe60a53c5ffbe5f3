// `npm run bench:runtimes -- --memory`: how much memory a participant's task takes for each weight of a model, in the engines that are a process of their own: the
// system's own high-water mark (Linux) of two runs that differ in the length of the model alone, so that engine and code fall out.
import { readFileSync } from 'node:fs';
import { parseMaskConfig } from '@xaynet/core/mask';
import { bundleScript } from '../../tests/runtimes/bundle.ts';
import { ENGINES, type Engine } from '../../tests/runtimes/engines.ts';
import type { MemoryOrders } from './memory-work.ts';

/** Hermes takes seconds for what compilers do in some hundredths. */
const LENGTHS = { compiler: [200_000, 3_200_000], Hermes: [20_000, 220_000] } as const;
/** Several processes, and a heap inside of that of Node. */
const NOT_ALONE: readonly string[] = ['Chromium', 'QuickJS'];

/** Bytes that the process of a task had at its most. */
async function peak(engine: Engine, script: string, orders: MemoryOrders): Promise<number> {
  const running = engine.run(`globalThis.xaynetMemory = ${JSON.stringify(orders)};\n${script}`);
  try {
    for await (const line of running.lines) {
      if (line !== 'done') throw new Error(`${engine.name}: ${line}`);
      return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8'))![1]);
    }
    throw new Error(`${engine.name} ended`);
  } finally {
    running.kill();
  }
}

/** Measures those of `engines` that are one process; a table. */
export async function measureMemory(only: string | undefined): Promise<string> {
  const width = parseMaskConfig('Power2/F32/B0/M6').bytesPerNumber;
  const rows: string[] = [];
  for (const engine of ENGINES) {
    if ((only !== undefined && engine.name !== only) || NOT_ALONE.includes(engine.name) || engine.find() === undefined) continue;
    const script = await bundleScript(new URL('./memory-work.ts', import.meta.url), engine.conditions);
    const [short, long] = LENGTHS[engine.name === 'Hermes' ? 'Hermes' : 'compiler'];
    const cells: string[] = [];
    for (const task of ['update', 'sum'] as const) {
      const least = await peak(engine, script, { task, length: 1 });
      const [below, above] = [await peak(engine, script, { task, length: short }), await peak(engine, script, { task, length: long })];
      const bytes = (above - below) / (long - short);
      cells.push(`${bytes.toFixed(0)} (${(bytes / width).toFixed(1)})`, (least / 1e6).toFixed(0));
    }
    rows.push(`| ${engine.name} ${engine.version()} | ${cells.join(' | ')} | ${long} |`);
  }
  return [
    '| engine | update: bytes a weight, in brackets masks | MB with one weight | sum2 of 3 updates: bytes a weight | MB with one weight | weights |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}
