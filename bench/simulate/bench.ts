// `npm run bench:simulate`: how long one simulated round takes and how much memory the process takes at its peak, against the number of
// participants and against the number of weights. Each case is a process of its own, the command as anybody runs it; every model is checked by
// it. `--write` puts table and plot into bench/RESULTS.md; `--keep FILE` keeps what was
// measured, so that another run goes on from there; `--cases N` measures so many more and ends.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { SimulationReport } from '../../packages/xaynet/src/simulate/result.ts';
import { writeSection } from '../results.ts';
import { growthPicture, growthTable, type Point } from './growth.ts';

const COMMAND = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));
const PICTURE = new URL('../simulate-growth.svg', import.meta.url);
const CROWDS = [1000, 2000, 5000, 10_000, 20_000];
const WEIGHTS_OF_CROWDS = 1000;
const MODELS = [10_000, 100_000, 1_000_000];
const PARTICIPANTS_OF_MODELS = 100;

const args = process.argv.slice(2);
const value = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const [keep, most] = [value('--keep'), Number(value('--cases') ?? Number.POSITIVE_INFINITY)];
if (args.some((arg, i) => !['--write', '--keep', '--cases'].includes(arg) && !['--keep', '--cases'].includes(args[i - 1] ?? '')) || Number.isNaN(most)) {
  console.error('Usage: npm run bench:simulate [-- --write] [--keep FILE] [--cases N]');
  process.exit(2);
}

/** One round of the command in a process of its own. */
async function measure(participants: number, weights: number): Promise<Point> {
  const options = ['--participants', participants, '--weights', weights, '--rounds', 1, '--seed', 1, '--json'].map(String);
  const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning', COMMAND, 'simulate', ...options];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`xaynet simulate ${options.join(' ')} ended with ${code}`);
  const { memory, rounds, seconds } = JSON.parse(text) as SimulationReport;
  const [{ accepted, phases, seconds: round }] = rounds as [SimulationReport['rounds'][number]];
  return { participants, weights, load: loadavg()[0]!, sums: accepted.sum, updates: accepted.update, round, cpu: seconds.cpu, memory, phases };
}

const points: Point[] = keep !== undefined && existsSync(keep) ? (JSON.parse(readFileSync(keep, 'utf8')) as Point[]) : [];
const cases = [
  ...CROWDS.map((participants) => ({ participants, weights: WEIGHTS_OF_CROWDS })),
  ...MODELS.map((weights) => ({ participants: PARTICIPANTS_OF_MODELS, weights })),
];
let measured = 0;
for (const { participants, weights } of cases) {
  if (measured >= most || points.some((point) => point.participants === participants && point.weights === weights)) continue;
  points.push(await measure(participants, weights));
  measured++;
  if (keep !== undefined) writeFileSync(keep, JSON.stringify(points));
}
points.sort((a, b) => a.weights - b.weights || a.participants - b.participants);
const table = growthTable(points);
console.log(table);
if (args.includes('--write')) {
  writeFileSync(PICTURE, growthPicture(points));
  writeSection('simulate', `![Time and memory of a simulated round](simulate-growth.svg)\n\n${table}`, 'npm run bench:simulate -- --write');
}
