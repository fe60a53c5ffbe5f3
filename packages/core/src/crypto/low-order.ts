// Points of small order: encodings that look like keys and multiply to nothing. libsodium refuses them by comparing bytes with
// a list (sign bit masked off, values at and above p included); comparing the coordinate modulo p, or doubling it three times, says the same.

import { fromLittleEndian, P } from './noble-cut/x25519.ts';

const BELOW_SIGN = 2n ** 255n - 1n;

/** The coordinate in 32 bytes, without the top bit: may be p or more, where an encoding is not canonical. */
export function coordinate(bytes: Uint8Array): bigint {
  return fromLittleEndian(bytes) & BELOW_SIGN;
}

/** Whether 32 bytes encode, canonically or not, a point of small order of Edwards25519. */
export function isSmallOrderEdwards(bytes: Uint8Array): boolean {
  // y of the eight points of order 1, 2, 4 and 8: ±x share their y, so eight points have five.
  return [
    0n,
    1n,
    P - 1n,
    0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
    0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  ].includes(coordinate(bytes) % P);
}

/** Whether 32 bytes are, canonically or not, a point of small order of Curve25519 or its twist: one whose eightfold is none, so that Z is 0. */
export function isSmallOrderMontgomery(bytes: Uint8Array): boolean {
  let x = coordinate(bytes) % P;
  let z = 1n;
  for (let doubled = 0; doubled < 3; doubled++) {
    const sum = (x + z) ** 2n % P;
    const difference = (x - z) ** 2n % P;
    const rest = sum - difference;
    x = (sum * difference) % P;
    z = (rest * (sum + 121665n * rest)) % P;
  }
  return z === 0n;
}
