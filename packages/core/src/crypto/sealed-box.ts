// Sealed boxes: libsodium's `crypto_box_seal` from its parts (wire 1.2). X25519 and HSalsa20 agree on a key, BLAKE2b of both
// public keys is the nonce, XSalsa20-Poly1305 encrypts. Output: ephemeral key (32), tag (16), ciphertext. Every box is determined
// by its content, recipient and the bytes of `random`, whichever provider multiplies and encrypts.

import { concatBytes } from '../bytes/compare.ts';
import { EncryptedMaskSeed, MaskSeed, type PublicEncryptKey, type SecretEncryptKey } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';
import { boxNonce } from './box-nonce.ts';
import { agreement, cipher } from './chosen.ts';
import { type EncryptKeyPair, generateEncryptKeyPair, isUsableEncryptKey } from './encrypt-keys.ts';
import { hsalsa, wordsOf } from './noble-cut/secretbox.ts';
import type { RandomBytes } from './random.ts';

const KEY_BYTES = 32;

/** Number of bytes by which a sealed box is longer than its content: ephemeral key and tag. */
export const SEAL_BYTES = 48;

/** HSalsa20(X25519(secret, theirs), 16 zero bytes), or undefined when theirs is of small order. */
function agree(secretKey: SecretEncryptKey, theirs: Uint8Array): Uint8Array | undefined {
  if (!isUsableEncryptKey(theirs as PublicEncryptKey)) return undefined;
  const key = new Uint8Array(KEY_BYTES);
  const view = new DataView(key.buffer);
  hsalsa(wordsOf(agreement().sharedSecret(secretKey, theirs)), new Uint32Array(4)).forEach((word, i) => void view.setUint32(4 * i, word, true));
  return key;
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
 * openSealed(sealed, keys); // Uint8Array [1, 2, 3]
 * ```
 */
export function seal(plaintext: Uint8Array, recipient: PublicEncryptKey, random: RandomBytes): Uint8Array {
  const sealed = sealedFrom(generateEncryptKeyPair(random), plaintext, recipient);
  if (sealed === undefined) throw new XaynetError('key-unusable', 'recipient of a sealed box');
  return sealed;
}

/** The box of an ephemeral pair; undefined when the recipient is a point of small order. */
function sealedFrom(ephemeral: EncryptKeyPair, plaintext: Uint8Array, recipient: PublicEncryptKey): Uint8Array | undefined {
  const sealed = new Uint8Array(plaintext.length + SEAL_BYTES);
  const { boxes, encrypt } = cipher();
  if (boxes === undefined) {
    const key = agree(ephemeral.secretKey, recipient);
    if (key === undefined) return undefined;
    encrypt(key, boxNonce(ephemeral.publicKey, recipient), plaintext, sealed);
  } else if (!boxes.seal(plaintext, ephemeral, recipient, sealed)) return undefined;
  sealed.set(ephemeral.publicKey);
  return sealed;
}

/**
 * Opens what was sealed to `keys`: `sealed.length - SEAL_BYTES` bytes (wire 1.2). Throws `sealed-box-open-failed` for
 * anything else: too short, sealed to another key, or a single bit changed.
 */
export function openSealed(sealed: Uint8Array, keys: EncryptKeyPair): Uint8Array {
  return opened(sealed, keys, false);
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
  return opened(sealed, keys, true);
}

function opened(sealed: Uint8Array, keys: EncryptKeyPair, isInPlace: boolean): Uint8Array {
  const { length } = sealed;
  if (length < SEAL_BYTES) throw new XaynetError('sealed-box-open-failed', `${length} bytes, ${SEAL_BYTES} are the least`);
  const { boxes, decrypt, decryptInPlace } = cipher();
  let plaintext: Uint8Array | undefined;
  if (boxes === undefined) {
    const ephemeralKey = sealed.subarray(0, KEY_BYTES);
    const key = agree(keys.secretKey, ephemeralKey);
    if (key === undefined) throw new XaynetError('sealed-box-open-failed', 'its ephemeral key is a low-order point');
    const nonce = boxNonce(ephemeralKey, keys.publicKey);
    plaintext = isInPlace ? decryptInPlace(key, nonce, sealed) : decrypt(key, nonce, sealed.subarray(KEY_BYTES));
  } else {
    const room = isInPlace ? sealed.subarray(SEAL_BYTES) : new Uint8Array(length - SEAL_BYTES);
    if (boxes.open(sealed, keys, room)) plaintext = room;
  }
  if (plaintext === undefined) throw new XaynetError('sealed-box-open-failed', `${length} bytes`);
  return plaintext;
}

/**
 * Seals a mask seed to the ephemeral key of a sum participant: 80 bytes (wire 1.2). Never fails on a key: a low-order one gets
 * an ephemeral key and 48 random bytes that nobody can open, because the dictionary needs an entry for every sum participant
 * and one bad key must not stop the update participants.
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { generateEncryptKeyPair, openMaskSeed, sealMaskSeed } from '@xaynet/core/crypto';
 * const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
 * const keys = generateEncryptKeyPair(random); // of a sum participant, for this round only
 * const sealed = sealMaskSeed(MaskSeed(new Uint8Array(32).fill(7)), keys.publicKey, random); // 80 bytes
 * openMaskSeed(sealed, keys)[0]; // 7
 * ```
 */
export function sealMaskSeed(seed: MaskSeed, recipient: PublicEncryptKey, random: RandomBytes): EncryptedMaskSeed {
  const ephemeral = generateEncryptKeyPair(random);
  const sealed = sealedFrom(ephemeral, seed, recipient);
  return EncryptedMaskSeed(sealed ?? concatBytes(ephemeral.publicKey, random(EncryptedMaskSeed.LENGTH - KEY_BYTES)));
}

/** Opens a sealed mask seed with the ephemeral pair it was sealed to (wire 1.2). Throws `sealed-box-open-failed`. */
export function openMaskSeed(sealed: EncryptedMaskSeed, keys: EncryptKeyPair): MaskSeed {
  return MaskSeed(openSealed(sealed, keys));
}
