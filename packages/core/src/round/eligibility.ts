// Who is selected: a task signature, hashed to a number between 0 and 1, against a probability (wire 1.4). Both sides must come
// to the same answer for every input, so the comparison is one of integers; doubles decide near ties wrongly.

import type { Signature } from '../bytes/fixed.ts';
import { toHex } from '../bytes/text.ts';
import { sha256 } from '../crypto/hash.ts';
import { XaynetError } from '../errors.ts';
import { exactly } from '../kernel/rational.ts';

const LARGEST_DIGEST = 2n ** 256n - 1n;

/**
 * Whether a task signature is selected at `threshold`, a probability taken bit-exactly (wire 1.4): below 0 never, above 1 always,
 * else when SHA-256 of its 64 bytes, read little-endian and divided by 2^256 - 1, is at most the threshold. Says nothing about
 * the validity of the signature. Throws `decode-number` for NaN.
 * @example
 * ```ts
 * import { Signature } from '@xaynet/core/bytes';
 * import { isEligible } from '@xaynet/core/round';
 * const signature = Signature(new Uint8Array(64)); // its digest, read as a number between 0 and 1, is the lottery ticket
 * isEligible(signature, 0.2); // false
 * isEligible(signature, 0.3); // true
 * ```
 */
export function isEligible(signature: Signature, threshold: number): boolean {
  if (Number.isNaN(threshold)) throw new XaynetError('decode-number', 'the threshold is NaN');
  if (threshold < 0) return false;
  if (threshold > 1) return true;
  const digest = BigInt(`0x${toHex(sha256(signature).reverse())}`);
  const { numerator, denominator } = exactly(threshold);
  return digest * denominator <= numerator * LARGEST_DIGEST;
}
