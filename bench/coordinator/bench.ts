// `npm run bench:coordinator`: reads the options, runs the scenarios, prints what they gave and holds it against the bars.

import { clearProgress, commandLine, progress, runBenchmark } from '../command.ts';
import { machine, writeSection } from '../results.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { type Bar, barsOf, barsText, idleText, loadText, shareText, sizingText } from './report.ts';
import { type IdleResult, type LoadPlan, type LoadResult, runIdle, runLoad } from './scenarios.ts';

/** The length and the updates that the bars are for. */
const BAR_LENGTH = 1_000_000;
const SIZES = [
  { length: 10_000, updates: 500 },
  { length: 100_000, updates: 200 },
  { length: BAR_LENGTH, updates: 100 },
] as const;
const LARGE = { length: 25_000_000, updates: 3, connections: 2 } as const;

await runBenchmark(readOptions, HELP, main);

async function main(options: Options): Promise<void> {
  const command = commandLine('bench:coordinator');
  const say = (text: string): void => void (options.json || process.stdout.write(`${text}\n`));
  say(`${machine()}${options.quick ? ', quick: a look, not a measurement' : ''}\n`);
  if (options.sizes) return sizes(options, command, say);
  const loads: LoadResult[] = [];
  if (options.updates > 0) {
    for (const chunk of [0, ...options.chunks]) loads.push(await runLoad(planOf(options, chunk), progress));
    if (options.large) for (const chunk of [0, ...options.chunks.slice(-1)]) loads.push(await runLoad({ ...planOf(options, chunk), ...LARGE }, progress));
  }
  let idle: IdleResult | undefined;
  if (options.idle !== undefined) {
    progress(`${options.idle.participants} idle participants`);
    idle = await runIdle({ ...planOf(options, 0), length: 1000, updates: 3 }, options.idle);
  }
  clearProgress();
  const judged = !options.quick && (loads.length === 0 || options.length >= BAR_LENGTH);
  const bars: Bar[] = judged ? barsOf(loads, idle) : [];
  const parts = [
    ...(loads.length > 0 ? [loadText(loads), loads.map(shareText).join('\n')] : []),
    ...(idle === undefined ? [] : [idleText(idle)]),
    ...(bars.length > 0 ? [barsText(bars)] : []),
  ];
  say(parts.join('\n\n'));
  if (bars.length > 0) say(`\n${bars.filter(({ met }) => met).length} of ${bars.length} bars met`);
  if (options.write) writeSection('coordinator', parts.join('\n\n'), command);
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ machine: machine(), date: new Date().toISOString(), command, quick: options.quick, loads, idle, bars }, null, 2)}\n`,
    );
  }
}

/** Models of several lengths. */
async function sizes(options: Options, command: string, say: (text: string) => void): Promise<void> {
  const loads: LoadResult[] = [];
  for (const size of [...SIZES, LARGE]) loads.push(await runLoad({ ...planOf(options, 0), ...size }, progress));
  clearProgress();
  const text = sizingText(loads);
  say(text);
  if (options.write) writeSection('sizing', text, command);
  if (options.json) process.stdout.write(`${JSON.stringify({ machine: machine(), date: new Date().toISOString(), command, loads }, null, 2)}\n`);
}

function planOf({ length, sums, updates, connections, store, lines, program, data, profile }: Options, chunk: number): LoadPlan {
  return { length, sums, updates, connections, chunk, store, lines, program, data, profile };
}
