// `npm run bench:runtimes`: how fast a participant masks, adds up masks, signs and seals in each engine, beside Node 24. Results are equal
// byte for byte, or nothing is printed. `--write` puts the table into bench/RESULTS.md; `--only NAME` takes one engine beside Node 24.
// `--memory` measures the memory for each weight instead.
import { bundleScript } from '../../tests/runtimes/bundle.ts';
import { ENGINES, type Engine } from '../../tests/runtimes/engines.ts';
import { writeSection } from '../results.ts';
import { measureMemory } from './memory.ts';
import type { TimeLine } from './work.ts';

const args = process.argv.slice(2);
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
if (args.some((arg, i) => arg !== '--write' && arg !== '--only' && arg !== '--memory' && args[i - 1] !== '--only')) {
  console.error('Usage: npm run bench:runtimes [-- --write] [--only NAME] [--memory]');
  process.exit(2);
}

/** Milliseconds that an engine gets for all. */
const LIMIT = 600_000;

interface Measured {
  readonly engine: Engine;
  readonly kernel: string;
  /** Milliseconds from the start of the process until the packages are loaded. */
  readonly start: number;
  readonly times: ReadonlyMap<string, { readonly ms: number; readonly digest: string }>;
  readonly ended: boolean;
  /** What it said besides. */
  readonly said: string;
}

async function measure(engine: Engine): Promise<Measured> {
  const script = await bundleScript(new URL('./work.ts', import.meta.url), engine.conditions);
  const running = engine.run(script, { megabytes: 512 });
  const began = performance.now();
  const limit = setTimeout(() => running.kill(), LIMIT);
  const times = new Map<string, { ms: number; digest: string }>();
  const said: string[] = [];
  let kernel = '';
  let start = 0;
  let ended = false;
  for await (const text of running.lines) {
    if (!text.startsWith('{')) {
      said.push(text);
      continue;
    }
    const line = JSON.parse(text) as TimeLine;
    if ('kernel' in line) {
      kernel = line.kernel;
      start = performance.now() - began;
    } else if ('done' in line) {
      ended = true;
      break;
    } else times.set(line.work, line);
  }
  clearTimeout(limit);
  running.kill();
  return { engine, kernel, start, times, ended, said: said.join(' ') };
}

if (args.includes('--memory')) {
  console.log(await measureMemory(only));
  process.exit();
}

const figure = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2));

const all: Measured[] = [];
for (const engine of ENGINES) {
  if (only !== undefined && engine.name !== only && engine !== ENGINES[0]) continue;
  if (engine.find() === undefined) {
    console.error(`${engine.name} is missing; to get it: ${engine.how}`);
    continue;
  }
  console.error(`${engine.name} …`);
  all.push(await measure(engine));
}

const [reference] = all;
for (const { engine, times, ended, said } of all) {
  if (!ended) console.error(`${engine.name} did not end: ${said.slice(-300)}`);
  for (const [work, { digest }] of times) {
    if (digest !== reference!.times.get(work)!.digest) throw new Error(`${engine.name}: ${work} gives other bytes than Node 24`);
  }
}

const works = [...reference!.times.keys()];
const lines = [
  `| milliseconds, in brackets times those of Node 24 | ${all.map(({ engine }) => `${engine.name} ${engine.version()}`.trim()).join(' | ')} |`,
  `| --- | ${all.map(() => '---:').join(' | ')} |`,
  `| kernel | ${all.map(({ kernel }) => `\`${kernel}\``).join(' | ')} |`,
  `| start of the process, packages loaded | ${all.map(({ start }) => figure(start)).join(' | ')} |`,
  ...works.map((work) => {
    const cells = all.map(({ times }) => {
      const time = times.get(work);
      return time === undefined ? 'not reached' : `${figure(time.ms)} (${(time.ms / reference!.times.get(work)!.ms).toFixed(1)})`;
    });
    return `| ${work.replace('1000000', '1 000 000').replace('10000', '10 000')} | ${cells.join(' | ')} |`;
  }),
];
const notes = all.filter(({ said }) => said !== '').map(({ engine, said }) => `${engine.name}: ${said}`);
const body = [...lines, '', ...notes].join('\n');
console.log(body);
if (args.includes('--write')) writeSection('runtimes', body, 'npm run bench:runtimes');
if (all.some(({ ended }) => !ended)) process.exitCode = 1;
