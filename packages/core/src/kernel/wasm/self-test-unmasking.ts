// The look at what an engine makes of the module for unmasked sums before it is trusted: see self-test.ts.

import type { Unmasking } from '../kernel.ts';
import { rational } from '../rational.ts';
import { digester, ENCODINGS } from './self-test.ts';

/** The digest of what is right; a test holds the plain way to it. */
export const RIGHT_UNMASKING = 1624378254;

/** Digests what `unmasking` makes of some elements; throws what it throws. */
export function testUnmasking(unmasking: Unmasking): number {
  const { take, digest } = digester();
  for (const encoding of ENCODINGS) {
    const middle = encoding.addShift * encoding.expShift;
    const decoding = { offset: middle, factor: rational(3n, encoding.expShift) };
    // Elements on both sides of the middle, far from it and near, and the middle itself.
    const elements = new Uint8Array(17 * encoding.bytesPerNumber);
    for (let i = 0; i < 17; i++) {
      let element = middle + BigInt(i - 8) * (i % 2 === 0 ? 7919n : encoding.expShift / 9n);
      for (let at = 0; at < encoding.bytesPerNumber; at++, element >>= 8n) elements[i * encoding.bytesPerNumber + at] = Number(element & 0xffn);
    }
    for (const data of ['F32', 'F64', 'I32', 'I64'] as const) take(new Uint8Array(unmasking.decode(encoding, elements, decoding, data).buffer));
    const fractions = new Uint8Array(2048);
    take(fractions.subarray(0, unmasking.writeFractions(encoding, elements, decoding, 0, fractions).bytes));
  }
  return digest();
}
