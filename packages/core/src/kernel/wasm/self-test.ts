// A look at what an engine makes of a kernel before it is trusted: draws, masks and sums of a few groups, and fractions read, which take every
// kind of instruction and the edges of words, all digested to one number. A wrong one means a fault of the engine or of the file.

import type { Encoding, Kernel } from '../kernel.ts';
import { rational } from '../rational.ts';

/** The digest of what a right kernel gives; a test holds the plain one to it. */
export const RIGHT = 427327392;

/** Groups of every kind of lane. */
export const ENCODINGS: readonly Encoding[] = [
  { order: 20_000_000_000_021n, bytesPerNumber: 6, prngBytes: 6, addShift: 1n, expShift: 10n ** 10n },
  { order: 1n << 55n, bytesPerNumber: 7, prngBytes: 7, addShift: 1n, expShift: 10n ** 10n },
  { order: 2_000_000_000_000_000_003n, bytesPerNumber: 8, prngBytes: 8, addShift: 100n, expShift: 10n ** 10n },
  { order: (1n << 71n) - 231n, bytesPerNumber: 9, prngBytes: 9, addShift: 100n, expShift: 10n ** 10n },
  { order: (1n << 190n) - 11n, bytesPerNumber: 24, prngBytes: 24, addShift: 10n ** 20n, expShift: 10n ** 20n },
];

/** Digests results of `kernel`; throws what it throws. */
export function selfTest(kernel: Kernel): number {
  const seed = new Uint8Array(32).map((_, i) => 37 * i + 11);
  const floats = Float32Array.from({ length: 17 }, (_, i) => ((i * 7919) % 41) / 19 - 1);
  const third = rational(1, 3);
  const others = [Float64Array.from(floats, (float) => float / 7), Int32Array.of(1, -1, 0, 77, -(2 ** 31)), BigInt64Array.of(1n, -1n, 0n, 99n, 2n ** 62n + 1n)];
  const { take, digest } = digester();
  take([kernel.areFinite(floats), kernel.areFinite(Float32Array.of(1, NaN, 1)), kernel.areFinite(Float64Array.of(1, 2, Infinity))]);
  for (const encoding of ENCODINGS) {
    const draws = kernel.draws(seed);
    const sum = kernel.sum(encoding, floats.length);
    const out = new Uint8Array(floats.length * encoding.bytesPerNumber);
    const rest = new Uint8Array(out.length);
    draws.write(encoding, out);
    take(out);
    take([sum.add(out), sum.add(rest.fill(0xff))]);
    draws.mask(encoding, third, floats, out);
    take(out);
    sum.add(out);
    sum.addDraws(draws);
    sum.difference(out, rest);
    take(rest);
    kernel.encode(encoding, third, floats, out);
    const middle = encoding.addShift * encoding.expShift;
    take([kernel.inRange(encoding, out, 0n, encoding.order), kernel.inRange(encoding, out, middle, encoding.order)]);
    for (const weights of [...others, floats]) {
      for (const scalar of [third, rational(1)]) {
        const encoded = out.subarray(0, weights.length * encoding.bytesPerNumber);
        kernel.encode(encoding, scalar, weights, encoded);
        take(encoded);
      }
    }
  }
  // Fractions of one word above and one below, of either sign (wire 7.3).
  const zeros = [0, 0, 0, 0, 0, 0, 0];
  const fractions = Array.from({ length: 9 }, (_, i) => [1 - 2 * (i % 2), 1, ...zeros, 57 * i + 3, i, i, i * 29, 1, 1, ...zeros, 7, 31 * i, i, 0]);
  for (const weights of [new Float32Array(9), new Float64Array(9), new Int32Array(9), new BigInt64Array(9)]) {
    kernel.readFractions(Uint8Array.from(fractions.flat()), weights, 0);
    take(new Uint8Array(weights.buffer));
  }
  return digest();
}

/** Digests bytes, piece by piece, to a number. */
export function digester(): { take(bytes: Iterable<number | boolean>): void; digest(): number } {
  let digest = 0x811c9dc5;
  return {
    take(bytes) {
      for (const byte of bytes) digest = Math.imul(digest ^ Number(byte), 0x01000193) >>> 0;
    },
    digest: () => digest,
  };
}
