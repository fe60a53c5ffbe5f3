// How many threads a piece of work is worth, and how it is cut. The time of work is estimated from the keystream that it takes, which is
// what masks cost; the numbers are measured, on one machine, and need be right only to a factor of two.

import type { MaskConfigPair } from '../mask/config.ts';
import { keystreamOf } from '../mask/costs.ts';

/** Nanoseconds that a byte of keystream takes, drawn from and added up, by the name of the kernel. */
const BYTE: Readonly<Record<string, number>> = { plain: 3, wasm: 0.9, 'wasm+openssl': 0.3 };

/** Nanoseconds that a weight takes besides. */
const WEIGHT = 2;

/**
 * Milliseconds of work below which no thread is started: two threads that must be started first (50 ms, 100 to 200 from sources) end
 * later than one that is there.
 */
export const SMALL_WORK = 100;

/** Milliseconds of work on the caller's thread between two pauses: half a frame of a page, were it twice as slow as estimated. */
const PIECE = 4;

/** Milliseconds of work that a thread has been given at most: enough to be worth a message, little enough that none holds up the others. */
export const BATCH = 25;

/** Milliseconds of work left at which a thread is given more: longer than the caller's thread is ever away between two pauses. */
export const LEAD = 10;

/** Milliseconds of work that must be left for a thread to join that has just started: its first seeds take that much longer. */
const JOIN = 40;

/** Each thread keeps a sum of its own; together they may take 1 GiB. */
const MEMORY = 0x4000_0000;

/**
 * Weights from which a vector goes to threads for adding or for unmasking. Handing the vector over takes about
 * as long as the work, so little is gained; from here on the caller's thread is worth keeping free.
 */
export const LARGE_VECTOR = 0x80_0000;

/** Weights of a slice on its way: 2^18. */
export const SLICE = 0x4_0000;

/** How the masks of some seeds are summed. */
export interface MaskPlan {
  /** Threads at work at a time; at most 1: the caller's alone. */
  readonly threads: number;
  /** Estimated milliseconds a seed. */
  readonly seed: number;
  /** Estimated milliseconds of work below which a new thread does not join what is under way. */
  readonly join: number;
  /** Elements between two pauses on the caller's thread; whole tiles of the kernels. */
  readonly piece: number;
}

/** What a plan depends on besides the work. */
export interface PlanLimits {
  /** Most threads. */
  readonly most: number;
  /** Milliseconds below which no thread is started; 0: every work starts them. */
  readonly small: number;
  /** Name of the kernel. */
  readonly kernel: string;
}

/** Plans the sum of the masks of `seeds` seeds. */
export function planMasks(config: MaskConfigPair, length: number, seeds: number, { most, small, kernel }: PlanLimits): MaskPlan {
  const weight = (keystreamOf(config.vect) * (BYTE[kernel] ?? 1) + WEIGHT) / 1e6;
  const work = seeds * length * weight;
  const sums = Math.max(1, Math.floor(MEMORY / (length * Math.max(8, config.vect.bytesPerNumber) + 1)));
  const worth = small === 0 ? seeds : Math.floor((2 * work) / small); // each thread should have half of what is worth threads at all
  return {
    threads: work < small ? 0 : Math.min(most, seeds, sums, worth),
    seed: length * weight,
    join: small === 0 ? 0 : JOIN,
    piece: 4096 * Math.max(1, Math.floor(PIECE / weight / 4096)),
  };
}
