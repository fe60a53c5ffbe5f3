// Ed25519 as libsodium 1.0.18 does it (wire 1.2). Verifiers of different libraries disagree on crafted input; noble's own
// multiplies by the cofactor and so accepts signatures that every coordinator and participant in the field refuses. Hence
// `verify` below states libsodium's rule itself, on noble's point arithmetic; `signing.test.ts` has bytes for every clause.

import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes/compare.ts';
import { PublicSigningKey, SecretSigningKey, Signature, SigningKeySeed } from '../bytes/fixed.ts';
import { ed25519, Point } from './curve25519.ts';
import { isSmallOrderEdwards } from './low-order.ts';
import type { RandomBytes } from './random.ts';

/** An Ed25519 pair: the identity of a participant (wire 1.1). */
export interface SigningKeyPair {
  /** 32 bytes. */
  readonly publicKey: PublicSigningKey;
  /** 64 bytes, libsodium's layout: seed, then public key. */
  readonly secretKey: SecretSigningKey;
}

/**
 * The pair of a 32-byte seed: libsodium's `crypto_sign_ed25519_seed_keypair` (wire 1.1).
 * @example
 * ```ts
 * import { SigningKeySeed, toHex } from '@xaynet/core/bytes';
 * import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
 * const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
 * toHex(keys.publicKey).slice(0, 8); // '3b6a27bc'
 * ```
 */
export function signingKeyPairFromSeed(seed: SigningKeySeed): SigningKeyPair {
  const publicKey = PublicSigningKey(ed25519.getPublicKey(seed));
  const secretKey = SecretSigningKey(new Uint8Array(SecretSigningKey.LENGTH));
  secretKey.set(seed);
  secretKey.set(publicKey, SigningKeySeed.LENGTH);
  return { publicKey, secretKey };
}

/** A fresh pair from 32 random bytes; throws `length-mismatch` when `random` returns another number. */
export function generateSigningKeyPair(random: RandomBytes): SigningKeyPair {
  return signingKeyPairFromSeed(SigningKeySeed(random(SigningKeySeed.LENGTH)));
}

/**
 * The deterministic signature of `message`: pure Ed25519, no prehash, no context (wire 1.2). The public key is computed from
 * the seed, never taken from the second half of `secretKey`: signing with a foreign half would give the seed away.
 */
export function sign(message: Uint8Array, secretKey: SecretSigningKey): Signature {
  return Signature(ed25519.sign(message, secretKey.subarray(0, SigningKeySeed.LENGTH)));
}

/**
 * Whether `signature` (R, then S) is one of `message` by `publicKey`, exactly as libsodium 1.0.18 decides it (wire 1.2): S
 * below the group order; R and the key not of small order; the key canonical and on the curve; and the encoding of S·B − h·A
 * equal to R byte for byte, without a cofactor. Never throws: bad bytes are a `false`. Not constant time: all input is public.
 */
export function verify(signature: Signature, message: Uint8Array, publicKey: PublicSigningKey): boolean {
  if (signature.length !== Signature.LENGTH || publicKey.length !== PublicSigningKey.LENGTH) return false;
  const r = signature.subarray(0, 32);
  const s = bytesToNumberLE(signature.subarray(32));
  if (!Point.Fn.isValid(s)) return false;
  if (isSmallOrderEdwards(r) || isSmallOrderEdwards(publicKey)) return false;
  const a = decodePoint(publicKey);
  if (a === undefined) return false;
  const h = Point.Fn.create(bytesToNumberLE(sha512.create().update(r).update(publicKey).update(message).digest()));
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
