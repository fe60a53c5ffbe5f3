// The options of `npm run bench:coordinator`.

import { parseArgs } from 'node:util';
import { XAYNET } from './coordinator.ts';

/** What was asked for. */
export interface Options {
  readonly length: number;
  readonly updates: number;
  readonly sums: number;
  readonly connections: number;
  readonly chunks: readonly number[];
  readonly idle: { readonly participants: number; readonly connections: number; readonly every: number; readonly seconds: number } | undefined;
  readonly large: boolean;
  readonly sizes: boolean;
  readonly store: 'embedded' | 'memory';
  readonly lines: string;
  readonly data: string | undefined;
  readonly profile: string | undefined;
  readonly program: string;
  readonly quick: boolean;
  readonly json: boolean;
  readonly write: boolean;
}

export const HELP = `npm run bench:coordinator -- [options]

Runs real coordinator processes with a fresh data folder each and has a load generator, a process of its own, send them a round over loopback:
distinct updates, signed and sealed beforehand, as whole messages and in chunks. Meanwhile a third process asks for the status every 20 ms.
Every round is ended and its global model checked to be the mean of the updates. Then 10 000 idle participants poll a coordinator.

  --length N          weights (default 1000000, with the default mask seven bytes each; the bars are for this length)
  --updates U         updates of the round (default 100; all are held in memory, at most 2 GB)
  --sum S             sum participants (default 1)
  --connections K     connections that send at a time (default 8)
  --chunk BYTES       largest message of a chunked round, repeatable (default 262144 and 1048576; 0: none)
  --no-idle           leaves the idle participants out
  --no-load           only the idle participants
  --large             a round of three updates of 25 million weights, too (needs 3 GB)
  --sizes             instead of all that: whole updates of 10^4, 10^5, 10^6 and 25·10^6 weights; --write puts them into docs/OPERATING.md
  --store KIND        embedded (default) or memory
  --set KEY=VALUE     a setting of the coordinator, as in TOML, repeatable: --set intake.workers=2
  --data DIR          where data folders are made (default: the temporary folder); a disk, for numbers about disks
  --profile DIR       writes CPU profiles of the coordinator there
  --xaynet PATH       another program to measure: packages/xaynet/bin/xaynet.mjs of another checkout
  --quick             20000 weights, a few seconds: a look, not a measurement; bars are not judged
  --json              the result as JSON
  --write             puts the numbers into bench/RESULTS.md
`;

const LARGEST_TOTAL = 2 ** 31;

/** Reads the command line; throws a TypeError with a sentence for what it does not know. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      length: { type: 'string' },
      updates: { type: 'string' },
      sum: { type: 'string', default: '1' },
      connections: { type: 'string', default: '8' },
      chunk: { type: 'string', multiple: true, default: ['262144', '1048576'] },
      idle: { type: 'boolean', default: true },
      load: { type: 'boolean', default: true },
      large: { type: 'boolean', default: false },
      sizes: { type: 'boolean', default: false },
      store: { type: 'string', default: 'embedded' },
      set: { type: 'string', multiple: true, default: [] },
      data: { type: 'string' },
      profile: { type: 'string' },
      xaynet: { type: 'string', default: XAYNET },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { quick, load, store } = values;
  if (store !== 'embedded' && store !== 'memory') throw new TypeError(`--store: embedded or memory expected, ${store} given`);
  if (!load && !values.idle) throw new TypeError('--no-load and --no-idle leave nothing to measure');
  if (quick && values.write) throw new TypeError('--quick measures nothing that is worth writing down; it does not go with --write');
  const length = count('--length', values.length ?? (quick ? '20000' : '1000000'), 1, 100_000_000);
  const updates = count('--updates', values.updates ?? (quick ? '12' : '100'), 3, 1_000_000);
  if (load && updates * length * 7 > LARGEST_TOTAL)
    throw new TypeError(`--updates: ${updates} updates of ${length} weights are more than 2 GB, which is more than is held in memory`);
  const chunks = values.chunk.map((text) => count('--chunk', text, 0, 2 ** 31)).filter((chunk) => chunk > 0);
  const idle = quick ? { participants: 400, connections: 20, every: 0.4, seconds: 1 } : { participants: 10_000, connections: 500, every: 4, seconds: 10 };
  return {
    length,
    updates: load ? updates : 0,
    sums: count('--sum', values.sum, 1, 10_000),
    connections: count('--connections', values.connections, 1, 1000),
    chunks: quick && values.chunk.length === 2 ? [8192] : chunks,
    idle: values.idle ? idle : undefined,
    large: values.large,
    sizes: values.sizes,
    store,
    lines: values.set.map(settingLine).join(''),
    data: values.data,
    profile: values.profile,
    program: values.xaynet,
    quick,
    json: values.json,
    write: values.write,
  };
}

/** `section.key=value` as TOML under its section. */
function settingLine(text: string): string {
  const found = /^(\w+)\.(\w+)=(.+)$/.exec(text);
  if (found === null) throw new TypeError(`--set: section.key=value expected, ${text} given`);
  return `[${found[1]}]\n${found[2]} = ${found[3]}\n`;
}

function count(name: string, text: string, least: number, most: number): number {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < least || value > most)
    throw new TypeError(`${name}: a whole number from ${least} to ${most} expected, ${text} given`);
  return value;
}
