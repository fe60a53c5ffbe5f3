// Whether packed numbers look masked. The low bytes of a number drawn below a group order are uniform, so their entropy is close to 8 bits a
// byte; a vector that somebody forgot to mask has zeros, or few values. A hint and no more: noise is what a bad mask looks like, too.

import { decimal } from '../show.ts';

/** Bytes that are looked at, at most. */
const MOST = 1 << 20;
/** Below so many bytes the estimate says nothing. */
const LEAST = 2048;
const UNIFORM = 7.9;

/** A remark on the entropy of packed elements of `width` bytes, without the highest byte of each; undefined when they are too few. */
export function entropyOf(elements: Uint8Array, width: number): string | undefined {
  const used = Math.max(1, width - 1);
  const count = elements.length / width;
  const step = Math.max(1, Math.ceil((count * used) / MOST));
  const counts = new Uint32Array(256);
  let total = 0;
  for (let i = 0; i < count; i += step) {
    for (let j = 0; j < used; j++) counts[elements[i * width + j]!]!++;
    total += used;
  }
  if (total < LEAST) return undefined;
  let bits = 0;
  for (const n of counts) if (n > 0) bits -= (n / total) * Math.log2(n / total);
  return `${decimal(Math.round(bits * 100) / 100)} bits of entropy a byte${step > 1 ? ', sampled' : ''}: ${bits > UNIFORM ? 'looks masked' : 'does not look masked'}`;
}
