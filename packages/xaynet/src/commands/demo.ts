// `xaynet demo`: the whole job in one process, for a newcomer and for a check. Here: its options, and where the output goes.
// What it does is in demo/run.ts.

import { randomInt } from 'node:crypto';
import type { MaskConfig } from '@xaynet/core/mask';
import type { Command } from 'commander';
import { suggest } from '../completion/offers.ts';
import { explain } from '../help/manual.ts';
import { WEIGHTS } from '../learning/network.ts';
import type { Environment, Terminal } from '../screen.ts';
import { watchSignals } from '../stop-signal.ts';
import { maskNames, maskOption } from './mask-option.ts';
import { wholeNumber } from './numbers.ts';

interface DemoOptions {
  readonly participants: number;
  readonly rounds: number;
  readonly seed?: number;
  readonly mask?: MaskConfig;
  readonly pad: number;
  readonly stay?: true;
  readonly record?: string;
  readonly json?: true;
}

/** Options that npm has none of itself. `npm start --rounds 3` hands them to npm all the same, which puts them into the environment. */
const OWN = ['participants', 'rounds', 'seed', 'mask', 'pad', 'stay', 'record'];

/** What to say when `npm start` kept options, or their names, to itself. */
function keptByNpm(env: Environment): string | undefined {
  const kept = env.npm_lifecycle_event === 'start' ? OWN.filter((name) => env[`npm_config_${name}`] !== undefined).map((name) => `--${name}`) : [];
  return kept.length === 0 ? undefined : `npm took ${kept.join(' and ')} for its own. Write -- before the options: npm start -- ${kept[0]} …`;
}

/** Adds `demo` to `program`; `exit` takes the exit code. */
export function addDemo(program: Command, exit: (code: number) => void, { out, err, env }: Terminal): void {
  const command = program
    .command('demo')
    .summary('see masked federated learning at work, on real data')
    .description(
      'Starts a coordinator and participants that train on handwritten digits, each on its own share, over real HTTP and with real masks: the coordinator learns only the mean of the models, and that mean clearly beats the average participant training for itself.',
    )
    .allowExcessArguments() // looked at below: the value of an option whose name npm has kept
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
    .option('--stay', 'let the rounds go on after the report, to be watched on the coordinator’s page in a browser, until Ctrl-C')
    .option('--record <folder>', 'record the rounds there, for xaynet replay')
    .option('--json', 'one JSON document on standard output at the end, progress on standard error')
    .action(async (options: DemoOptions) => {
      const { args } = command;
      const excess = `too many arguments for 'demo'. Expected 0 arguments but got ${args.length}: ${args.join(' ')}.`;
      const wrong = keptByNpm(env) ?? (args.length === 0 ? undefined : excess);
      if (wrong !== undefined) command.error(`error: ${wrong}`, { code: 'xaynet.options' });
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
          stay: options.stay,
          record: options.record,
          out: options.json ? err : out,
          err,
          env,
        });
        if (options.json) out.write(`${JSON.stringify(report, undefined, 2)}\n`);
        exit(report.verdict.ok ? 0 : 1);
      } catch (error) {
        if (stop.exitCode === undefined) throw error;
        err.write('xaynet: stopped\n');
        exit(stop.exitCode);
      } finally {
        stop.close();
      }
    });
  suggest(command, '--mask', maskNames());
  explain(command, {
    notes: [
      'A seed makes every secret of the run predictable. That is for this demo alone, where all sides share one process; the other commands take their secrets from the system’s generator.',
      'Groups are Integer, Prime, Power2; data F32, F64, I32, I64; bounds B0 (±1), B2 (±100), B4, B6, Bmax; models M3 (at most 10^3 models), M6, M9, M12.',
    ],
    json: [
      'The report at the end: {"demo", "seed", "mask", "accuracy": {…}, "bytes": {…}, "seconds": {…}, "rounds": one object each, "verdict": {"ok", "reasons"}, …}; accuracies from 0 to 1, sizes in bytes, times in seconds.',
    ],
    exits: [
      ['0', 'all promises kept'],
      [
        '1',
        'the federated model is not clearly better than training alone, or the unmasked model is further from the plain weighted mean than the arithmetic allows, or an error',
      ],
    ],
    examples: [
      ['xaynet demo', 'ten rounds of 24 participants, some ten seconds'],
      ['xaynet demo --seed 7 --rounds 5', 'the same shares, training and roles each time'],
      ['xaynet demo --participants 60 --mask Prime/F64/B2/M3', 'more participants, another masking configuration'],
      ['xaynet demo --pad 50000 --rounds 3', 'messages as large as those of 50 000 weights'],
      ['xaynet demo --stay', 'the rounds go on, to be watched at the address that it prints'],
      ['xaynet demo --rounds 3 --record recordings', 'the rounds recorded, for xaynet replay'],
      ['xaynet demo --json > report.json', 'the report for another program'],
    ],
    seeAlso: ['README.md', 'docs/PROTOCOL.md', 'xaynet config explain'],
  });
}
