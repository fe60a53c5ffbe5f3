// What the fuzzer can be told on the command line.

/** How many messages, and from which seed. */
export interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
}

/** Reads `--count N` and `--seed N`; throws a TypeError that says what is wrong. */
export function readFuzzOptions(args: readonly string[]): FuzzOptions {
  const options = { count: 100_000, seed: Math.floor(Math.random() * 2 ** 31) };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i]!.replace(/^--/, '');
    const value = Number(args[i + 1]);
    if (name !== 'count' && name !== 'seed') throw new TypeError(`fuzz: ${args[i]} is no option; there are --count N and --seed N`);
    if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`fuzz: ${args[i]} needs a positive integer, ${args[i + 1] ?? 'nothing'} was given`);
    options[name] = value;
  }
  return options;
}
