// X25519 of noble's code: the public key by way of the Edwards curve, all else by the ladder. The tests compare it with the whole library and
// with node:crypto. (The library itself also brings FROST, ristretto and hashing to the curve, and calls TextEncoder while it is imported:
// where there is none, in Hermes and QuickJS, the import itself would throw.)

import { multiplyBase, ORDER } from './noble-cut/ed25519.ts';
import { inverse, modP, multiply, scalarOf, toLittleEndian } from './noble-cut/x25519.ts';

/** X25519 (RFC 7748). */
export const x25519: { getPublicKey(secretKey: Uint8Array): Uint8Array; getSharedSecret(secretKey: Uint8Array, theirs: Uint8Array): Uint8Array } = {
  // By way of the Edwards curve, whose multiples of the base point are tabulated, it is several times as fast as by the ladder:
  // u = (1 + y) / (1 - y) = (Z + Y) / (Z - Y). A clamped scalar is no multiple of the group order, so Z ≠ Y.
  getPublicKey(secretKey) {
    const [, y, z] = multiplyBase(scalarOf(secretKey) % ORDER);
    return toLittleEndian(modP((z + y) * inverse(z - y)));
  },
  getSharedSecret: multiply,
};
