// The options that everything has that takes part in rounds from the command line, and what the library makes of them.

import { XaynetError } from '@xaynet/core/errors';
import type { Rational } from '@xaynet/core/mask';
import type { Callbacks, RunOptions } from '@xaynet/participant';
import type { Command } from 'commander';
import { addTlsOptions, readTlsFiles, type TlsFiles } from '../operator/tls.ts';
import { decimalNumber, fraction, wholeNumber } from './numbers.ts';

/** How to take part. */
export interface Participation extends TlsFiles {
  readonly url: string;
  readonly scalar?: Rational;
  readonly poll: number;
  readonly threads?: number;
  readonly minUpdates?: number;
  readonly minSums?: number;
  readonly allowInsecure?: true;
  readonly pin?: readonly string[];
}

/** Adds the options, `--url` among them. */
export function addParticipation(command: Command): Command {
  return addTlsOptions(
    command
      .optionsGroup('Coordinator:')
      .requiredOption('--url <url>', 'base URL of the coordinator, for example http://127.0.0.1:8081')
      .optionsGroup('Taking part:')
      .option('--scalar <x>', 'weight of the model in the mean, for example 57/1287 or 0.25 (default: 1)', fraction)
      .option('--poll <seconds>', 'longest time between two questions to the coordinator, 0.05 to 3600', decimalNumber(0.05, 3600), 1)
      .option('--threads <n>', 'most threads for adding up masks, 0 to 256; 0 or 1: none (default: one a core, at most 4)', wholeNumber(0, 256))
      .option('--min-updates <n>', 'help to unmask sums of n updates or more only (default: 3)', wholeNumber(1, 1_000_000))
      .option('--min-sums <n>', 'send an update only when there are n sum participants or more (default: 1)', wholeNumber(1, 100_000))
      .optionsGroup('Coordinator:')
      .option('--allow-insecure', 'allow plain HTTP to another machine: whoever is on the way can read the model')
      .option(
        '--pin <sha256/base64>',
        'trust this public key or certificate of the coordinator and no other; repeatable',
        (pin: string, before: string[] = []) => [...before, pin],
      ),
  );
}

/** What `runParticipant` takes of them. Throws `option-invalid` and `file-unreadable`. */
export async function runOptionsOf(options: Participation): Promise<Omit<RunOptions, 'train'> & Pick<Callbacks, 'scalar'>> {
  const { url, scalar, allowInsecure, threads, poll, minUpdates, minSums } = options;
  return {
    url,
    scalar,
    allowInsecure,
    threads,
    minUpdates,
    minSums,
    fetch: await fetchOf(options),
    poll: { min: Math.min(100, 1000 * poll), max: 1000 * poll },
  };
}

/** With authorities, a client certificate and pins of the options, where there is TLS. */
async function fetchOf(options: Participation): Promise<RunOptions['fetch']> {
  const { url, ca, cert, pin } = options;
  if (/^https:/i.test(url)) return (await import('@xaynet/participant/node')).nodeFetch({ ...readTlsFiles(options), pins: pin });
  if ((ca ?? cert ?? pin) !== undefined) throw new XaynetError('option-invalid', '--ca, --cert, --key, --pin: --url is not https://');
  return undefined;
}
