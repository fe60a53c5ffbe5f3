// The options of `npm run bench:fleet`.

import { parseArgs } from 'node:util';
import { XAYNET } from '../coordinator/coordinator.ts';

/** What was asked for. */
export interface Options {
  readonly lengths: readonly number[];
  readonly coordinators: readonly number[];
  readonly blobs: readonly ('redis' | 's3')[];
  /** Updates that are counted; undefined: by the length. */
  readonly updates: number | undefined;
  readonly large: boolean;
  readonly connections: number;
  readonly data: string | undefined;
  readonly program: string;
  readonly quick: boolean;
  readonly json: boolean;
  readonly write: boolean;
}

export const HELP = `npm run bench:fleet -- [options]

Runs rounds of one coordinator with the embedded store, and of fleets of coordinators at one real redis-server that syncs with every write, over
loopback: the same distinct updates, sent to the coordinators by turns. What counts is CPU time, which a busy machine changes little. Every round
is ended and its global model checked to be the mean of the updates. Then a look and a verdict alone, without the bytes of a model.

  --length N          weights, repeatable (default 10000, 100000 and 1000000)
  --coordinators N    processes of a fleet, repeatable (default 1, 2 and 3)
  --blobs WHERE       where masked models lie, repeatable: redis, or s3, which is a process that keeps objects in memory and counts (default both)
  --updates U         updates that are counted for each process (default by the length: 1000, 200 and 48)
  --no-large          leaves out the rounds with 25 million weights, of three updates each (they need 4 GB)
  --connections K     connections to each coordinator; so many updates are sent to each at a time (default 8)
  --data DIR          where data folders are made (default: the temporary folder)
  --xaynet PATH       another program to measure: packages/xaynet/bin/xaynet.mjs of another checkout
  --quick             1000 weights, one and two coordinators, a few seconds: a look, not a measurement
  --json              the result as JSON
  --write             puts the numbers into bench/RESULTS.md and bench/fleet/measured.json, and what follows from them into docs/SCALING.md

Needs redis-server, Redis 7 or newer (Debian: apt-get install redis-server), or its path in XAYNET_REDIS_SERVER; for s3 also @aws-sdk/client-s3.
`;

/** Reads the command line; throws a TypeError with a sentence for what it does not know. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      length: { type: 'string', multiple: true },
      coordinators: { type: 'string', multiple: true },
      blobs: { type: 'string', multiple: true, default: ['redis', 's3'] },
      updates: { type: 'string' },
      large: { type: 'boolean', default: true },
      connections: { type: 'string', default: '8' },
      data: { type: 'string' },
      xaynet: { type: 'string', default: XAYNET },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { quick, json, write, data } = values;
  const blobs = values.blobs.map((where) => {
    if (where !== 'redis' && where !== 's3') throw new TypeError(`--blobs: redis or s3 expected, ${where} given`);
    return where;
  });
  if (quick && write) throw new TypeError('--quick measures nothing that is worth writing down; it does not go with --write');
  const updates = values.updates ?? (quick ? '20' : undefined);
  return {
    lengths: (values.length ?? (quick ? ['1000'] : ['10000', '100000', '1000000'])).map((text) => count('--length', text, 1, 10_000_000)),
    coordinators: (values.coordinators ?? (quick ? ['1', '2'] : ['1', '2', '3'])).map((text) => count('--coordinators', text, 1, 16)),
    blobs,
    updates: updates === undefined ? undefined : count('--updates', updates, 3, 100_000),
    large: values.large && !quick && values.length === undefined,
    connections: count('--connections', values.connections, 1, 1000),
    data,
    program: values.xaynet,
    quick,
    json,
    write,
  };
}

function count(name: string, text: string, least: number, most: number): number {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < least || value > most)
    throw new TypeError(`${name}: a whole number from ${least} to ${most} expected, ${text} given`);
  return value;
}
