// Key files of `xaynet keygen`, which are JSON, and bare secret signing keys (wire 1.1).

import { equalBytes, fromBase64, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import type { Cursor } from '../cursor.ts';
import { hexOf } from '../show.ts';

/** A key file. Its fields are marked where their values stand in the text. */
export function layKeyFile(cursor: Cursor): void {
  const text = new TextDecoder('latin1').decode(cursor.bytes); // one character a byte
  let content: Record<string, unknown>;
  try {
    content = Object(JSON.parse(text));
  } catch {
    cursor.secret('text', cursor.remaining);
    cursor.wrong('not JSON');
    return;
  }
  if (content.kind !== 'xaynet-keys') {
    cursor.secret('text', cursor.remaining);
    cursor.wrong('"kind" is not "xaynet-keys"');
    return;
  }
  cursor.take('text', cursor.remaining, () => ({ value: 'JSON' }), true);
  const field = cursor.last!;
  field.isSecret = true;
  field.value = 'JSON, with a secret key in it';
  field.data = undefined;
  if (content.version !== 1) cursor.wrong('"version" is not 1');
  const publicKey = bytesOf(content.publicKey);
  const secretKey = bytesOf(content.secretKey);
  if (publicKey === undefined) cursor.wrong('"publicKey" is no base64');
  else if (publicKey.length !== 32) cursor.wrong(`"publicKey" holds ${publicKey.length} bytes, 32 expected`);
  else cursor.note(`public key ${toHex(publicKey)}`);
  if (secretKey === undefined) cursor.wrong('"secretKey" is no base64');
  else if (secretKey.length !== 64) cursor.wrong(`"secretKey" holds ${secretKey.length} bytes, 64 expected`);
  else {
    cursor.note(`secret key ${cursor.look.secrets ? toHex(secretKey) : 'not shown (show with --secrets)'}`);
    const pair = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(secretKey.subarray(0, 32))));
    if (!equalBytes(pair.secretKey, secretKey)) cursor.wrong('the second half of "secretKey" is not the public key of its first');
    else if (publicKey !== undefined && !equalBytes(pair.publicKey, publicKey)) cursor.wrong('"publicKey" does not belong to "secretKey"');
  }
}

function bytesOf(text: unknown): Uint8Array | undefined {
  try {
    return typeof text === 'string' ? fromBase64(text) : undefined;
  } catch {
    return undefined;
  }
}

/** 64 bytes: seed, public key. */
export function laySigningKey(cursor: Cursor): void {
  const seed = cursor.section('wire 1.1').secret('seed', 32);
  if (seed === undefined) return;
  const expected = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(seed))).publicKey;
  const publicKey = cursor.take('publicKey', 32, (bytes) => ({
    value: equalBytes(bytes, expected) ? hexOf(bytes) : 'secret',
    data: equalBytes(bytes, expected) ? toHex(bytes) : 'secret',
  }));
  if (publicKey !== undefined && !equalBytes(publicKey, expected)) cursor.wrong('not the public key of the seed');
}
