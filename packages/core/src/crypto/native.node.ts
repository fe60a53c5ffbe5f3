// What `#native` means in Node: OpenSSL through node:crypto, and libsodium when the optional package sodium-native is installed.
// Modules are asked for at first use and typed by the few lines below, so that this package compiles without Node's types and
// that a missing or broken one is an absent provider, never an exception. No secret key is kept between calls: importing one costs
// OpenSSL 0.02 to 0.05 ms, and a cache would hold it for longer than its owner does. The last few public keys are: chunks come in rows.

import { concatBytes } from '../bytes/compare.ts';
import { fromHex } from '../bytes/text.ts';
import { type Choice, choiceOf, type ProviderPart, type Purpose } from './native-choice.ts';
import type { Agreement, Boxes, Cipher, CryptoProvider, CryptoProviderName, Hashing, Signing } from './provider.ts';

interface KeyObject {
  export(options: { readonly format: 'der'; readonly type: 'spki' }): Uint8Array;
}
interface NodeCrypto {
  createPrivateKey(key: { readonly key: Uint8Array; readonly format: 'der'; readonly type: 'pkcs8' }): KeyObject;
  createPublicKey(key: KeyObject | { readonly key: Uint8Array; readonly format: 'der'; readonly type: 'spki' }): KeyObject;
  sign(algorithm: null, message: Uint8Array, key: KeyObject): Uint8Array;
  verify(algorithm: null, message: Uint8Array, key: KeyObject, signature: Uint8Array): boolean;
  diffieHellman(keys: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }): Uint8Array;
  createHash(algorithm: 'sha256'): { update(bytes: Uint8Array): { digest(): Uint8Array } };
}
interface Sodium {
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  crypto_scalarmult_base(publicKey: Uint8Array, secretKey: Uint8Array): void;
  crypto_scalarmult(shared: Uint8Array, secretKey: Uint8Array, publicKey: Uint8Array): void;
  crypto_generichash(digest: Uint8Array, bytes: Uint8Array): void;
  crypto_box_easy(boxed: Uint8Array, plaintext: Uint8Array, nonce: Uint8Array, publicKey: Uint8Array, secretKey: Uint8Array): void;
  crypto_box_seal_open(plaintext: Uint8Array, sealed: Uint8Array, publicKey: Uint8Array, secretKey: Uint8Array): boolean;
  crypto_secretbox_easy(boxed: Uint8Array, plaintext: Uint8Array, nonce: Uint8Array, key: Uint8Array): void;
  crypto_secretbox_open_easy(plaintext: Uint8Array, boxed: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean;
}
interface Process {
  getBuiltinModule(name: 'node:crypto'): NodeCrypto;
  getBuiltinModule(name: 'node:module'): { createRequire(from: string): (name: 'sodium-native') => Sodium };
}

// DER of keys up to their 32 bytes (RFC 8410): PKCS #8 of a secret, SubjectPublicKeyInfo of a public key.
const ED25519_SECRET = fromHex('302e020100300506032b657004220420');
const ED25519_PUBLIC = fromHex('302a300506032b6570032100');
const X25519_SECRET = fromHex('302e020100300506032b656e04220420');
const X25519_PUBLIC = fromHex('302a300506032b656e032100');

/** Public keys that are kept for the next signature of the same signer: as many as may well send at a time. */
const KEPT_VERIFIERS = 64;

function opensslProvider(openssl: NodeCrypto): CryptoProvider {
  const secretKey = (prefix: Uint8Array, secret: Uint8Array): KeyObject => {
    const key = concatBytes(prefix, secret);
    const imported = openssl.createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    key.fill(0);
    return imported;
  };
  const publicKey = (prefix: Uint8Array, bytes: Uint8Array): KeyObject =>
    openssl.createPublicKey({ key: concatBytes(prefix, bytes), format: 'der', type: 'spki' });
  const verifiers = new Map<string, KeyObject>();
  const verifier = (bytes: Uint8Array): KeyObject => {
    const name = String.fromCharCode(...bytes);
    const key = verifiers.get(name) ?? publicKey(ED25519_PUBLIC, bytes);
    const [oldest] = verifiers.keys();
    if (!verifiers.delete(name) && verifiers.size >= KEPT_VERIFIERS) verifiers.delete(oldest!);
    verifiers.set(name, key);
    return key;
  };
  // Copies, because Node hands out Buffers.
  const publicHalf = (key: KeyObject): Uint8Array =>
    Uint8Array.from(openssl.createPublicKey(key).export({ format: 'der', type: 'spki' })).slice(ED25519_PUBLIC.length);

  const signing: Signing = {
    publicKey: (seed) => publicHalf(secretKey(ED25519_SECRET, seed)),
    sign: (message, seed) => Uint8Array.from(openssl.sign(null, message, secretKey(ED25519_SECRET, seed))),
    verify(signature, message, key) {
      try {
        return openssl.verify(null, message, verifier(key), signature);
      } catch {
        return false;
      }
    },
  };
  const hashing: Hashing = { sha256: (bytes) => Uint8Array.from(openssl.createHash('sha256').update(bytes).digest()) };
  const agreement: Agreement = {
    publicKey: (secret) => publicHalf(secretKey(X25519_SECRET, secret)),
    sharedSecret: (secret, theirs) =>
      Uint8Array.from(openssl.diffieHellman({ privateKey: secretKey(X25519_SECRET, secret), publicKey: publicKey(X25519_PUBLIC, theirs) })),
  };
  return { name: 'node:crypto', signing, hashing, agreement };
}

function sodiumProvider(sodium: Sodium): CryptoProvider {
  /** Calls `fill` on `length` fresh bytes and returns them. */
  const filled = (length: number, fill: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = new Uint8Array(length);
    fill(bytes);
    return bytes;
  };
  const signing: Signing = {
    publicKey: (seed) => filled(32, (key) => sodium.crypto_sign_seed_keypair(key, new Uint8Array(64), seed)),
    sign(message, seed) {
      const secretKey = new Uint8Array(64);
      sodium.crypto_sign_seed_keypair(new Uint8Array(32), secretKey, seed);
      const signature = filled(64, (bytes) => sodium.crypto_sign_detached(bytes, message, secretKey));
      secretKey.fill(0);
      return signature;
    },
    verify: (signature, message, publicKey) => sodium.crypto_sign_verify_detached(signature, message, publicKey),
  };
  const agreement: Agreement = {
    publicKey: (secretKey) => filled(32, (key) => sodium.crypto_scalarmult_base(key, secretKey)),
    sharedSecret: (secretKey, theirs) => filled(32, (shared) => sodium.crypto_scalarmult(shared, secretKey, theirs)),
  };
  const boxes: Boxes = {
    seal(plaintext, ephemeral, recipient, sealed) {
      const nonce = filled(24, (bytes) => sodium.crypto_generichash(bytes, concatBytes(ephemeral.publicKey, recipient)));
      try {
        sodium.crypto_box_easy(sealed.subarray(32), plaintext, nonce, recipient, ephemeral.secretKey);
        return true;
      } catch {
        return false; // all that libsodium fails on here is a product of zero
      }
    },
    open: (sealed, { publicKey, secretKey }, plaintext) => sodium.crypto_box_seal_open(plaintext, sealed, publicKey, secretKey),
  };
  const cipher: Cipher = {
    boxes,
    encrypt: (key, nonce, plaintext, sealed) => sodium.crypto_secretbox_easy(sealed.subarray(32), plaintext, nonce, key),
    decrypt(key, nonce, boxed) {
      const plaintext = new Uint8Array(boxed.length - 16);
      return sodium.crypto_secretbox_open_easy(plaintext, boxed, nonce, key) ? plaintext : undefined;
    },
    decryptInPlace(key, nonce, sealed) {
      const plaintext = sealed.subarray(48); // where the ciphertext lies: libsodium allows the two to overlap
      return sodium.crypto_secretbox_open_easy(plaintext, sealed.subarray(32), nonce, key) ? plaintext : undefined;
    },
  };
  return { name: 'sodium-native', signing, agreement, cipher };
}

/** The native providers of this machine: none, node:crypto, or both. Whether they are right is asked by whoever chooses. */
export function nativeProviders(): readonly CryptoProvider[] {
  const { process } = globalThis as { readonly process?: Process };
  const load = (make: (process: Process) => CryptoProvider): CryptoProvider[] => {
    try {
      return process === undefined ? [] : [make(process)];
    } catch {
      return [];
    }
  };
  return [
    ...load((node) =>
      sodiumProvider(node.getBuiltinModule('node:module').createRequire((import.meta as { readonly url?: string }).url ?? '')('sodium-native')),
    ),
    ...load((node) => opensslProvider(node.getBuiltinModule('node:crypto'))),
  ];
}

let present: readonly CryptoProvider[] | undefined;

/** Who of them is used for a purpose; undefined: none. */
export function nativeChoice<K extends ProviderPart>(
  purpose: Purpose,
  part: K,
  forced: CryptoProviderName | undefined,
): Choice<Required<CryptoProvider>[K]> | undefined {
  present ??= nativeProviders();
  return choiceOf(present, purpose, part, forced);
}
