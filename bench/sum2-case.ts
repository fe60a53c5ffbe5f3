// A whole sum2: the sum of the masks of many seeds, on one thread and on several. Opening the sealed seeds is a line of its own (open).

import { Aggregation, type MaskObject, maskConfigCosts } from '@xaynet/core/mask';
import { OracleGenerator } from '../tests/oracle.ts';
import { type Case, equal } from './cases.ts';
import { type Subject, seed } from './masking-cases.ts';
import { deriveSlowly, elementAt } from './oracle.ts';

/** The sum of the masks of the seeds, over several threads. */
export interface Threads {
  readonly count: number;
  sum(config: Subject['config'], length: number, seeds: readonly ReturnType<typeof seed>[]): Promise<MaskObject>;
  /** The same on the caller's thread alone. */
  alone(config: Subject['config'], length: number, seeds: readonly ReturnType<typeof seed>[]): Promise<MaskObject>;
}

/** The case on this thread, or on several: then the same on this thread runs in turns with it. */
export function sum2Case({ config, length, slowly, keystream, bars }: Subject, seeds: number, threads?: Threads): Case {
  const all = Array.from({ length: seeds }, (_, i) => seed(i));
  const pair = { vect: config, unit: config };
  const alone = (): MaskObject => {
    const sum = new Aggregation(pair, length);
    for (const each of all) sum.addMask(each);
    return sum.object();
  };
  const few = Math.max(1, Math.floor(slowly / seeds));
  const addUp = (sums: bigint[], each: (typeof all)[number]): void =>
    deriveSlowly(config, new OracleGenerator(each), sums.length).forEach((element, i) => {
      sums[i] = (sums[i]! + element) % config.order;
    });
  const slow = (): bigint[] => {
    const sums = new Array<bigint>(few).fill(0n);
    for (const each of all) addUp(sums, each);
    return sums;
  };
  const run = threads === undefined ? alone : (): Promise<MaskObject> => threads.sum(config, length, all);
  return {
    name: `sum2, ${threads === undefined ? '1 thread' : `${threads.count} threads`}`,
    config: config.name,
    unit: 'weights',
    amount: length * seeds,
    run,
    check: async () => {
      const object = await run();
      equal(
        Array.from({ length: few }, (_, i) => elementAt(config, object.vect, i)),
        slow(),
        'sum2',
      );
      if (threads !== undefined) equal(object.vect, alone().vect, 'sum2 on threads');
    },
    oracle: { amount: slowly, run: () => addUp(new Array<bigint>(slowly).fill(0n), all[0]!) },
    ...(keystream === undefined
      ? {}
      : {
          limit: { name: `${keystream.name} keystream`, run: () => keystream.run(Math.ceil(seeds * length * maskConfigCosts(config).keystreamBytesPerWeight)) },
        }),
    ...(threads === undefined
      ? {}
      : {
          beside: { name: '1 thread', run: alone, otherwise: () => threads.alone(config, length, all) },
          ...(bars === 'chosen' && threads.count === 2 ? { bars: [{ of: 'speedup', atLeast: 1.8 }] as const } : {}),
        }),
  };
}
