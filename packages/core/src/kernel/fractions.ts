// Fractions of a published model, written from elements and read into weights one by one (wire 7.3): the slow, complete way, over
// big integers. Kernels have a faster way for the usual ones.

import { dataTypeOf, decodeExactly, toPrimitive } from './decode.ts';
import type { Decoding, Group, Progress, Weights } from './kernel.ts';
import { bitLength } from './rational.ts';

/** Writes fractions as long as whole ones fit; see {@link Unmasking.writeFractions}. */
export function writeFractions(group: Group, elements: Uint8Array, decoding: Decoding, from: number, out: Uint8Array): Progress {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const width = group.bytesPerNumber;
  let count = 0;
  let bytes = 0;
  for (let at = from * width; at < elements.length; at += width) {
    const [{ numerator, denominator }] = decodeExactly(group, elements.subarray(at, at + width), decoding) as [{ numerator: bigint; denominator: bigint }];
    const size = 18 + 4 * (wordsOf(numerator) + wordsOf(denominator));
    if (bytes + size > out.length) break;
    bytes = writeSigned(view, writeSigned(view, bytes, numerator), denominator);
    count++;
  }
  return { count, bytes };
}

function wordsOf(value: bigint): number {
  return Math.ceil(bitLength(value < 0n ? -value : value) / 32);
}

function writeSigned(view: DataView, at: number, value: bigint): number {
  let magnitude = value < 0n ? -value : value;
  const words = wordsOf(value);
  view.setInt8(at, value < 0n ? -1 : value > 0n ? 1 : 0);
  view.setUint32(at + 1, words, true);
  view.setUint32(at + 5, 0, true);
  at += 9;
  for (let i = 0; i < words; i++, at += 4) {
    view.setUint32(at, Number(magnitude & 0xffff_ffffn), true);
    magnitude >>= 32n;
  }
  return at;
}

/** Reads the usual fractions of at most two words above and below; see {@link Kernel.readFractions}. */
export function readFractions(bytes: Uint8Array, weights: Weights, from: number): Progress {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = dataTypeOf(weights);
  let at = 0;
  let count = 0;
  for (; from + count < weights.length; count++) {
    const numeratorEnd = endOf(view, at);
    const denominatorEnd = numeratorEnd === undefined ? undefined : endOf(view, numeratorEnd);
    if (numeratorEnd === undefined || denominatorEnd === undefined) break;
    const numerator = magnitudeAt(view, at, numeratorEnd) * BigInt(view.getInt8(at));
    const denominator = magnitudeAt(view, numeratorEnd, denominatorEnd);
    if (denominator === 0n || view.getInt8(numeratorEnd) !== 1) break;
    try {
      weights[from + count] = toPrimitive(numerator, denominator, data, from + count);
    } catch {
      break;
    }
    at = denominatorEnd;
  }
  return { count, bytes: at };
}

/** Where the number at `at` ends, when it is there, whole, of at most two words, and has a sign if and only if it has words. */
function endOf(view: DataView, at: number): number | undefined {
  if (at + 9 > view.byteLength) return undefined;
  const sign = view.getInt8(at);
  const words = view.getUint32(at + 1, true);
  if (view.getUint32(at + 5, true) !== 0 || words > 2 || sign < -1 || sign > 1 || (sign === 0) !== (words === 0)) return undefined;
  const end = at + 9 + 4 * words;
  return end > view.byteLength ? undefined : end;
}

function magnitudeAt(view: DataView, at: number, end: number): bigint {
  const low = end - at > 9 ? view.getUint32(at + 9, true) : 0;
  return end - at > 13 ? (BigInt(view.getUint32(at + 13, true)) << 32n) | BigInt(low) : BigInt(low);
}
