// A look at what an engine makes of a kernel before it is trusted: draws, masks, sums and decoding of a few groups, which take every
// kind of instruction and the edges of words, all digested to one number. A wrong one means a fault of the engine or of the file.

import type { Encoding, Kernel } from '../kernel.ts';
import { rational } from '../rational.ts';

/** The digest of what a right kernel gives; a test holds the plain one to it. */
export const RIGHT = 2055450012;

const ENCODINGS: readonly Encoding[] = [
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
  let digest = 0x811c9dc5;
  const take = (bytes: Uint8Array): void => {
    for (const byte of bytes) digest = Math.imul(digest ^ byte, 0x01000193) >>> 0;
  };
  take(
    Uint8Array.of(
      Number(kernel.areFinite(floats)),
      Number(kernel.areFinite(Float32Array.of(1, Number.NaN, 1))),
      Number(kernel.areFinite(Float64Array.of(1, 2, Number.POSITIVE_INFINITY))),
    ),
  );
  for (const encoding of ENCODINGS) {
    const draws = kernel.draws(seed);
    const sum = kernel.sum(encoding, floats.length);
    const out = new Uint8Array(floats.length * encoding.bytesPerNumber);
    const rest = new Uint8Array(out.length);
    draws.write(encoding, out);
    take(out);
    take(Uint8Array.of(Number(sum.add(out)), Number(sum.add(new Uint8Array(out.length).fill(0xff)))));
    draws.mask(encoding, third, floats, out);
    take(out);
    sum.add(out);
    sum.addDraws(draws);
    sum.difference(out, rest);
    take(rest);
    const decoding = { offset: encoding.addShift * encoding.expShift, factor: rational(3n, encoding.expShift) };
    kernel.encode(encoding, third, floats, out);
    take(Uint8Array.of(Number(kernel.inRange(encoding, out, 0n, encoding.order)), Number(kernel.inRange(encoding, out, decoding.offset, encoding.order))));
    const weights = kernel.decode(encoding, out, decoding, 'F32');
    take(new Uint8Array(weights.buffer));
    for (const data of ['F64', 'I32', 'I64'] as const) take(new Uint8Array(kernel.decode(encoding, out, decoding, data).buffer));
    for (const weights of [...others, floats]) {
      for (const scalar of [third, rational(1)]) {
        const encoded = out.subarray(0, weights.length * encoding.bytesPerNumber);
        kernel.encode(encoding, scalar, weights, encoded);
        take(encoded);
      }
    }
    kernel.encode(encoding, third, floats, out);
    const fractions = new Uint8Array(2048);
    const written = kernel.writeFractions(encoding, out, decoding, 0, fractions);
    take(fractions.subarray(0, written.bytes));
    kernel.readFractions(fractions.subarray(0, written.bytes), weights, 0);
    take(new Uint8Array(weights.buffer));
  }
  return digest;
}
