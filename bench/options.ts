// The options of `npm run bench`.

import { parseArgs } from 'node:util';

/** What was asked for. */
export interface Options {
  readonly length: number | undefined;
  readonly configs: readonly string[];
  readonly only: readonly string[];
  readonly kernel: string;
  readonly threads: number;
  readonly chromium: boolean | undefined;
  readonly all: boolean;
  readonly plot: boolean;
  readonly memory: boolean;
  readonly quick: boolean;
  readonly json: boolean;
  readonly write: boolean;
  readonly compare: string | undefined;
}

export const HELP = `npm run bench -- [options]

Measures masking, the published model, sealed boxes, signatures and a whole sum2, in Node and in headless Chromium. Every result is held
against the oracle first. Columns: best and median speed, nanoseconds each, times as fast as the oracle (for crypto: as noble), part of
the speed of what physics allows (raw keystream of the same source, or a copy of the same bytes in memory) taken in turns with it, bars.

  --length N          weights (default 1000000; the bars are for this length)
  --config NAME       masking configuration, repeatable (default Prime/F32/B0/M3 and Power2/F32/B0/M6)
  --only PART         only cases whose name contains PART, repeatable
  --kernel NAME       plain, wasm, wasm+openssl or auto (default: what core chooses, and deriving on the others too)
  --threads N         threads of the sum2 case (default 2)
  --chromium          fail when Chromium is not there; --no-chromium leaves it out
  --quick             short: a look, not a measurement; no bars
  --json              the result as JSON
  --compare REF       the same at another commit, and the ratio of each line
  --write             puts the numbers into bench/RESULTS.md

instead of the lines:
  --all               derive, mask, aggregate and unmask in all 240 configurations against the oracle (--config PART: in some)
  --plot              time against number of weights, 10^3 to 25·10^6 (--length: at most N); with --write also bench/time-by-length.svg
  --memory            peak memory of aggregating, in a process of its own (default 5000000 weights)
`;

/** Reads the command line; throws a TypeError with a sentence for what it does not know. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      length: { type: 'string' },
      config: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      kernel: { type: 'string', default: 'auto' },
      threads: { type: 'string', default: '2' },
      chromium: { type: 'boolean' },
      all: { type: 'boolean', default: false },
      plot: { type: 'boolean', default: false },
      memory: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      compare: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const sections = [values.all, values.plot, values.memory].filter(Boolean).length;
  if (sections > 0 && values.compare !== undefined) throw new TypeError('--compare compares lines; it does not go with --all, --plot or --memory');
  if (values.compare !== undefined && values.write) throw new TypeError('--write keeps the numbers of this checkout alone; it does not go with --compare');
  if (!['auto', 'plain', 'wasm', 'wasm+openssl'].includes(values.kernel))
    throw new TypeError(`--kernel: plain, wasm, wasm+openssl or auto expected, ${values.kernel} given`);
  return {
    length: values.length === undefined ? undefined : count('--length', values.length, 100_000_000),
    configs: values.config ?? [],
    only: values.only ?? [],
    kernel: values.kernel,
    threads: count('--threads', values.threads, 64),
    chromium: values.chromium,
    all: values.all,
    plot: values.plot,
    memory: values.memory,
    quick: values.quick,
    json: values.json,
    write: values.write,
    compare: values.compare,
  };
}

function count(name: string, text: string, most: number): number {
  const value = Number(text.replaceAll('_', ''));
  if (!Number.isInteger(value) || value < 1 || value > most) throw new TypeError(`${name}: a whole number from 1 to ${most} expected, ${text} given`);
  return value;
}
