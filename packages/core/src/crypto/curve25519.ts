// Ed25519 and X25519 from noble's building blocks. noble's ready-made `ed25519.js` also brings FROST, ristretto and hashing to
// the curve, and calls TextEncoder while it is imported: where there is none (Hermes, QuickJS) the import itself would throw.
// The constants are those of RFC 7748, 4.1; the tests compare both curves with noble's own and with node:crypto.

import { type EdDSA, type EdwardsPointCons, eddsa, edwards } from '@noble/curves/abstract/edwards.js';
import { type MontgomeryECDH, montgomery } from '@noble/curves/abstract/montgomery.js';
import { sha512 } from '@noble/hashes/sha2.js';

/** The prime of the field, 2^255 − 19. */
export const P: bigint = 2n ** 255n - 19n;

/** Points of Edwards25519; `Point.Fn` are the integers modulo the group order. */
export const Point: EdwardsPointCons = edwards({
  p: P,
  n: 2n ** 252n + 27742317777372353535851937790883648493n,
  h: 8n,
  a: P - 1n,
  d: 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n,
  Gx: 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an,
  Gy: 0x6666666666666666666666666666666666666666666666666666666666666658n,
});

/** Clamps a secret scalar in place (RFC 7748, 5). */
function adjustScalarBytes(bytes: Uint8Array): Uint8Array {
  bytes[0]! &= 248;
  bytes[31]! &= 127;
  bytes[31]! |= 64;
  return bytes;
}

/** 1/x, and 0 for 0; the exponent is public, so that the steps do not depend on x. */
function inverse(x: bigint): bigint {
  return Point.Fp.pow(x, P - 2n);
}

/** Pure Ed25519 (RFC 8032): used for keys and signing. Its `verify` is cofactored; see `signing.ts`. */
export const ed25519: EdDSA = eddsa(Point, sha512, { adjustScalarBytes });

/** X25519 (RFC 7748). */
export const x25519: MontgomeryECDH = montgomery({
  P,
  type: 'x25519',
  adjustScalarBytes,
  powPminus2: inverse,
  // A public key by way of the Edwards curve, whose multiples of the base point are tabulated, is three times as fast:
  // u = (1 + y) / (1 - y) = (Z + Y) / (Z - Y). A clamped scalar is no multiple of the group order, so Z ≠ Y.
  scalarMultBase: (scalar) => {
    const { Fp, Fn, BASE } = Point;
    const { Y, Z } = BASE.multiply(Fn.create(scalar));
    return Fp.mul(Fp.add(Z, Y), inverse(Fp.sub(Z, Y)));
  },
});
