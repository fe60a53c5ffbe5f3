// Fractions of a published model through an instance, tile by tile, written from elements of at most eight bytes. Reducing is most of
// writing, so the denominator, which is the same for all weights, is taken apart into primes once.

import { writeFractions as writePlainly } from '../fractions.ts';
import type { Decoding, Group, Progress } from '../kernel.ts';
import { isLane64 } from './lanes.ts';
import { INPUT, OUTPUT, PARAMETERS, TILE_BYTES } from './layout.ts';
import { unmaskingTiles } from './unmasking-engine.ts';

/** Elements of a piece: more than a tile of the largest fractions takes. */
const PIECE = 2048;

/** See {@link Unmasking.writeFractions}; fast for elements of at most eight bytes. */
export function writeFractions(group: Group, elements: Uint8Array, decoding: Decoding, from: number, out: Uint8Array): Progress {
  const width = group.bytesPerNumber;
  const length = elements.length / width;
  const parameters = isLane64(group) ? parametersOf(decoding, length) : undefined;
  let count = 0;
  let bytes = 0;
  if (parameters !== undefined) {
    const { exports, bytes: memory } = unmaskingTiles();
    memory.set(parameters, PARAMETERS);
    for (let taken = -1; taken !== 0 && from + count < length; ) {
      const at = from + count;
      const piece = Math.min(PIECE, length - at);
      const room = Math.min(TILE_BYTES, out.length - bytes);
      memory.set(elements.subarray(at * width, (at + piece) * width), INPUT);
      const progress = exports.writeFractions(INPUT, width, piece, PARAMETERS, OUTPUT, OUTPUT + room);
      const written = Number(progress >> 32n);
      out.set(memory.subarray(OUTPUT, OUTPUT + written), bytes);
      taken = Number(progress & 0xffff_ffffn);
      count += taken;
      bytes += written;
    }
    if (from + count === length) return { count, bytes };
  }
  // All of them, or the last ones, which fit only just.
  const last = writePlainly(group, elements, decoding, from + count, out.subarray(bytes));
  return { count: count + last.count, bytes: bytes + last.bytes };
}

const known = new WeakMap<Decoding, Uint8Array>();

/** The parameters as assembly/fractions-write.ts wants them, kept for the next piece; undefined where 64 bits do not hold them. */
function parametersOf(decoding: Decoding, length: number): Uint8Array | undefined {
  let parameters = known.get(decoding);
  if (parameters === undefined) {
    const { offset, factor } = decoding;
    if (offset < 0n || offset >= 1n << 62n || factor.numerator >= 1n << 64n || factor.denominator >= 1n << 64n) return undefined;
    parameters = makeParameters(decoding, length);
    known.set(decoding, parameters);
  }
  return parameters;
}

function makeParameters({ offset, factor }: Decoding, length: number): Uint8Array {
  let rest = factor.denominator;
  let twos = 0;
  for (; (rest & 1n) === 0n; rest >>= 1n) twos++;
  // A step of the search costs less than it saves on a weight.
  const { primes, composite } = oddPrimes(rest, Math.min(Math.max(length, 16), 2 ** 17));
  const view = new DataView(new ArrayBuffer(40 + 24 * (primes.size + 1)));
  view.setBigUint64(0, offset, true);
  view.setBigUint64(8, factor.numerator, true);
  view.setBigUint64(16, factor.denominator, true);
  view.setBigUint64(24, BigInt(twos), true);
  view.setBigUint64(32, composite, true);
  let at = 40;
  for (const [prime, times] of primes) {
    view.setBigUint64(at, inverseOf(prime), true);
    view.setBigUint64(at + 8, ((1n << 64n) - 1n) / prime, true);
    view.setUint32(at + 16, times, true);
    at += 24;
  }
  return new Uint8Array(view.buffer);
}

/** The prime factors of an odd number that a search up to `bound` finds, with their multiplicities, and the product of the others. */
function oddPrimes(odd: bigint, bound: number): { primes: Map<bigint, number>; composite: bigint } {
  const primes = new Map<bigint, number>();
  const found = (prime: number | bigint): void => void primes.set(BigInt(prime), (primes.get(BigInt(prime)) ?? 0) + 1);
  for (const prime of [3n, 5n, 7n, 11n, 13n]) {
    for (; odd % prime === 0n; odd /= prime) found(prime);
  }
  if (odd > BigInt(Number.MAX_SAFE_INTEGER)) return { primes, composite: odd };
  let rest = Number(odd);
  let divisor = 17;
  for (; divisor <= bound && divisor * divisor <= rest; divisor += 2) {
    for (; rest % divisor === 0; rest /= divisor) found(divisor);
  }
  if (rest > 1 && divisor * divisor > rest) {
    found(rest);
    rest = 1;
  }
  return { primes, composite: BigInt(rest) };
}

/** The inverse of an odd number modulo 2^64; each step doubles the bits that are right, and an odd number is its own in the lowest three. */
function inverseOf(odd: bigint): bigint {
  let inverse = odd;
  for (let bits = 3; bits < 64; bits *= 2) inverse = BigInt.asUintN(64, inverse * (2n - odd * inverse));
  return inverse;
}
