// `xaynet simulate`: thousands of participants with the real protocol on one machine. Here: its options, and where the output goes. What it does
// is in simulate/run.ts.

import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { MaskConfig } from '@xaynet/core/mask';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { suggest } from '../completion/offers.ts';
import { explain } from '../help/manual.ts';
import { OPTIMISERS, type OptimiserName } from '../learning/optimiser.ts';
import { PARTITIONS, type PartitionName } from '../learning/partition.ts';
import type { Terminal } from '../screen.ts';
import { ADVERSARIES } from '../simulate/adversaries/names.ts';
import { LINKS } from '../simulate/links.ts';
import type { SimulationInput } from '../simulate/run.ts';
import { watchSignals } from '../stop-signal.ts';
import { maskNames, maskOption } from './mask-option.ts';
import { decimalNumber, wholeNumber } from './numbers.ts';

interface SimulateOptions {
  readonly participants: number;
  readonly rounds: number;
  readonly seed?: number;
  readonly data?: SimulationInput['data'];
  readonly weights?: number;
  readonly partition: PartitionName;
  readonly skew: number;
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly batch?: number;
  readonly proximal: number;
  readonly weighting: SimulationInput['weighting'];
  readonly optimiser: OptimiserName;
  readonly serverRate?: number;
  readonly momentum?: number;
  readonly beta2?: number;
  readonly tau?: number;
  readonly sums?: number;
  readonly participation: number;
  readonly dropout: number;
  readonly stragglers: number;
  readonly slowdown: number;
  readonly trainTime?: number;
  readonly network: string;
  readonly adversary?: ReadonlyMap<string, number>;
  readonly clock: SimulationInput['clock'];
  readonly transport: SimulationInput['transport'];
  readonly window?: number;
  readonly mask?: MaskConfig;
  readonly chunk: number;
  readonly threads?: number;
  readonly report?: string;
  readonly json?: true;
}

const share = decimalNumber(0, 1);
/** The smallest message that can carry a chunk (wire 6.5). */
const LEAST_MESSAGE = 194;
const KINDS = Object.entries(ADVERSARIES);

/** Adds `simulate` to `program`; `exit` takes the exit code. */
export function addSimulate(program: Command, exit: (code: number) => void, { out, err }: Terminal): void {
  const command = program
    .command('simulate')
    .summary('run rounds with thousands of participants on this machine')
    .description(
      'Runs rounds with virtual participants: real keys, real masks, real messages, a real coordinator, in one process and in simulated time, on real data or on vectors of any length. Every published model is held against the plain mean of the updates that were accepted.',
    )
    .optionsGroup('The crowd:')
    .option('--participants <n>', 'how many, 10 to 1000000', wholeNumber(10, 1_000_000), 10_000)
    .option('--rounds <n>', 'rounds, failed ones included, 1 to 10000', wholeNumber(1, 10_000), 3)
    .option('--seed <n>', 'repeat a run: keys, roles, data, training, what befalls whom (0 to 4294967295)', wholeNumber(0, 2 ** 32 - 1))
    .option('--sums <n>', 'sum participants expected in a round (default: 10, a fifth of less than 50)', wholeNumber(1, 10_000))
    .option('--participation <share>', 'probability that one who is not sum is selected for update', share, 1)
    .option('--dropout <share>', 'share of the selected who leave before they are done', share, 0)
    .option('--stragglers <share>', 'share of the participants who are slow', share, 0)
    .option('--slowdown <n>', 'how many times slower they are', decimalNumber(1, 1000), 10)
    .addOption(new Option('--network <name>', 'line of everybody: round trips, rates and losses').choices(Object.keys(LINKS)).default('none'))
    .option('--adversary <kind=share>', 'let a share of the participants be of a kind below; can be repeated', adversaryOption)
    .optionsGroup('What is learnt:')
    .addOption(new Option('--data <name>', 'what is learnt (default: digits; synthetic with --weights)').choices(['digits', 'cancer', 'synthetic']))
    .option('--weights <n>', 'length of the vectors; with real data the model is padded with zeros, 1 to 25000000', wholeNumber(1, 25_000_000))
    .addOption(new Option('--partition <name>', 'how the examples are dealt').choices(PARTITIONS).default('iid'))
    .option('--skew <n>', 'concentration for dirichlet (small: skewed), deviation for sizes (large: skewed)', decimalNumber(0.01, 100), 0.5)
    .option('--epochs <n>', 'passes over its own examples a round (default: 5)', wholeNumber(1, 1000))
    .option('--learning-rate <n>', 'step size of the local training', decimalNumber(0.000001, 100))
    .option('--batch <n>', 'examples of a step (default: 4)', wholeNumber(1, 10_000))
    .option('--proximal <mu>', 'pull of the local training towards where it began (FedProx)', decimalNumber(0, 1000), 0)
    .addOption(new Option('--weighting <how>', 'shares in the mean').choices(['examples', 'equal']).default('examples'))
    .addOption(new Option('--optimiser <name>', 'what the application makes of the mean').choices(OPTIMISERS).default('fedavg'))
    .option('--server-rate <n>', 'its step size (default: 1; 0.03 for fedadam and fedyogi)', decimalNumber(0.000001, 100))
    .option('--momentum <beta>', 'β of fedavgm (default: 0.5), β₁ of fedadam and fedyogi (default: 0.9)', share)
    .option('--beta2 <beta>', 'β₂ of fedadam and fedyogi (default: 0.99)', share)
    .option('--tau <n>', 'τ of fedadam and fedyogi (default: 0.001)', decimalNumber(0.000000001, 10))
    .optionsGroup('How it runs:')
    .addOption(new Option('--clock <which>', 'virtual: as fast as the machine goes; real: as time goes by').choices(['virtual', 'real']).default('virtual'))
    .addOption(new Option('--transport <which>', 'direct: calls in the process; http: over loopback').choices(['direct', 'http']).default('direct'))
    .option('--threads <n>', 'threads for the participants, 0 to 64; 0: none but the one of all else (default: one a core where it pays)', wholeNumber(0, 64))
    .option('--window <seconds>', 'how long the update phase listens (default: 60 virtual; real: by the crowd)', decimalNumber(0.1, 86_400))
    .option('--train-time <seconds>', 'median time of a local training (default: 8 virtual, 0 real)', decimalNumber(0, 86_400))
    .option('--mask <name>', 'masking configuration, group/data/bound/model (default: Power2/F32/B0/M6, wider for real data)', maskOption)
    .option('--chunk <bytes>', 'largest message, 194 and more; larger ones travel in chunks; 0: whole', chunkOption, 0)
    .optionsGroup('What comes out:')
    .option('--report <folder>', 'write report.html, charts, rounds.csv, participants.csv and summary.json there')
    .option('--json', 'one JSON document on standard output at the end, progress on standard error')
    .action(async (options: SimulateOptions) => {
      const idle = withoutEffect(options, (name) => command.getOptionValueSource(name) === 'cli');
      if (idle !== undefined) command.error(`error: ${idle}`, { code: 'xaynet.options' });
      const { serverRate, momentum, beta2, tau, optimiser, ...others } = options;
      const [{ prepareReport, writeReport }, { runSimulation }, { SimulationShow }, { summaryLines, verdictLines }] = await Promise.all([
        import('../simulate/report/write-report.ts'),
        import('../simulate/run.ts'),
        import('../simulate/show.ts'),
        import('../simulate/summary.ts'),
      ]);
      const seed = options.seed ?? randomInt(2 ** 32);
      const data = dataOf(options);
      if (options.report !== undefined) prepareReport(options.report);
      const stop = watchSignals();
      const show = new SimulationShow(options.json ? err : out, options.participants, options.rounds);
      try {
        show.line(`xaynet simulate: ${options.participants} participants, ${options.rounds} round${options.rounds === 1 ? '' : 's'}, ${data}, seed ${seed}`);
        const {
          report: found,
          tallies,
          crowd,
          settings,
        } = await runSimulation({
          ...others,
          seed,
          data,
          length: options.weights,
          training: { epochs: options.epochs, learningRate: options.learningRate, batch: options.batch, proximal: options.proximal },
          optimiser: { name: optimiser, rate: serverRate, momentum, beta2, tau },
          adversaries: options.adversary ?? new Map(),
          signal: stop.signal,
          prepared: (made) => show.preparing(made),
          tell: (progress) => show.tell(progress),
        });
        const report = { ...found, options: { ...plainOptions(options), ...settings, seed, data } };
        show.end();
        for (const line of ['', ...summaryLines(report), '', ...verdictLines(report)]) show.line(line);
        if (options.json) out.write(`${JSON.stringify(report, undefined, 2)}\n`);
        if (options.report !== undefined) {
          writeReport(options.report, report, tallies, crowd);
          show.line(`Report: ${join(options.report, 'report.html')}`);
        }
        exit(report.verdict.ok ? (stop.exitCode ?? 0) : 1);
      } finally {
        show.end();
        stop.close();
      }
    });
  suggest(command, '--mask', maskNames());
  suggest(
    command,
    '--adversary',
    KINDS.map(([kind]) => kind),
  );
  explain(command, {
    notes: [
      'Adversaries, for --adversary:',
      { rows: KINDS },
      'The same seed gives the same roles, data, dropouts, weights and so the same models, byte for byte, with the virtual clock; times, and what is refused when a phase has had its fill, are the machine’s. A seed makes every secret of the run predictable: it is for simulations alone.',
    ],
    json: ['The report at the end: {"options", "rounds": one object each, "verdict": {"ok", …}, …}; accuracies from 0 to 1, sizes in bytes, times in seconds.'],
    exits: [
      ['0', 'every published model is the mean of what was accepted'],
      ['1', 'one is not, no round gave a model, or an error'],
      ['130, 143', 'stopped by Ctrl-C, by SIGTERM, with the table so far'],
    ],
    examples: [
      ['xaynet simulate', 'ten thousand participants, three rounds'],
      ['xaynet simulate --participants 10000 --weights 1000 --rounds 1', 'vectors of 1000 weights'],
      ['xaynet simulate --participants 100 --weights 1000000 --rounds 1', 'fewer, and a large model'],
      ['xaynet simulate --participants 500 --partition dirichlet --skew 0.2 --optimiser fedyogi --rounds 10', 'skewed data, and an optimiser for it'],
      ['xaynet simulate --participants 300 --dropout 0.2 --stragglers 0.1 --network 3g --report out', 'devices as they are, and a report'],
      ['xaynet simulate --participants 200 --adversary boost=0.05 --adversary garbage=0.1 --json', 'some that mean no good'],
    ],
    seeAlso: ['docs/SIMULATE.md', 'docs/SECURITY.md', 'xaynet chaos', 'xaynet demo'],
  });
}

/** What each of these options does something with, and what it is called; a run with another one would not be the one that was asked for. */
const NEEDS: readonly [names: readonly (keyof SimulateOptions)[], what: string, isMet: (options: SimulateOptions) => boolean][] = [
  [['skew'], '--partition dirichlet or sizes', ({ partition }) => partition === 'dirichlet' || partition === 'sizes'],
  [['momentum'], '--optimiser fedavgm, fedadam or fedyogi', ({ optimiser }) => optimiser !== 'fedavg'],
  [['beta2', 'tau'], '--optimiser fedadam or fedyogi', ({ optimiser }) => optimiser === 'fedadam' || optimiser === 'fedyogi'],
  [['slowdown'], '--stragglers above 0', ({ stragglers }) => stragglers > 0],
  [['epochs', 'learningRate', 'batch'], 'real data: --data digits or cancer', (options) => dataOf(options) !== 'synthetic'],
];

/** What an option that was given needs and has not; undefined when all have an effect. */
function withoutEffect(options: SimulateOptions, isGiven: (name: string) => boolean): string | undefined {
  for (const [names, what, isMet] of NEEDS) {
    const name = isMet(options) ? undefined : names.find(isGiven);
    if (name !== undefined) return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} does nothing without ${what}`;
  }
  return undefined;
}

function dataOf({ data, weights }: SimulateOptions): SimulationInput['data'] {
  return data ?? (weights === undefined ? 'digits' : 'synthetic');
}

/** A size of messages, or 0. */
function chunkOption(text: string): number {
  return text === '0' ? 0 : wholeNumber(LEAST_MESSAGE, 2 ** 31)(text);
}

/** `kind=share`, added to those before. */
function adversaryOption(text: string, before: ReadonlyMap<string, number> | undefined): ReadonlyMap<string, number> {
  const [kind = '', part] = /^([^=]*)(?:=(.*))?$/.exec(text)?.slice(1) ?? [];
  if (!Object.hasOwn(ADVERSARIES, kind)) throw new InvalidArgumentError(`One of ${Object.keys(ADVERSARIES).join(', ')} is expected, and a share: boost=0.05.`);
  const all = new Map(before).set(kind, part === undefined ? 0.05 : share(part));
  if ([...all.values()].reduce((sum, value) => sum + value, 0) > 1) throw new InvalidArgumentError('All shares together must be at most 1.');
  return all;
}

/** The options as plain data, for the report. */
function plainOptions(options: SimulateOptions): Record<string, string | number | boolean | readonly string[]> {
  const plain: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (value instanceof Map) plain[name] = [...value].map(([kind, of]) => `${kind}=${of}`);
    else if (name === 'mask') plain[name] = (value as MaskConfig).name;
    else if (name !== 'json' && name !== 'report' && value !== undefined) plain[name] = value as string | number;
  }
  return plain;
}
