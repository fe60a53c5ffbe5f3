// The portable base: everything, everywhere, in plain JavaScript. Every other provider is held to its bytes.

import { x25519 } from './curve25519.ts';
import { publicKeyOf, sign } from './noble-cut/ed25519.ts';
import { decrypt, encrypt } from './noble-cut/secretbox.ts';
import { sha256 } from './noble-cut/sha2.ts';
import type { Agreement, Cipher, CryptoProvider, Hashing, Signing } from './provider.ts';

const signing: Signing = { publicKey: publicKeyOf, sign };

const hashing: Hashing = { sha256 };

const agreement: Agreement = { publicKey: x25519.getPublicKey, sharedSecret: x25519.getSharedSecret };

const cipher: Cipher = {
  encrypt(key, nonce, plaintext, sealed) {
    sealed.set(plaintext, 48);
    encrypt(key, nonce, sealed);
  },
  decrypt(key, nonce, boxed) {
    const sealed = new Uint8Array(32 + boxed.length);
    sealed.set(boxed, 32);
    return decrypt(key, nonce, sealed);
  },
  decryptInPlace: decrypt,
};

/** All four parts on noble; the only provider that is always there. */
export const noble: Required<CryptoProvider> = { name: 'noble', signing, hashing, agreement, cipher };
