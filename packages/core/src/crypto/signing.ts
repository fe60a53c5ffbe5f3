// Ed25519 as libsodium 1.0.18 does it (wire 1.2). Verifiers of different libraries disagree on crafted input: some accept keys and
// R of small order (OpenSSL 3.0; 3.5 does not) or keys above p, some multiply by the cofactor (noble's own). Hence the rule is
// stated here, once for every provider; all that is left to them is the equation. `providers.test.ts` has bytes for every clause
// and runs them over all.

import { copyBytes } from '../bytes/compare.ts';
import { PublicSigningKey, SecretSigningKey, Signature, SigningKeySeed } from '../bytes/fixed.ts';
import { asyncSigningFor, asyncVerifyingFor, signingFor } from './chosen.ts';
import { coordinate, isSmallOrderEdwards } from './low-order.ts';
import { ORDER } from './noble-cut/ed25519.ts';
import { fromLittleEndian, P } from './noble-cut/x25519.ts';
import { nobleVerify } from './noble-verify.ts';
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
  const publicKey = PublicSigningKey(signingFor(0).publicKey(seed));
  const secretKey = SecretSigningKey(new Uint8Array(SecretSigningKey.LENGTH));
  secretKey.set(seed);
  secretKey.set(publicKey, SigningKeySeed.LENGTH);
  return { publicKey, secretKey };
}

/**
 * A fresh pair from 32 random bytes; throws `length-mismatch` when `random` returns another number.
 * @example
 * ```ts
 * import { generateSigningKeyPair } from '@xaynet/core/crypto';
 * const keys = generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
 * keys.publicKey.length; // 32: the identity of a participant
 * ```
 */
export function generateSigningKeyPair(random: RandomBytes): SigningKeyPair {
  return signingKeyPairFromSeed(SigningKeySeed(random(SigningKeySeed.LENGTH)));
}

/**
 * The deterministic signature of `message`: pure Ed25519, no prehash, no context (wire 1.2). The public key is computed from
 * the seed, never taken from the second half of `secretKey`: signing with a foreign half would give the seed away.
 * @example
 * ```ts
 * import { ascii, SigningKeySeed } from '@xaynet/core/bytes';
 * import { sign, signingKeyPairFromSeed, verify } from '@xaynet/core/crypto';
 * const { publicKey, secretKey } = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
 * const signature = sign(ascii('sum'), secretKey); // 64 bytes
 * verify(signature, ascii('sum'), publicKey); // true
 * verify(signature, ascii('sun'), publicKey); // false
 * ```
 */
export function sign(message: Uint8Array, secretKey: SecretSigningKey): Signature {
  return Signature(signingFor(message.length).sign(message, secretKey.subarray(0, SigningKeySeed.LENGTH)));
}

/**
 * The signature that {@link sign} makes, by WebCrypto beside the calling thread where that pays: for every message where `sign` has
 * only noble, otherwise from 32 KiB on; where WebCrypto is missing or signs other bytes, by `sign`. `message` must not change
 * until the promise settles.
 * @example
 * ```ts
 * import { SigningKeySeed } from '@xaynet/core/bytes';
 * import { signAsync, signingKeyPairFromSeed, verifyAsync } from '@xaynet/core/crypto';
 * const { publicKey, secretKey } = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
 * const message = new Uint8Array(1_000_000);
 * await verifyAsync(await signAsync(message, secretKey), message, publicKey); // true
 * ```
 */
export async function signAsync(message: Uint8Array, secretKey: SecretSigningKey): Promise<Signature> {
  const key = copyBytes(secretKey); // the caller may wipe its own at once
  try {
    const beside = await asyncSigningFor(message.length);
    if (beside !== undefined) {
      try {
        return Signature(await beside.sign(message, key.subarray(0, SigningKeySeed.LENGTH)));
      } catch {
        // for example a message in shared memory, which WebCrypto does not take
      }
    }
    return sign(message, key);
  } finally {
    key.fill(0);
  }
}

/**
 * Whether `signature` (R, then S) is one of `message` by `publicKey`, exactly as libsodium 1.0.18 decides it (wire 1.2): S
 * below the group order; R and the key not of small order; the key canonical and on the curve; and the encoding of S·B − h·A
 * equal to R byte for byte, without a cofactor. Never throws: bad bytes are a `false`. Not constant time: all input is public.
 */
export function verify(signature: Signature, message: Uint8Array, publicKey: PublicSigningKey): boolean {
  const { verify: isRight = nobleVerify } = signingFor(message.length);
  return isStrict(signature, publicKey) && isRight(signature, message, publicKey);
}

/**
 * The verdict of {@link verify}, by WebCrypto beside the calling thread where that pays, as in {@link signAsync}; where WebCrypto is
 * missing or judges otherwise, by `verify`. `message` must not change until the promise settles. Never rejects.
 */
export async function verifyAsync(signature: Signature, message: Uint8Array, publicKey: PublicSigningKey): Promise<boolean> {
  if (!isStrict(signature, publicKey)) return false;
  // What was looked at is what is verified, also when the caller reuses its buffer meanwhile.
  const [s, key] = [copyBytes(signature), copyBytes(publicKey)];
  const beside = await asyncVerifyingFor(message.length);
  if (beside !== undefined) {
    try {
      return await beside.verify(s, message, key);
    } catch {
      // for example a key that is no point, or a message in shared memory
    }
  }
  return verify(s, message, key);
}

/** All clauses of libsodium's rule that need no arithmetic on points. */
function isStrict(signature: Uint8Array, publicKey: Uint8Array): boolean {
  return (
    signature.length === Signature.LENGTH &&
    publicKey.length === PublicSigningKey.LENGTH &&
    fromLittleEndian(signature.subarray(32)) < ORDER &&
    coordinate(publicKey) < P &&
    !isSmallOrderEdwards(signature.subarray(0, 32)) &&
    !isSmallOrderEdwards(publicKey)
  );
}
