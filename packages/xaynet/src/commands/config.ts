// `xaynet config explain`: what a masking configuration costs, before anybody runs a round with it. Here: its options, and where the
// output goes. What there is to say is in config/.

import { DEFAULT_MASK_CONFIG, MASK_CONFIGS, type MaskConfig } from '@xaynet/core/mask';
import { type Command, InvalidArgumentError } from 'commander';
import { suggest } from '../completion/offers.ts';
import { explain } from '../help/manual.ts';
import { paintOn, type Terminal } from '../screen.ts';
import { wholeNumber } from './numbers.ts';

const FIELDS = ['group', 'data', 'bound', 'model'] as const;
type Fields = Partial<Record<(typeof FIELDS)[number], string>>;

interface ExplainOptions extends Fields {
  readonly length: number;
  readonly updates: number;
  readonly sum: number;
  readonly all?: true;
  readonly json?: true;
}

/** Adds `config` to `program`. */
export function addConfig(program: Command, { out, env }: Terminal): void {
  const config = program.command('config').summary('see what masking configurations cost').description('What masking configurations cost, and which to take.');
  const command = config
    .command('explain')
    .summary('explain one configuration, or list them all')
    .description(
      'Explains a masking configuration: bytes and keystream per weight, precision, limits, what a round sends and how long it computes on this machine, and the cheapest configuration that does the same. It measures for about a quarter of a second.',
    )
    .argument('[name]', `the configuration, group/data/bound/model (default: ${DEFAULT_MASK_CONFIG.name})`, configOf)
    .optionsGroup('Types instead of a name:')
    .option('--group <type>', `${typesOf('group').join(', ')}`, typeOf('group'))
    .option('--data <type>', `${typesOf('data').join(', ')}`, typeOf('data'))
    .option('--bound <type>', `${typesOf('bound').join(', ')}`, typeOf('bound'))
    .option('--model <type>', `${typesOf('model').join(', ')}`, typeOf('model'))
    .optionsGroup('Size of the round:')
    .option('--length <n>', 'weights of the model, N', wholeNumber(1, 2 ** 32 - 1), 1_000_000)
    .option('--updates <u>', 'updates of the round, U', wholeNumber(1, 1e12), 100)
    .option('--sum <s>', 'sum participants of the round, S', wholeNumber(1, 1_000_000), 5)
    .optionsGroup('Options:')
    .option('--all', 'list the configurations with the given types, all 240 without, the cheapest first; measures nothing')
    .option('--json', 'one JSON document on standard output: sizes in bytes, times in seconds')
    .action(async (name: MaskConfig | undefined, options: ExplainOptions, command: Command) => {
      const given = FIELDS.filter((field) => options[field] !== undefined);
      if (name !== undefined && (given.length > 0 || options.all)) {
        command.error(`error: give either a name or ${given.length > 0 ? `--${given[0]}` : '--all'}, not both`);
      }
      const [{ explain: explanationOf, summaryOf }, { explanationLines, tableLines }] = await Promise.all([
        import('../config/explanation.ts'),
        import('../config/text.ts'),
      ]);
      const paint = paintOn(out, env);
      const show = (document: unknown, lines: () => readonly string[]): void =>
        void out.write(options.json ? `${JSON.stringify(document, undefined, 2)}\n` : `${lines().join('\n')}\n`);
      if (options.all) {
        const { maskConfigCosts } = await import('@xaynet/core/mask');
        const chosen = MASK_CONFIGS.filter((each) => given.every((field) => each[field] === options[field]));
        const summaries = chosen.sort((a, b) => maskConfigCosts(a).cost - maskConfigCosts(b).cost).map(summaryOf);
        return show(summaries, () => tableLines(summaries, paint));
      }
      const { measureMaskTimes } = await import('../config/times.ts');
      const fields = FIELDS.map((field) => options[field] ?? DEFAULT_MASK_CONFIG[field]);
      const mask = name ?? configOf(fields.join('/'));
      const explanation = explanationOf(mask, { length: options.length, updates: options.updates, sums: options.sum }, measureMaskTimes(mask));
      show(explanation, () => explanationLines(explanation, paint));
    });
  explain(config, {
    examples: [['xaynet config explain', 'the configuration that new coordinators use']],
    seeAlso: ['xaynet coordinator check', 'docs/PROTOCOL.md'],
  });
  suggest(
    command,
    'name',
    MASK_CONFIGS.map(({ name }) => name),
  );
  for (const field of FIELDS) suggest(command, `--${field}`, typesOf(field));
  explain(command, {
    notes: [
      `Types left out are those of ${DEFAULT_MASK_CONFIG.name}, which new coordinators use: the cheapest of all 240. Upper and lower case do not matter.`,
      'A mask is a number below the group order for every weight, drawn as so many whole bytes; draws that are not below the order are thrown away. Where few are (under 2 %: a trap) all participants compute long, a sum participant as many times as there are updates. A larger bound or model type can therefore be cheaper; the alternative printed has no less precision, bound and number of models.',
      '"Cheapest" counts keystream, and each byte on the wire as ten bytes of keystream, which is about what sealing, signing, opening and verifying it takes.',
    ],
    json: [
      'One configuration: {"config", "bytesPerWeight", "drawsPerWeight", "keystreamBytesPerWeight", "precision", "largestWeight", "maxModels", "isTrap", "warnings", "cheapest": {…}, "round": {"updateMessage", "received", "seconds": {"mask", "derive", "add", "unmask"}, …}, …}. With --all: an array of these without warnings, cheapest and round. Sizes in bytes, times in seconds.',
    ],
    examples: [
      ['xaynet config explain', 'the configuration that new coordinators use'],
      ['xaynet config explain Prime/F32/B0/M6 --length 25000000 --updates 10000', 'another one, in a large round'],
      ['xaynet config explain --data F64 --bound B2 --json', 'one by its types, for another program'],
      ['xaynet config explain --all --data F32 --bound B0', 'all with these types, the cheapest first'],
    ],
    seeAlso: ['xaynet coordinator check', 'docs/PROTOCOL.md', 'docs/SETTINGS.md'],
  });
}

/** What a type can be, in the order of the catalogue. */
function typesOf(field: (typeof FIELDS)[number]): string[] {
  return [...new Set(MASK_CONFIGS.map((each) => each[field]))];
}

function typeOf(field: (typeof FIELDS)[number]): (text: string) => string {
  return (text) => {
    const value = typesOf(field).find((each) => each.toLowerCase() === text.toLowerCase());
    if (value === undefined) throw new InvalidArgumentError(`One of ${typesOf(field).join(', ')} is expected.`);
    return value;
  };
}

function configOf(text: string): MaskConfig {
  const config = MASK_CONFIGS.find(({ name }) => name.toLowerCase() === text.toLowerCase());
  if (config === undefined) {
    const forms = FIELDS.map((field) => typesOf(field).join('|')).join('/');
    throw new InvalidArgumentError(`${forms} is expected, for example ${DEFAULT_MASK_CONFIG.name}.`);
  }
  return config;
}
