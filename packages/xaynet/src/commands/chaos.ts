// `xaynet chaos`: kills a coordinator at every moment it can think of, and proves that nothing was lost or counted twice. Here: its options,
// and where the output goes. What it does is in chaos/run.ts.

import { randomInt } from 'node:crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { Command } from 'commander';
import { watchSignals } from '../stop-signal.ts';
import { wholeNumber } from './numbers.ts';

interface ChaosOptions {
  readonly rounds: number;
  readonly seed?: number;
  readonly participants: number;
  readonly weights?: number;
  readonly killsPerRound: number;
  readonly chunked?: true;
  readonly json?: true;
  readonly keep?: true;
}

/** Adds `chaos` to `program`; `exit` takes the exit code. */
export function addChaos(program: Command, exit: (code: number) => void): void {
  program
    .command('chaos')
    .summary('kill a coordinator again and again, and prove that it loses nothing')
    .description(
      'Starts a coordinator as a process of its own, participants, and a network that loses, repeats and delays; kills coordinator and participants at random and at chosen moments, starts them again on the same data, and checks from outside that every acknowledged update is in its model exactly once.',
    )
    .option('--rounds <n>', 'rounds to complete, 1 to 10000', wholeNumber(1, 10_000), 50)
    .option('--seed <n>', 'repeat the choices of a run (0 to 4294967295); their timing is the machine’s', wholeNumber(0, 2 ** 32 - 1))
    .option('--participants <n>', 'how many take part, 12 to 500; six of them live in processes that are killed', wholeNumber(12, 500), 24)
    .option('--weights <n>', 'length of the model, up to 1000000 (default: participants + 25, the least)', wholeNumber(1, 1_000_000))
    .option('--kills-per-round <n>', 'how often the coordinator is killed while a round lasts, 0 to 100', wholeNumber(0, 100), 5)
    .option('--chunked', 'send messages in chunks')
    .option('--json', 'one JSON document on standard output at the end, progress on standard error')
    .option('--keep', 'keep logs, settings and data also when all is well')
    .addHelpText(
      'after',
      `
How it proves it: participant i trains the vector that is 1 at i and 0 elsewhere, so the mean
times the number of updates is 1 for everybody who was counted once. An update counts as
acknowledged when the coordinator answered 200, whether or not the answer arrived.

A round takes some seconds, five kills included. A seed repeats what is done to which message
and at what the kills are aimed, not when it happens.

Exit codes: 0 all promises kept; 1 something was lost, doubled or abandoned, or a round failed
for no reason: the folder with logs and data is kept and named; 2 the command line is wrong;
130 stopped by Ctrl-C, with the table so far.

Examples:
  xaynet chaos
  xaynet chaos --rounds 4 --kills-per-round 3 --seed 7
  xaynet chaos --rounds 500 --chunked --weights 10000 --json > report.json`,
    )
    .action(async (options: ChaosOptions) => {
      const { participants, rounds, killsPerRound, chunked = false, keep = false } = options;
      const { leastWeights, runChaos } = await import('../chaos/run.ts');
      const { ChaosShow } = await import('../chaos/show.ts');
      const { kept, tableLines, verdictLines } = await import('../chaos/report.ts');
      const weights = options.weights ?? leastWeights(participants);
      if (weights < leastWeights(participants)) {
        throw new XaynetError('option-invalid', `--weights: at least ${leastWeights(participants)} for ${participants} participants, ${weights} given`);
      }
      const seed = options.seed ?? randomInt(2 ** 32);
      const stop = watchSignals();
      const show = new ChaosShow(options.json ? process.stderr : process.stdout, rounds);
      try {
        show.line(`xaynet chaos: ${rounds} rounds, ${participants} participants, ${killsPerRound} kills a round, seed ${seed}`);
        const report = await runChaos({
          rounds,
          seed,
          participants,
          weights,
          killsPerRound,
          chunked,
          keep,
          signal: stop.signal,
          tell: (progress) => show.tell(progress),
        });
        show.end();
        for (const line of ['', ...tableLines(report), '', ...verdictLines(report)]) show.line(line);
        if (options.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
        exit(kept(report) ? (stop.exitCode ?? 0) : 1);
      } finally {
        show.end();
        stop.close();
      }
    });
}
