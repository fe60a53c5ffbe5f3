// Who is selected: a task signature, hashed to a number between 0 and 1, against a probability (wire 1.4). Both sides must come
// to the same answer for every input, so the comparison is one of integers; doubles decide near ties wrongly.

import type { Signature } from '../bytes/fixed.ts';
import { toHex } from '../bytes/text.ts';
import { sha256 } from '../crypto/hash.ts';
import { XaynetError } from '../errors.ts';

const LARGEST_DIGEST = 2n ** 256n - 1n;

/**
 * Whether a task signature is selected at `threshold`, a probability taken bit-exactly (wire 1.4): below 0 never, above 1 always,
 * else when SHA-256 of its 64 bytes, read little-endian and divided by 2^256 - 1, is at most the threshold. Says nothing about
 * the validity of the signature. Throws `decode-number` for NaN.
 */
export function isEligible(signature: Signature, threshold: number): boolean {
  if (Number.isNaN(threshold)) throw new XaynetError('decode-number', 'the threshold is NaN');
  if (threshold < 0) return false;
  if (threshold > 1) return true;
  const digest = BigInt(`0x${toHex(sha256(signature).reverse())}`);
  const { numerator, power } = dyadic(threshold);
  return digest << power <= numerator * LARGEST_DIGEST;
}

const view = new DataView(new ArrayBuffer(8));

/** A double in [0, 1] as numerator / 2^power, from its bits. */
function dyadic(value: number): { numerator: bigint; power: bigint } {
  view.setFloat64(0, value);
  const high = view.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff; // the sign is 0, or it is -0 and nothing else is set
  const fraction = (high & 0xfffff) * 2 ** 32 + view.getUint32(4);
  const subnormal = exponent === 0;
  return { numerator: BigInt(subnormal ? fraction : fraction + 2 ** 52), power: BigInt(1075 - (subnormal ? 1 : exponent)) };
}
