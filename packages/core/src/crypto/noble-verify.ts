// The verifying half of noble, for whoever reads what others signed: points of other people's bytes, by the whole library. Participants only
// sign, so that their bundles have nothing of it.

import { Point } from '@noble/ed25519';
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { ORDER } from './noble-cut/ed25519.ts';
import { sha512 } from './noble-cut/sha2.ts';
import { fromLittleEndian } from './noble-cut/x25519.ts';

/** See {@link Signing.verify}. noble's own multiplies by the cofactor and so accepts signatures that libsodium 1.0.18 refuses. */
export function nobleVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const a = decodePoint(publicKey);
  if (a === undefined) return false;
  const r = signature.subarray(0, 32);
  const s = fromLittleEndian(signature.subarray(32));
  const h = fromLittleEndian(sha512(concatBytes(r, publicKey, message))) % ORDER;
  return equalBytes(Point.BASE.multiplyUnsafe(s).add(a.negate().multiplyUnsafe(h)).toBytes(), r);
}

/** The point of canonical bytes (y below p); undefined for others, and where no point has this y. */
function decodePoint(bytes: Uint8Array): InstanceType<typeof Point> | undefined {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}
