// The arithmetic of one family of groups inside an instance, and which family a group belongs to. Kernels are put together from
// families in wasm.ts; what passes between them is the stream of a seed, which counts in whole words whatever was drawn.

import type { Encoding, Group, Kernel, Model, Sum, Weights } from '../kernel.ts';
import type { Rational } from '../rational.ts';
import type { Stream } from './draws.ts';

/** Arithmetic on elements of certain widths; `Sum.addDraws` is given a {@link Stream}. */
export interface Lanes extends Pick<Kernel, 'sum' | 'inRange' | 'encode'> {
  /** The next draws of the stream, packed: {@link Draws.write}. */
  write(stream: Stream, group: Group, out: Uint8Array): void;
  /** Encoded weights plus a draw each: {@link Draws.mask}. */
  mask(stream: Stream, encoding: Encoding, scalar: Rational, weights: Weights | Model, out: Uint8Array): boolean;
  sum(group: Group, length: number): Sum;
}

/** Whether an element and a candidate fit a 64-bit lane with two bits to spare, for sums and signs. */
export function isLane64(group: Group): boolean {
  return group.prngBytes <= 8 && group.bytesPerNumber <= 8 && group.order <= 1n << 62n;
}
