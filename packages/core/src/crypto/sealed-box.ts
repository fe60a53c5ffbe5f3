// Sealed boxes: libsodium's `crypto_box_seal` from its parts (wire 1.2). X25519 and HSalsa20 agree on a key, BLAKE2b of both
// public keys is the nonce, XSalsa20-Poly1305 encrypts. Output: ephemeral key (32), tag (16), ciphertext. Every box is determined
// by its content, recipient and the bytes of `random`, whichever provider multiplies and encrypts.

import { hsalsa } from '@noble/ciphers/salsa.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { ascii, concatBytes } from '../bytes/compare.ts';
import { EncryptedMaskSeed, MaskSeed, type PublicEncryptKey, type SecretEncryptKey } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';
import { agreement, cipher } from './chosen.ts';
import { type EncryptKeyPair, generateEncryptKeyPair, isUsableEncryptKey } from './encrypt-keys.ts';
import type { RandomBytes } from './random.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 24;

/** Number of bytes by which a sealed box is longer than its content: ephemeral key and tag. */
export const SEAL_BYTES = 48;

/** The words whose bytes in memory are `bytes`, at any alignment: what noble's `hsalsa` reads and writes. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.length / 4);
  new Uint8Array(words.buffer).set(bytes);
  return words;
}

// The constant of Salsa20 with 32-byte keys.
const SIGMA: Uint32Array = wordsOf(ascii('expand 32-byte k'));

/** HSalsa20(X25519(secret, theirs), 16 zero bytes), or undefined when theirs is of small order. */
function agree(secretKey: SecretEncryptKey, theirs: Uint8Array): Uint8Array | undefined {
  if (!isUsableEncryptKey(theirs as PublicEncryptKey)) return undefined;
  const key = new Uint32Array(KEY_BYTES / 4);
  hsalsa(SIGMA, wordsOf(agreement().sharedSecret(secretKey, theirs)), new Uint32Array(4), key);
  return new Uint8Array(key.buffer);
}

function nonceOf(ephemeralKey: Uint8Array, recipient: PublicEncryptKey): Uint8Array {
  return blake2b(concatBytes(ephemeralKey, recipient), { dkLen: NONCE_BYTES });
}

/**
 * Seals `plaintext` to `recipient`: `plaintext.length + SEAL_BYTES` bytes that only its secret key opens; the sender stays
 * anonymous (wire 1.2). Takes 32 bytes from `random`. Throws `key-unusable` when the recipient is a point of small order.
 * @example
 * ```ts
 * import { EncryptKeySeed } from '@xaynet/core/bytes';
 * import { encryptKeyPairFromSeed, openSealed, seal } from '@xaynet/core/crypto';
 * const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
 * const keys = encryptKeyPairFromSeed(EncryptKeySeed(random(32)));
 * const sealed = seal(Uint8Array.of(1, 2, 3), keys.publicKey, random); // 51 bytes
 * openSealed(sealed, keys); // 1, 2, 3
 * ```
 */
export function seal(plaintext: Uint8Array, recipient: PublicEncryptKey, random: RandomBytes): Uint8Array {
  const ephemeral = generateEncryptKeyPair(random);
  const key = agree(ephemeral.secretKey, recipient);
  if (key === undefined) throw new XaynetError('key-unusable', 'recipient of a sealed box');
  const sealed = new Uint8Array(plaintext.length + SEAL_BYTES);
  cipher().encrypt(key, nonceOf(ephemeral.publicKey, recipient), plaintext, sealed);
  sealed.set(ephemeral.publicKey);
  return sealed;
}

/**
 * Opens what was sealed to `keys`: `sealed.length - SEAL_BYTES` bytes (wire 1.2). Throws `sealed-box-open-failed` for
 * anything else: too short, sealed to another key, or a single bit changed.
 */
export function openSealed(sealed: Uint8Array, keys: EncryptKeyPair): Uint8Array {
  const { key, nonce } = keyOf(sealed, keys);
  return opened(cipher().decrypt(key, nonce, sealed.subarray(KEY_BYTES)), sealed);
}

/**
 * As {@link openSealed}, but without other memory, for messages of megabytes: the content is a view of `sealed`, from byte 48 on. What
 * `sealed` holds besides is not defined afterwards, and nothing of it is after a failure.
 * @example
 * ```ts
 * import { EncryptKeySeed } from '@xaynet/core/bytes';
 * import { encryptKeyPairFromSeed, openSealedInPlace, seal } from '@xaynet/core/crypto';
 * const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
 * const keys = encryptKeyPairFromSeed(EncryptKeySeed(random(32)));
 * const sealed = seal(Uint8Array.of(1, 2, 3), keys.publicKey, random);
 * openSealedInPlace(sealed, keys).buffer === sealed.buffer; // true
 * ```
 */
export function openSealedInPlace(sealed: Uint8Array, keys: EncryptKeyPair): Uint8Array {
  const { key, nonce } = keyOf(sealed, keys);
  return opened(cipher().decryptInPlace(key, nonce, sealed), sealed);
}

/** What a box would be opened with; throws for what cannot be one. */
function keyOf(sealed: Uint8Array, keys: EncryptKeyPair): { readonly key: Uint8Array; readonly nonce: Uint8Array } {
  if (sealed.length < SEAL_BYTES) {
    throw new XaynetError('sealed-box-open-failed', `${sealed.length} bytes, ${SEAL_BYTES} are the least`);
  }
  const ephemeralKey = sealed.subarray(0, KEY_BYTES);
  const key = agree(keys.secretKey, ephemeralKey);
  if (key === undefined) throw new XaynetError('sealed-box-open-failed', 'its ephemeral key is a low-order point');
  return { key, nonce: nonceOf(ephemeralKey, keys.publicKey) };
}

function opened(plaintext: Uint8Array | undefined, sealed: Uint8Array): Uint8Array {
  if (plaintext === undefined) throw new XaynetError('sealed-box-open-failed', `${sealed.length} bytes`);
  return plaintext;
}

/**
 * Seals a mask seed to the ephemeral key of a sum participant: 80 bytes (wire 1.2). Never fails on a key: a low-order one gets
 * an ephemeral key and 48 random bytes that nobody can open, because the dictionary needs an entry for every sum participant
 * and one bad key must not stop the update participants.
 */
export function sealMaskSeed(seed: MaskSeed, recipient: PublicEncryptKey, random: RandomBytes): EncryptedMaskSeed {
  if (isUsableEncryptKey(recipient)) return EncryptedMaskSeed(seal(seed, recipient, random));
  return EncryptedMaskSeed(concatBytes(generateEncryptKeyPair(random).publicKey, random(EncryptedMaskSeed.LENGTH - KEY_BYTES)));
}

/** Opens a sealed mask seed with the ephemeral pair it was sealed to (wire 1.2). Throws `sealed-box-open-failed`. */
export function openMaskSeed(sealed: EncryptedMaskSeed, keys: EncryptKeyPair): MaskSeed {
  return MaskSeed(openSealed(sealed, keys));
}
