// Keys, signatures and seeds as fields (wire 1.1): what can be seen of one without knowing the other half.

import { PublicEncryptKey, PublicSigningKey, Signature } from '@xaynet/core/bytes';
import { isUsableEncryptKey } from '@xaynet/core/crypto';
import type { Cursor } from '../cursor.ts';

/** A participant's key. */
export function layIdentity(cursor: Cursor, name: string): Uint8Array | undefined {
  return cursor.take(name, PublicSigningKey.LENGTH);
}

/** A key that something is sealed to. */
export function layEncryptKey(cursor: Cursor, name: string): Uint8Array | undefined {
  const bytes = cursor.take(name, PublicEncryptKey.LENGTH);
  remarkOn(cursor, bytes);
  return bytes;
}

/** Says so when nothing can be sealed to a key. */
export function remarkOn(cursor: Cursor, key: Uint8Array | undefined): void {
  if (key !== undefined && !isUsableEncryptKey(PublicEncryptKey(key))) cursor.odd('a point of small order: nothing can be sealed to it');
}

/** A signature; whether it is one is a check of its own. */
export function laySignature(cursor: Cursor, name: string): Uint8Array | undefined {
  return cursor.take(name, Signature.LENGTH);
}
