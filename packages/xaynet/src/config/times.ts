// How long masking takes on this machine with one configuration: the real work on a short model, made longer until the measurement is worth
// something, so that a configuration of 68 kB keystream a weight and one of 16 B are both measured in a quarter of a second.

import { MaskSeed } from '@xaynet/core/bytes';
import { Aggregation, deriveMask, type MaskConfig, maskingBackend, maskModel, rational, type Weights } from '@xaynet/core/mask';
import { encodeUnmaskedModel } from '@xaynet/core/round';

/** Seconds per weight of the four kinds of work in a round, and what was measured, and how. */
export interface MaskTimes {
  /** Masking a model, by an update participant. */
  readonly mask: number;
  /** Deriving the mask of one update and adding it, by a sum participant. */
  readonly derive: number;
  /** Checking and adding one masked model, by the coordinator. */
  readonly add: number;
  /** Unmasking the sum and writing the model that is served, by the coordinator. */
  readonly unmask: number;
  /** Weights of the model that was measured. */
  readonly weights: number;
  /** The kernel and its source of keystream: `wasm+openssl`, `wasm` or `plain`. */
  readonly backend: string;
}

const BUDGET = 250;
const FIRST = 16;
const MOST = 1_000_000;
const GROWTH = 8;

/** Measures `config` in about a quarter of a second; `now` is a clock in milliseconds. */
export function measureMaskTimes(config: MaskConfig, now: () => number = () => performance.now()): MaskTimes {
  const begun = now();
  const { kernel, keystream } = maskingBackend();
  workOn(config, FIRST, now); // compiles, and loads what is loaded at the first use
  let weights = FIRST;
  let last = 0;
  const run = (): Work => {
    const start = now();
    const work = workOn(config, weights, now);
    last = now() - start;
    return work;
  };
  for (let best = run(); ; ) {
    const left = BUDGET - (now() - begun);
    // The next run may take half of what is left, so that there is always time for it.
    const growth = Math.min(GROWTH, left / 2 / last, MOST / weights);
    if (growth >= 1.5) {
      weights = Math.floor(weights * growth);
      best = run();
    } else if (last < left) {
      const again = run();
      best = {
        mask: Math.min(best.mask, again.mask),
        derive: Math.min(best.derive, again.derive),
        add: Math.min(best.add, again.add),
        unmask: Math.min(best.unmask, again.unmask),
      };
    } else {
      const each = (milliseconds: number): number => milliseconds / 1000 / weights;
      const backend = keystream === kernel ? kernel : `${kernel}+${keystream}`;
      return { mask: each(best.mask), derive: each(best.derive), add: each(best.add), unmask: each(best.unmask), weights, backend };
    }
  }
}

type Work = Omit<MaskTimes, 'weights' | 'backend'>;

/** The work of a round on `length` weights, in milliseconds. */
function workOn(config: MaskConfig, length: number, now: () => number): Work {
  const pair = { vect: config, unit: config };
  const seed = MaskSeed(new Uint8Array(32).fill(length)); // hides nothing: the model is made up, too
  const model = modelOf(config, length);
  const masks = new Aggregation(pair, length);
  const timed = <T>(work: () => T): readonly [T, number] => {
    const begun = now();
    const result = work();
    return [result, now() - begun];
  };
  const [masked, mask] = timed(() => maskModel({ config: pair, seed, scalar: rational(1, 3), model }));
  masks.addMask(seed); // the first in fresh memory takes longer; a sum participant adds many
  const [, derive] = timed(() => masks.addMask(seed));
  const sum = Aggregation.from(masked);
  const [, add] = timed(() => sum.add(masked));
  const one = Aggregation.from(masked);
  const ofOne = deriveMask({ config: pair, seed, length });
  const [, unmask] = timed(() => encodeUnmaskedModel(one.unmask(ofOne)));
  return { mask, derive, add, unmask };
}

/** Weights as they may come out of training: no round numbers, within the narrowest bound. */
function modelOf({ data }: MaskConfig, length: number): Weights {
  const weight = (i: number): number => Math.sin(i + 1);
  switch (data) {
    case 'F32':
      return Float32Array.from({ length }, (_, i) => weight(i));
    case 'F64':
      return Float64Array.from({ length }, (_, i) => weight(i));
    case 'I32':
      return Int32Array.from({ length }, (_, i) => Math.round(weight(i)));
    case 'I64':
      return BigInt64Array.from({ length }, (_, i) => BigInt(Math.round(weight(i))));
  }
}
