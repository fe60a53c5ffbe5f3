// Points of small order: encodings that look like keys and multiply to nothing. libsodium refuses them by comparing bytes with
// a list (sign bit masked off, values at and above p included); comparing the coordinate modulo p says the same thing shorter.

import { bytesToNumberLE } from '@noble/curves/utils.js';
import { P } from './curve25519.ts';

const BELOW_SIGN = 2n ** 255n - 1n;

/** The coordinate in 32 bytes, without the top bit: may be p or more, where an encoding is not canonical. */
export function coordinate(bytes: Uint8Array): bigint {
  return bytesToNumberLE(bytes) & BELOW_SIGN;
}

// y of the eight points of order 1, 2, 4 and 8 of Edwards25519: ±x share their y, so eight points have five.
const EDWARDS_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

// u of the points of order 1, 2, 4 and 8 of Curve25519 and of its twist.
const MONTGOMERY_U: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  0x00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
]);

/** Whether 32 bytes encode, canonically or not, a point of small order of Edwards25519. */
export function isSmallOrderEdwards(bytes: Uint8Array): boolean {
  return EDWARDS_Y.has(coordinate(bytes) % P);
}

/** Whether 32 bytes are, canonically or not, a point of small order of Curve25519 or its twist. */
export function isSmallOrderMontgomery(bytes: Uint8Array): boolean {
  return MONTGOMERY_U.has(coordinate(bytes) % P);
}
