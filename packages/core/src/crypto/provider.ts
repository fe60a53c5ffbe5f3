// What the crypto of the protocol needs from a library, in four small parts. A provider implements the parts that it is best at
// and knows no rule of the protocol: which keys, R and S are refused is stated once, above all providers, in `signing.ts` and
// `sealed-box.ts`. All providers give the same bytes; they differ in speed alone, and `providers.test.ts` holds them to it.

/** A library that can do some or all of the crypto: see {@link CryptoProviders}. */
export type CryptoProviderName = 'noble' | 'node:crypto' | 'sodium-native' | 'webcrypto';

/** Pure Ed25519 (RFC 8032). */
export interface Signing {
  /** The 32-byte public key of a 32-byte seed. */
  publicKey(seed: Uint8Array): Uint8Array;
  /** The deterministic 64-byte signature; the public key is always computed from the seed. */
  sign(message: Uint8Array, seed: Uint8Array): Uint8Array;
  /**
   * Whether S·B − h·A encodes to R, byte for byte and without a cofactor. Called with 64 and 32 bytes, S below the group order,
   * R and A not of small order, and y of A below p; whether a point has this y is asked here. Never throws. Absent: noble's (noble-verify.ts),
   * which is none of its provider, so that who only signs does not load it.
   */
  verify?(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** SHA-256. */
export interface Hashing {
  /** The 32-byte digest. */
  sha256(bytes: Uint8Array): Uint8Array;
}

/** X25519 (RFC 7748). Secret keys are clamped here. */
export interface Agreement {
  /** The 32-byte public key of a 32-byte secret key. */
  publicKey(secretKey: Uint8Array): Uint8Array;
  /** 32 bytes; `theirs` is never of small order, but may be p or more or have its top bit set. */
  sharedSecret(secretKey: Uint8Array, theirs: Uint8Array): Uint8Array;
}

/** XSalsa20-Poly1305: libsodium's secretbox. */
export interface Cipher {
  /**
   * Writes tag (16 bytes) and ciphertext into `sealed` from byte 32 on; `sealed` is 48 bytes longer than `plaintext`, and its
   * first 32 bytes may be used as scratch. Key of 32 bytes, nonce of 24.
   */
  encrypt(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, sealed: Uint8Array): void;
  /** The plaintext of tag and ciphertext (16 bytes or more), or undefined when the tag does not fit. */
  decrypt(key: Uint8Array, nonce: Uint8Array, boxed: Uint8Array): Uint8Array | undefined;
  /**
   * The same without other memory: `sealed` is 32 bytes of scratch, then tag and ciphertext, and the plaintext is a view of it, from byte
   * 48 on. When the tag does not fit, what `sealed` holds afterwards is not defined.
   */
  decryptInPlace(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /** Sealed boxes in one go, agreement and nonce included. Absent: they are put together from parts. */
  readonly boxes?: Boxes;
}

/** libsodium's sealed boxes (wire 1.2), from a given ephemeral pair. */
export interface Boxes {
  /** Writes tag (16 bytes) and ciphertext into `sealed` from byte 32 on; false when the recipient is a point of small order. */
  seal(plaintext: Uint8Array, ephemeral: BoxKeys, recipient: Uint8Array, sealed: Uint8Array): boolean;
  /** Writes the plaintext, `sealed.length - 48` bytes, where it may lie over its ciphertext; false when the box does not open, or is of a point of small order. */
  open(sealed: Uint8Array, keys: BoxKeys, plaintext: Uint8Array): boolean;
}

/** A pair of X25519, 32 bytes each. */
export interface BoxKeys {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** A synchronous provider; a part that it lacks is taken from another. */
export interface CryptoProvider {
  readonly name: CryptoProviderName;
  readonly signing?: Signing;
  readonly hashing?: Hashing;
  readonly agreement?: Agreement;
  readonly cipher?: Cipher;
}

/** Signing and hashing that leave the calling thread free: the same rules, the same bytes, later. */
export interface AsyncCryptoProvider {
  readonly name: CryptoProviderName;
  readonly signing?: {
    sign(message: Uint8Array, seed: Uint8Array): Promise<Uint8Array>;
    /** As {@link Signing.verify}, but may reject, for example for a key that is no point; then a synchronous provider decides. */
    verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Promise<boolean>;
  };
  readonly hashing?: { sha256(bytes: Uint8Array): Promise<Uint8Array> };
}
