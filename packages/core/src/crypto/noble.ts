// The portable base: everything, everywhere, in plain JavaScript. Every other provider is held to its bytes.

import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../bytes/compare.ts';
import { ed25519, Point, x25519 } from './curve25519.ts';
import type { Agreement, Cipher, CryptoProvider, Hashing, Signing } from './provider.ts';

const signing: Signing = {
  publicKey: (seed) => ed25519.getPublicKey(seed),
  sign: (message, seed) => ed25519.sign(message, seed),
  // noble's own `verify` multiplies by the cofactor and so accepts signatures that libsodium 1.0.18 refuses.
  verify(signature, message, publicKey) {
    const a = decodePoint(publicKey);
    if (a === undefined) return false;
    const r = signature.subarray(0, 32);
    const s = bytesToNumberLE(signature.subarray(32));
    const h = Point.Fn.create(bytesToNumberLE(sha512.create().update(r).update(publicKey).update(message).digest()));
    return equalBytes(Point.BASE.multiplyUnsafe(s).add(a.negate().multiplyUnsafe(h)).toBytes(), r);
  },
};

/** The point of canonical bytes (y below p); undefined for others, and where no point has this y. */
function decodePoint(bytes: Uint8Array): InstanceType<typeof Point> | undefined {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}

const hashing: Hashing = { sha256 };

const agreement: Agreement = {
  publicKey: (secretKey) => x25519.getPublicKey(secretKey),
  sharedSecret: (secretKey, theirs) => x25519.getSharedSecret(secretKey, theirs),
};

const cipher: Cipher = {
  encrypt(key, nonce, plaintext, sealed) {
    // noble wants 16 bytes of scratch before the tag; here they lie where the ephemeral key goes afterwards, so that a message
    // of megabytes is written once.
    xsalsa20poly1305(key, nonce).encrypt(plaintext, sealed.subarray(16));
  },
  decrypt(key, nonce, boxed) {
    try {
      return xsalsa20poly1305(key, nonce).decrypt(boxed);
    } catch {
      return undefined;
    }
  },
  decryptInPlace(key, nonce, sealed) {
    try {
      return xsalsa20poly1305(key, nonce).decrypt(sealed.subarray(32), sealed); // its scratch is where the ephemeral key was
    } catch {
      return undefined;
    }
  },
};

/** All four parts on noble; the only provider that is always there. */
export const noble: Required<CryptoProvider> = { name: 'noble', signing, hashing, agreement, cipher };
