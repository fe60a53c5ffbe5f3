// The key file of a participant: JSON, so that it can be told from other files and read by other programs.
// {"kind":"xaynet-keys","version":1,"publicKey":<base64, 32 bytes>,"secretKey":<base64, 64 bytes: Ed25519 seed, public key>}

import { copyBytes, fromBase64, SigningKeySeed, toBase64 } from '@xaynet/core/bytes';
import { type SigningKeyPair, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';

/** The text of a key file; ends with a line break. */
export function keyFileText(keys: SigningKeyPair): string {
  return `${JSON.stringify({ kind: 'xaynet-keys', version: 1, publicKey: toBase64(keys.publicKey), secretKey: toBase64(keys.secretKey) }, undefined, 2)}\n`;
}

/** The keys in the text of a key file named `path`; throws `key-file-invalid` saying what is wrong, never what the secret is. */
export function parseKeyFile(text: string, path: string): SigningKeyPair {
  const wrong = (what: string): XaynetError => new XaynetError('key-file-invalid', `${path}: ${what}`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw wrong('not JSON');
  }
  const { kind, version, publicKey, secretKey } = (content ?? {}) as Record<string, unknown>;
  if (kind !== 'xaynet-keys' || version !== 1) throw wrong('"kind" must be "xaynet-keys" and "version" 1');
  if (typeof publicKey !== 'string' || typeof secretKey !== 'string') throw wrong('"publicKey" and "secretKey" must be base64 texts');
  let secret: Uint8Array;
  try {
    secret = fromBase64(secretKey);
  } catch {
    throw wrong('"secretKey" is not base64');
  }
  if (secret.length !== 64) throw wrong(`"secretKey" holds ${secret.length} bytes, 64 expected`);
  const keys = signingKeyPairFromSeed(SigningKeySeed(copyBytes(secret.subarray(0, 32))));
  if (toBase64(keys.secretKey) !== secretKey || toBase64(keys.publicKey) !== publicKey) throw wrong('"publicKey" does not belong to "secretKey"');
  return keys;
}
