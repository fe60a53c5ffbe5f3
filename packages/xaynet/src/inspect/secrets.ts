// Finds secrets of this project in bytes that are damaged, or of another kind than somebody says: a document that has one is shown without
// values, as nobody can tell where the secret begins. What is looked for is what can be proved: key pairs, and the names of formats.

import { SecretEncryptKey, SigningKeySeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSecret, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { SNAPSHOT_LAYOUT } from '@xaynet/participant/saved';

/** Pairs that are tried, at most: each costs a tenth of a millisecond. */
const MOST_TRIED = 2000;
/** How far is looked. */
const FAR = 4 * 1024 * 1024;

/** Whether a saved participant, a key file or a pair of keys with lengths before them is anywhere in the bytes. */
export function holdsSecret(given: Uint8Array): boolean {
  const bytes = Buffer.from(given.buffer, given.byteOffset, Math.min(given.length, FAR));
  if (bytes.includes(Buffer.from(SNAPSHOT_LAYOUT.magic)) || bytes.includes('"xaynet-keys"')) return true;
  let tried = 0;
  for (const length of [32, 64]) {
    const prefix = Buffer.from([length, 0, 0, 0, 0, 0, 0, 0]);
    for (let at = bytes.indexOf(prefix); at >= 0 && tried < MOST_TRIED; at = bytes.indexOf(prefix, at + 1), tried++) {
      const field = at + 8;
      if (length === 64 && isSigningKey(bytes, field)) return true;
      // Of a pair either length may be damaged: the secret half has one before it, or stands behind the public half, which has.
      if (length === 32 && (isSecretOf(bytes, field) || isSecretOf(bytes, field + 40) || isSigningKey(bytes, field + 40))) return true;
    }
  }
  return false;
}

/** Whether a secret key of encryption is at `at`: its public half is somewhere in the bytes. */
function isSecretOf(bytes: Buffer, at: number): boolean {
  return at + 32 <= bytes.length && bytes.includes(publicOf(bytes.subarray(at, at + 32)));
}

/** Whether a secret signing key is at `at`: its second half is its public key, or is before it as such. */
function isSigningKey(bytes: Buffer, at: number): boolean {
  if (at + 64 > bytes.length) return false;
  const publicKey = bytes.subarray(at + 32, at + 64);
  const before = bytes.indexOf(publicKey);
  return (before >= 0 && before < at) || bytes.includes(signingPublicOf(bytes.subarray(at, at + 32)));
}

function publicOf(secret: Uint8Array): Buffer {
  return Buffer.from(encryptKeyPairFromSecret(SecretEncryptKey(new Uint8Array(secret))).publicKey);
}

function signingPublicOf(secret: Uint8Array): Buffer {
  return Buffer.from(signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(secret.subarray(0, 32)))).publicKey);
}
