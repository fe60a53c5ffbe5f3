// Wide elements to primitives through an instance (see assembly/wide-decode.ts). What that leaves undecided, and everything that may
// be out of range, is decoded by big integers, one by one and in order, so that the first one that is out of range is named.

import { decode as decodePlainly, makeWeights, toPrimitive } from '../decode.ts';
import { bytesToInteger, integerToBytes } from '../elements.ts';
import type { DataType, Decoding, Group, Weights } from '../kernel.ts';
import { bitLength } from '../rational.ts';
import { KINDS } from './instances.ts';
import { INPUT, OUTPUT } from './layout.ts';
import { unmaskingTiles } from './unmasking-engine.ts';
import { isWide, JOB, limbsOf, ownBits, tileOf, UNDECIDED } from './wide-group.ts';

const JOB_BYTES = 0x1600;
const MOST_LIMBS = 64; // of the inverse of a factor

/** Elements as primitives of `data`; see {@link Unmasking.decode}. */
export function decodeWide(group: Group, elements: Uint8Array, decoding: Decoding, data: DataType): Weights {
  const job = isWide(group) ? jobOf(group, decoding) : undefined;
  if (job === undefined) return decodePlainly(group, elements, decoding, data);
  const { bytes, exports } = unmaskingTiles();
  const width = group.bytesPerNumber;
  const tile = tileOf(group);
  const weights = makeWeights(data, elements.length / width);
  const out = new Uint8Array(weights.buffer);
  const size = weights.BYTES_PER_ELEMENT;
  const { numerator, denominator } = decoding.factor;
  bytes.set(job, JOB);
  for (let from = 0; from < weights.length; from += tile) {
    const count = Math.min(tile, weights.length - from);
    bytes.set(elements.subarray(from * width, (from + count) * width), INPUT);
    const undecided = exports.decodeWide(KINDS[data], INPUT, count, JOB, OUTPUT, UNDECIDED);
    out.set(bytes.subarray(OUTPUT, OUTPUT + count * size), from * size);
    for (const i of new Uint32Array(bytes.buffer, UNDECIDED, undecided)) {
      const difference = bytesToInteger(elements, (from + i) * width, width) - decoding.offset;
      weights[from + i] = toPrimitive(difference * numerator, denominator, data, from + i);
    }
  }
  return weights;
}

/** The job of assembly/wide-decode.ts; undefined when the numbers are beyond its layout. */
function jobOf(group: Group, { offset, factor: { numerator, denominator } }: Decoding): Uint8Array | undefined {
  const limbs = limbsOf(group);
  if (offset < 0n || bitLength(offset) > 64 * limbs || numerator <= 0n) return undefined;
  // The factor's leading 128 bits, rounded down: between 2^127 and 2^129 at first.
  let exponent = bitLength(numerator) - bitLength(denominator) - 128;
  let leading = exponent < 0 ? (numerator << BigInt(-exponent)) / denominator : numerator / (denominator << BigInt(exponent));
  if (leading >> 128n > 0n) {
    leading >>= 1n;
    exponent++;
  }
  const inverseLimbs = Math.ceil(bitLength(denominator) / 64);

  const job = new Uint8Array(JOB_BYTES);
  const view = new DataView(job.buffer);
  view.setUint32(0, group.bytesPerNumber, true);
  view.setUint32(4, limbs, true);
  view.setInt32(8, exponent, true);
  if (numerator === 1n && inverseLimbs <= MOST_LIMBS) {
    view.setUint32(12, inverseLimbs, true);
    integerToBytes(denominator, job, 64 + 320, 8 * inverseLimbs);
  }
  view.setBigUint64(16, ownBits(group.bytesPerNumber, limbs), true);
  view.setBigUint64(24, leading >> 64n, true);
  view.setBigUint64(32, leading, true);
  integerToBytes(offset, job, 64, 8 * limbs);
  return job;
}
