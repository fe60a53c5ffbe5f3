// `npm run bench`: reads the options, runs what they ask for, and prints it: lines as they come, or JSON at the end.

import { isXaynetError } from '@xaynet/core/errors';
import { parseMaskConfig } from '@xaynet/core/mask';
import { useBackend } from './backends.ts';
import { Unequal } from './cases.ts';
import { catalogueText, measureCatalogue, VERB_BARS, type Verb } from './catalogue.ts';
import { findChromium, HOW } from './chromium-path.ts';
import { clearProgress, commandLine, progress, runBenchmark } from './command.ts';
import { commitOf, compareLines, comparisonText, linesOf } from './compare.ts';
import { growthPlot, growthText, measureGrowth } from './growth.ts';
import { opensslKeystream } from './keystream-openssl.ts';
import { head, type Line, markdown, row } from './lines.ts';
import { type Memory, measureMemory, memoryBar, memoryText } from './memory.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { machine, type Section, writeSection } from './results.ts';
import { type Order, type Place, runSuite } from './suite.ts';

const CONFIGS = ['Prime/F32/B0/M3', 'Power2/F32/B0/M6'];
/** The length that the bars are for. */
const BAR_LENGTH = 1_000_000;
const NODE = `Node ${process.versions.node}`;

await runBenchmark(readOptions, HELP, main, (error) => {
  if (error instanceof Unequal) return { text: `NOT EQUAL, so it was not timed: ${error.message}`, isUsage: false };
  const isUsage = error instanceof TypeError || isXaynetError(error);
  return { text: isUsage ? error.message : String((error as Error).stack), isUsage };
});

async function main(options: Options): Promise<void> {
  const result: Record<string, unknown> = { machine: machine(), date: new Date().toISOString(), command: commandLine('bench') };
  if (options.all || options.plot || options.memory) {
    useBackend(options.kernel);
    if (options.all) result.all = await all(options);
    if (options.plot) result.plot = await plot(options);
    if (options.memory) result.memory = await memory(options);
  } else {
    Object.assign(result, await lines(options));
  }
  if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
}

/** The lines, here and in a page, and beside another commit's. */
async function lines(options: Options): Promise<Record<string, unknown>> {
  const order = orderOf(options);
  const chromium = options.chromium === false ? undefined : findChromium();
  const commit = options.compare === undefined ? undefined : commitOf(options.compare);
  if (options.chromium === true && chromium === undefined) throw new TypeError(`--chromium: there is none; ${HOW}`);
  say(options, `${machine()}; ${order.length.toLocaleString('en')} weights${options.quick ? ', quick: a look, not a measurement' : ''}\n\n${head()}`);
  const found: Line[] = [];
  const told = (line: Line | string): void => {
    if (typeof line === 'string') progress(line);
    else {
      clearProgress();
      found.push(line);
      say(options, row(line));
    }
  };
  for await (const line of runSuite(order, place(), progress)) told(line);
  if (found.length === 0) throw new TypeError(`--only: no case has ${options.only.join(' or ')} in its name; bench/RESULTS.md lists them`);
  if (chromium !== undefined) {
    progress('starting Chromium');
    // A page's clock is coarser.
    const patience = { ...order.patience, sample: options.quick ? 0.002 : 0.02 };
    const { runInChromium } = await import('./chromium.ts');
    await runInChromium(chromium, { ...order, patience }, told);
  } else {
    const reason = options.chromium === false ? '--no-chromium was given' : `there is no Chromium; ${HOW}`;
    told({ case: 'everything', config: '', source: '', where: 'Chromium', missing: reason });
  }
  clearProgress();
  const judged = found.flatMap(({ bars }) => bars ?? []).filter(({ met }) => met !== undefined);
  const met = judged.filter((bar) => bar.met).length;
  if (judged.length > 0) say(options, `\n${met} of ${judged.length} bars met`);
  write(options, 'lines', markdown(found));
  if (options.compare === undefined) return { length: order.length, quick: options.quick, lines: found, bars: { met, missed: judged.length - met } };
  progress(`measuring ${options.compare}`);
  const args = process.argv.slice(2);
  const rest = args.filter((arg, i) => arg !== '--compare' && args[i - 1] !== '--compare' && !arg.startsWith('--compare=') && arg !== '--json');
  const comparison = compareLines(found, await linesOf(commit!, rest));
  clearProgress();
  say(options, `\n${comparisonText(options.compare, comparison)}`);
  return { length: order.length, quick: options.quick, lines: found, bars: { met, missed: judged.length - met }, compared: options.compare, comparison };
}

function orderOf({ length = BAR_LENGTH, configs, only, kernel, threads, quick }: Options): Order {
  const names = configs.length > 0 ? configs : CONFIGS;
  for (const name of names) parseMaskConfig(name);
  return {
    length,
    configs: names,
    only,
    kernel,
    slowly: quick ? 40 : 300,
    patience: quick ? { budget: 0.01, sample: 0.0005 } : { budget: 0.5, sample: 0.01 },
    judged: length >= BAR_LENGTH && !quick,
    message: quick ? 100_000 : 6_000_000,
    threads,
    seeds: quick ? 4 : 32,
  };
}

function place(): Place {
  const threads = async (count: number) => (await import('./threads.ts')).startThreads(count);
  return { where: NODE, isPage: false, openssl: opensslKeystream, threads };
}

/** All 240 configurations. */
async function all(options: Options): Promise<unknown> {
  const patience = options.quick ? { budget: 0.002, sample: 0.0002 } : { budget: 0.05, sample: 0.001 };
  const catalogue = await measureCatalogue(options.configs, patience, options.length ?? 20_000, progress);
  clearProgress();
  const text = catalogueText(catalogue);
  say(options, text);
  write(options, 'all', text);
  const below = catalogue.rows.flatMap(({ config, speeds }) =>
    (Object.keys(VERB_BARS) as Verb[]).filter((verb) => speeds[verb].oracle < VERB_BARS[verb]).map((verb) => ({ config, verb })),
  );
  return { ...catalogue, below };
}

/** Time against length. */
async function plot(options: Options): Promise<unknown> {
  const config = parseMaskConfig(options.configs[0] ?? CONFIGS[1]!);
  const patience = options.quick ? { budget: 0.01, sample: 0.0005 } : { budget: 0.3, sample: 0.005 };
  const growth = await measureGrowth(config, options.only, options.length ?? 25_000_000, patience, progress);
  clearProgress();
  const text = growthText(growth);
  say(options, text);
  if (options.write) {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(new URL('time-by-length.svg', import.meta.url), growthPlot(growth));
  }
  write(options, 'plot', `![Time against number of weights](time-by-length.svg)\n\n${text}`);
  return growth;
}

/** Peak memory. */
async function memory(options: Options): Promise<unknown> {
  const found: Memory[] = [];
  for (const config of options.configs.length > 0 ? options.configs : CONFIGS) {
    parseMaskConfig(config);
    for (const updates of [2, 40]) {
      progress(`${config}, ${updates} updates`);
      found.push(await measureMemory(config, options.length ?? (options.quick ? 200_000 : 5_000_000), updates, options.kernel));
    }
  }
  clearProgress();
  const text = memoryText(found);
  say(options, text);
  write(options, 'memory', text);
  return found.map((each) => ({ ...each, bar: memoryBar(each), met: each.aggregating <= memoryBar(each) }));
}

function write(options: Options, section: Section, body: string): void {
  if (options.write) writeSection(section, body, commandLine('bench'));
}

function say(options: Options, text: string): void {
  if (!options.json) process.stdout.write(`${text}\n`);
}
