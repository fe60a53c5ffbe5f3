// `npm run bench:fleet`: reads the options, runs the rounds, prints what an update costs a fleet, and holds coordination against its bar.

import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { clearProgress, commandLine, progress, runBenchmark } from '../command.ts';
import { machine, writeSection } from '../results.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { BenchRedis } from './redis.ts';
import { coordinationText, type Measured, othersText, roundsText } from './report.ts';
import { MEASURED, writeScaling } from './scaling.ts';
import { type CoordinationResult, type Plan, type RoundResult, runCoordination, runParticipant, runPolling, runRound } from './scenarios.ts';

/** Updates for each coordinator before any is counted: code that runs for the first time costs more, and every process does that once. */
const WARM_BYTES = 64_000_000;
const MOST_WARM = 200;
const LARGE = { length: 25_000_000, counted: 3, warm: 1, connections: 1 } as const;
/** Sum participants of the rounds in which looks and verdicts are measured. */
const SUMS = [1, 100] as const;

await runBenchmark(readOptions, HELP, main);

async function main(options: Options): Promise<void> {
  const command = commandLine('bench:fleet');
  const say = (text: string): void => void (options.json || process.stdout.write(`${text}\n`));
  say(`${machine()}${options.quick ? ', quick: a look, not a measurement' : ''}\n`);
  const probe = await BenchRedis.start(options.data);
  const redis = await probe.version();
  await probe.stop();
  const load = [loadavg()[0]!];
  const coordination: CoordinationResult[] = [];
  const times = options.quick ? 50 : 4000;
  for (const members of options.coordinators) {
    for (const sums of members === 1 ? SUMS : SUMS.slice(0, 1)) {
      progress(`looks and verdicts of ${members} members, ${sums} sum participants`);
      coordination.push(await runCoordination(members, sums, times, options.data));
    }
  }
  progress('polls');
  const polling = await runPolling(options.quick ? 0.6 : 6, options.data, options.program);
  progress('participants');
  const participant = await runParticipant(options.quick ? 10_000 : 1_000_000, options.quick ? 4 : 12);
  const rounds: RoundResult[] = [];
  const { data, program } = options;
  const large = (coordinators: number, blobs: Plan['blobs']): Plan => ({ ...LARGE, coordinators, blobs, data, program });
  const plans = [...options.lengths.flatMap((length) => plansOf(options, length)), ...(options.large ? [large(0, 'embedded'), large(1, 's3')] : [])];
  for (const plan of plans) {
    rounds.push(await runRound(plan, (what) => progress(`${plan.length} weights, ${plan.coordinators} × ${plan.blobs}: ${what}`)));
    load.push(loadavg()[0]!);
  }
  clearProgress();
  const measured: Measured = {
    machine: machine(),
    date: new Date().toISOString().slice(0, 10),
    command,
    redis,
    load: [Math.min(...load), Math.max(...load)],
    rounds,
    coordination,
    polling,
    participant,
  };
  const text = [roundsText(measured), coordinationText(measured), othersText(measured)].join('\n\n');
  say(text);
  if (options.write) {
    writeFileSync(MEASURED, `${JSON.stringify(measured, null, 2)}\n`);
    writeSection('fleet', text, command);
    writeScaling();
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ ...measured, quick: options.quick }, null, 2)}\n`);
}

/** The rounds with models of this length. */
function plansOf({ coordinators, blobs, updates, connections, data, program, quick }: Options, length: number): Plan[] {
  const warm = quick ? 2 : Math.min(MOST_WARM, Math.ceil(WARM_BYTES / (8 * length)));
  const counted = updates ?? Math.min(1000, Math.max(48, Math.round(20_000_000 / length)));
  const plan = { length, counted, warm, connections, data, program };
  // Every process gets as much as one alone does: a fleet of three is for three times the load.
  return [
    { ...plan, coordinators: 0, blobs: 'embedded' },
    ...blobs.flatMap((where) => coordinators.map((count): Plan => ({ ...plan, counted: count * counted, coordinators: count, blobs: where }))),
  ];
}
