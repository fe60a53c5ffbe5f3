// `xaynet demo`: the whole job in one process, for a newcomer and for a check. Here: its options, and where the output goes.
// What it does is in demo/run.ts.

import { randomInt } from 'node:crypto';
import { MASK_CONFIGS, type MaskConfig } from '@xaynet/core/mask';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { WEIGHTS } from '../demo/network.ts';
import { watchSignals } from '../stop-signal.ts';
import { wholeNumber } from './numbers.ts';

interface DemoOptions {
  readonly participants: number;
  readonly rounds: number;
  readonly seed?: number;
  readonly mask?: MaskConfig;
  readonly pad: number;
  readonly json?: true;
}

/** Adds `demo` to `program`; `exit` takes the exit code. */
export function addDemo(program: Command, exit: (code: number) => void): void {
  program
    .command('demo')
    .summary('see masked federated learning at work, on real data')
    .description(
      'Starts a coordinator and participants that train on handwritten digits, each on its own share, over real HTTP and with real masks: the coordinator learns only the mean of the models, and that mean clearly beats the average participant training for itself.',
    )
    .option('--participants <n>', 'how many take part, 4 to 100; below 10 many rounds fail by chance and are repeated', wholeNumber(4, 100), 24)
    .option('--rounds <n>', 'successful rounds, 1 to 1000', wholeNumber(1, 1000), 10)
    .option(
      '--seed <n>',
      'decides the shares, the training, and the keys and hence the roles; whose message comes in time still varies (0 to 4294967295)',
      wholeNumber(0, 2 ** 32 - 1),
    )
    .option(
      '--mask <name>',
      'masking configuration, group/data/bound/model (default: Power2/F32/B0/M6, with B2 where one share is above a quarter)',
      maskOption,
    )
    .option('--pad <n>', `length of the model that travels: zeros up to n weights, ${WEIGHTS} to 1000000`, wholeNumber(WEIGHTS, 1_000_000), WEIGHTS)
    .option('--json', 'one JSON document on standard output at the end, progress on standard error')
    .addHelpText(
      'after',
      `
Exit codes: 0 all promises kept; 1 the federated model is not clearly better than training alone,
or the unmasked model is further from the plain weighted mean than the arithmetic allows, or an
error; 2 the command line is wrong; 130 stopped by Ctrl-C.

A seed makes every secret of the run predictable. That is for this demo alone, where all sides
share one process; the other commands take their secrets from the system's generator.

Groups Integer, Prime, Power2; data F32, F64, I32, I64; bounds B0 (±1), B2 (±100), B4, B6, Bmax;
models M3 (at most 10^3 models), M6, M9, M12.

Examples:
  xaynet demo
  xaynet demo --seed 7 --rounds 5
  xaynet demo --participants 60 --mask Prime/F64/B2/M3
  xaynet demo --pad 50000 --rounds 3
  xaynet demo --json > report.json`,
    )
    .action(async (options: DemoOptions) => {
      const stop = watchSignals();
      try {
        const { runDemo } = await import('../demo/run.ts'); // with the coordinator's HTTP server, 100 ms that --help need not wait for
        const report = await runDemo({
          participants: options.participants,
          rounds: options.rounds,
          seed: options.seed ?? randomInt(2 ** 32),
          mask: options.mask,
          length: options.pad,
          signal: stop.signal,
          out: options.json ? process.stderr : process.stdout,
        });
        if (options.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
        exit(report.verdict.ok ? 0 : 1);
      } catch (error) {
        if (stop.exitCode === undefined) throw error;
        process.stderr.write('xaynet: stopped\n');
        exit(stop.exitCode);
      } finally {
        stop.close();
      }
    });
}

/** The configuration of a name, whatever the case of its letters. */
function maskOption(text: string): MaskConfig {
  const config = MASK_CONFIGS.find(({ name }) => name.toLowerCase() === text.toLowerCase());
  if (config === undefined) throw new InvalidArgumentError('group/data/bound/model is expected, for example Power2/F32/B0/M6 (see --help).');
  return config;
}
