// `xaynet coordinator report`: tells a coordinator the numbers of a round that only the application can know, by its admin routes.

import { XaynetError } from '@xaynet/core/errors';
import { type Command, InvalidArgumentError } from 'commander';
import { readWholeFile } from '../files.ts';
import { explain } from '../help/manual.ts';
import { Client } from '../operator/client.ts';
import { addTlsOptions, type TlsFiles } from '../operator/tls.ts';
import type { Terminal } from '../screen.ts';
import { wholeNumber } from './numbers.ts';

interface Options extends TlsFiles {
  readonly url: string;
  readonly round: number;
  readonly tokenFile?: string;
  readonly json?: true;
}

/** Adds `report` to `group`. */
export function addReport(group: Command, { out, env }: Terminal): void {
  const command = group
    .command('report')
    .summary('tell it the accuracy of a round, or any other number')
    .description(
      'Tells a coordinator numbers of a round that is over, such as the accuracy of its model on a test set: a coordinator has no data. The page draws them, /rounds lists them, /metrics has the last of each.',
    )
    .argument('<name=value...>', 'the numbers; names are lower case letters, digits and _ . -', reportOption)
    .requiredOption('--round <n>', 'the round whose model was tested', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .optionsGroup('Coordinator:')
    .option('--url <url>', 'where its admin routes are: admin.bind_address', 'http://127.0.0.1:8082')
    .option('--token-file <file>', 'file whose first line is the token; without it XAYNET__ADMIN__TOKEN has the token');
  addTlsOptions(command)
    .optionsGroup('Options:')
    .option('--json', 'the answer as it came')
    .action(async (values: ReadonlyMap<string, string>, options: Options) => {
      const token =
        options.tokenFile === undefined ? env.XAYNET__ADMIN__TOKEN : new TextDecoder().decode(readWholeFile(options.tokenFile)).split('\n')[0]!.trim();
      if ((token ?? '') === '') throw new XaynetError('option-invalid', 'no token: set XAYNET__ADMIN__TOKEN, or give --token-file');
      const query = new URLSearchParams({ round: String(options.round), ...Object.fromEntries(values) });
      const answer = await new Client(options).json(`/admin/report?${query}`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
      if (options.json) out.write(`${JSON.stringify(answer, undefined, 2)}\n`);
      else out.write(`round ${options.round}: ${[...values].map(([name, value]) => `${name} ${value}`).join(', ')}\n`);
    });
  explain(command, {
    notes: ['The coordinator must have admin.bind_address and admin.token set; the token goes over plain HTTP, so the port is for this machine alone.'],
    json: ['{"round"}'],
    environment: [['XAYNET__ADMIN__TOKEN', 'the token, as the coordinator has it']],
    exits: [['1', 'it cannot be reached, the token is wrong, or the round or a number cannot be taken']],
    examples: [
      ['xaynet coordinator report --round 12 accuracy=0.91 loss=0.31', 'two numbers of round 12'],
      ['xaynet coordinator report --round 12 accuracy=0.91 --token-file admin.token', 'with the token in a file'],
    ],
    seeAlso: ['docs/API.md', 'docs/OPERATING.md', 'xaynet coordinator events'],
  });
}

/** `name=value`, added to those before. */
function reportOption(text: string, before: ReadonlyMap<string, string> | undefined): ReadonlyMap<string, string> {
  const [, name, value] = /^([a-z0-9_.-]{1,40})=(\S+)$/.exec(text) ?? [];
  if (name === undefined || name === 'round' || !Number.isFinite(Number(value)))
    throw new InvalidArgumentError('A name and a number are expected: accuracy=0.91.');
  return new Map(before).set(name, value!);
}
