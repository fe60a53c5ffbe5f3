// X25519 pairs: the coordinator's of a round and the ephemeral one of a sum participant are the same kind of key (wire 1.1).

import { type EncryptKeySeed, PublicEncryptKey, SecretEncryptKey } from '../bytes/fixed.ts';
import { agreement } from './chosen.ts';
import { isSmallOrderMontgomery } from './low-order.ts';
import { sha512 } from './noble-cut/sha2.ts';
import type { RandomBytes } from './random.ts';

/** An X25519 pair: opens what was sealed to its public half (wire 1.1). */
export interface EncryptKeyPair {
  /** 32 bytes. */
  readonly publicKey: PublicEncryptKey;
  /** 32 bytes, not clamped: clamping happens whenever the key is used. */
  readonly secretKey: SecretEncryptKey;
}

/** The pair of a 32-byte seed: libsodium's `crypto_box_seed_keypair`, secret key = first half of SHA-512(seed) (wire 1.1). */
export function encryptKeyPairFromSeed(seed: EncryptKeySeed): EncryptKeyPair {
  return encryptKeyPairFromSecret(SecretEncryptKey(sha512(seed).slice(0, SecretEncryptKey.LENGTH)));
}

/**
 * The pair of a 32-byte secret key: the public key is its multiple of the base point (wire 1.1).
 * @example
 * ```ts
 * import { SecretEncryptKey } from '@xaynet/core/bytes';
 * import { encryptKeyPairFromSecret } from '@xaynet/core/crypto';
 * encryptKeyPairFromSecret(SecretEncryptKey(new Uint8Array(32).fill(7))).publicKey.length; // 32
 * ```
 */
export function encryptKeyPairFromSecret(secretKey: SecretEncryptKey): EncryptKeyPair {
  return { publicKey: PublicEncryptKey(agreement().publicKey(secretKey)), secretKey };
}

/**
 * A fresh pair from 32 random bytes; throws `length-mismatch` when `random` returns another number.
 * @example
 * ```ts
 * import { generateEncryptKeyPair } from '@xaynet/core/crypto';
 * const keys = generateEncryptKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
 * keys.publicKey.length; // 32
 * ```
 */
export function generateEncryptKeyPair(random: RandomBytes): EncryptKeyPair {
  return encryptKeyPairFromSecret(SecretEncryptKey(random(SecretEncryptKey.LENGTH)));
}

/**
 * Whether something can be sealed to `key`: false for points of small order in any encoding, also with the top bit set or a
 * coordinate of p or more, since with those the shared secret would be known to everybody (wire 1.2).
 * @example
 * ```ts
 * import { PublicEncryptKey } from '@xaynet/core/bytes';
 * import { isUsableEncryptKey } from '@xaynet/core/crypto';
 * isUsableEncryptKey(PublicEncryptKey(new Uint8Array(32).fill(9))); // true
 * isUsableEncryptKey(PublicEncryptKey(new Uint8Array(32))); // false: whatever is sealed to it, everybody can open
 * ```
 */
export function isUsableEncryptKey(key: PublicEncryptKey): boolean {
  return !isSmallOrderMontgomery(key);
}
