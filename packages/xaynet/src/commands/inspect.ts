// `xaynet inspect`: any bytes of the protocol and of this program, field by field. Here: options, and where the output goes. What there is to
// find out is in inspect/.

import { ERRORS, isXaynetError } from '@xaynet/core/errors';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { suggest } from '../completion/offers.ts';
import { explain } from '../help/manual.ts';
import type { Look } from '../inspect/cursor.ts';
import type { InputOptions } from '../inspect/input.ts';
import { KIND_NAMES } from '../inspect/kind-names.ts';
import type { KnownOptions } from '../inspect/known.ts';
import { addTlsOptions } from '../operator/tls.ts';
import { paintOn, type Terminal } from '../screen.ts';
import { Progress } from '../terminal/progress.ts';

interface InspectCommandOptions extends KnownOptions, Omit<InputOptions, 'encoding'> {
  readonly as?: string;
  readonly hex?: true;
  readonly base64?: true;
  readonly elements?: { readonly from: number; readonly to: number };
  readonly all?: true;
  readonly hexdump?: true;
  readonly diff?: true;
  readonly secrets?: true;
  readonly json?: true;
}

const COLUMNS = 100;
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const CONTROLS = /\u001b\[[\d;]*m|[^\P{Cc}\n]/gu;

/** Adds `inspect` to `program`; `exit` takes an exit code other than 0. */
export function addInspect(program: Command, exit: (code: number) => void, { out, err, env }: Terminal): void {
  const command = program
    .command('inspect')
    .summary('what captured bytes are, field by field, and what is wrong with them')
    .description(
      'Takes apart what travels and what is kept: messages, chunks, mask objects, dictionaries, parameters, models, saved participants, key files, files of the embedded store. Shows every field with offset and value, what is signed and whether it verifies, and everything that is wrong, not only the first. Never shows a secret unless told.',
    )
    .argument('<what...>', 'files, - for standard input, or the URL of a coordinator or of one of its documents')
    .optionsGroup('What it is:')
    .addOption(new Option('--as <kind>', 'what it is, where that cannot be seen').choices(KIND_NAMES))
    .option('--hex', 'the input is text: hexadecimal digits')
    .option('--base64', 'the input is text: base64')
    .optionsGroup('From a coordinator:')
    .addOption(new Option('--get <document>', 'which document, when the URL names none').choices(['params', 'sums', 'seeds', 'model']))
    .option('--pk <key>', 'whose seeds, hexadecimal or base64');
  addTlsOptions(command)
    .optionsGroup('What else is known:')
    .option('--params <file>', 'round parameters, to check signatures, selection, configuration and length')
    .option('--round-seed <file>', 'a round seed alone, to check task signatures')
    .option('--sums <file>', 'sum dictionary of the round, to check whom seeds are sealed to')
    .option(
      '--coordinator-key <file>',
      'secret key of the round, a stored coordinator state, or the data folder of a coordinator that is stopped: opens messages',
      collect,
    )
    .option('--ephemeral-key <file>', 'secret key of a sum participant, or its saved state: opens mask seeds', collect)
    .option('--mask-seed <file>', 'a mask seed: is a mask object its mask, or masked with it? several: their sum', collect)
    .optionsGroup('What is shown:')
    .option('--elements <range>', 'items of lists, FROM..TO, counted from 0', range)
    .option('--all', 'all items of lists, and all fields inside them')
    .option('--diff', 'only which fields of two inputs differ')
    .option('--hexdump', 'the bytes too')
    .option('--secrets', 'secrets: keys, seeds, models of a single participant')
    .option('--json', 'one JSON document on standard output')
    .action(async (what: string[], options: InspectCommandOptions, self: Command) => {
      if (options.hex && options.base64) self.error('error: give either --hex or --base64, not both');
      if (options.all && options.elements !== undefined) self.error('error: give either --all or --elements, not both');
      if (options.diff && what.length !== 2) self.error('error: --diff compares two inputs');
      const { inspectAll } = await import('../inspect/run.ts');
      const look: Look = { secrets: options.secrets === true, items: options.all ? 'all' : options.elements };
      const progress = new Progress(err, { env });
      try {
        const isRight = await inspectAll(what, {
          ...options,
          encoding: options.hex ? 'hex' : options.base64 ? 'base64' : undefined,
          look,
          columns: Math.max(60, Math.min(COLUMNS, out.columns || COLUMNS)),
          paint: paintOn(out, env),
          // What is inspected can be a stranger's: its names must not steer the terminal. Colours are ours, or do no harm.
          print: (text) => void out.write(options.json ? text : text.replaceAll(CONTROLS, (found) => (found.length > 1 ? found : '\ufffd'))),
          progress,
        });
        if (!isRight) exit(1);
      } catch (error) {
        if (isXaynetError(error, 'inspect-ambiguous') || isXaynetError(error, 'option-invalid'))
          self.error(`error: ${error.message}\n  ${ERRORS[error.code].todo} [${error.code}]`);
        throw error;
      } finally {
        progress.end();
      }
    });
  suggest(command, 'what', 'file');
  explain(command, {
    notes: [
      'Keys and seeds are files, or the value itself in hexadecimal or base64; on the command line other users of the machine can read it. Several files that are chunks of one message are put together.',
      'The column "where" names the section of docs/protocol: wire 6.1 is section 6.1 of docs/protocol/wire.md. Fields with a bar before them are signed. ✓ was checked and holds, ✗ is wrong, ! is unusual and read all the same, ? could not be checked with what was given.',
      'Of a damaged file with secrets in it no values are shown, because where its fields begin is a guess then.',
    ],
    json: [
      '{"documents": [{"source", "kind", "title", "size", "because", "isRight", "verdict": {"code", "says", "advice"}, "checks": [{"outcome", "says", "section"}], "fields": [{"name", "offset", "length", "value", "data", "section", "isSecret", "notes", "problems", "fields"}], "inside"}]}: "data" is the value for programs, hexadecimal of bytes in full; code is null when the strict decoder takes the bytes; what is empty is left out.',
      'With --diff: {"a", "b": {"source", "kind", "size"}, "differences": [{"name", "a", "b"}]}, each side {"offset", "length", "value"} or null.',
    ],
    environment: [
      ['XAYNET__STORE__KEY', 'the key of the data folder, as the coordinator has it'],
      ['XAYNET__STORE__KEY_FILE', 'the same in a file'],
    ],
    exits: [
      ['0', 'nothing is wrong with the bytes; with --diff: no field differs'],
      ['1', 'something is, or they cannot be read; with --diff: something differs'],
      ['2', 'the command line is wrong, or does not say enough (--as)'],
    ],
    examples: [
      ['xaynet inspect http://127.0.0.1:8081/params', 'the parameters of the round that is under way'],
      ['xaynet inspect message.bin --params params.bin', 'a message, and whether its sender is selected'],
      ['xaynet inspect sealed.bin --coordinator-key round.key --hexdump', 'what a sealed message holds'],
      ['xaynet inspect mask.bin --mask-seed seed.bin --elements 1000..1009', 'is it the mask of this seed?'],
      ['xaynet inspect --diff before.state after.state', 'which fields differ'],
      ['echo 0102000600000000 | xaynet inspect --hex -', 'bytes as text'],
    ],
    seeAlso: ['docs/INSPECT.md', 'docs/PROTOCOL.md', 'docs/ERRORS.md'],
  });
}

function collect(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}

function range(text: string): { from: number; to: number } {
  const [, from, to] = /^(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(text) ?? [];
  if (from === undefined || Number(to ?? from) < Number(from)) throw new InvalidArgumentError('FROM..TO is expected, for example 0..9.');
  return { from: Number(from), to: Number(to ?? from) };
}
