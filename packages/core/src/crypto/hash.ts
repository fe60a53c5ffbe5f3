// The one hash of the protocol: SHA-256 of the raw bytes (wire 1.2).

import { sha256 as digest } from '@noble/hashes/sha2.js';
import { Sha256 } from '../bytes/fixed.ts';

/**
 * SHA-256 of `bytes`, 32 bytes (wire 1.2).
 * @example
 * ```ts
 * import { toHex } from '@xaynet/core/bytes';
 * import { sha256 } from '@xaynet/core/crypto';
 * toHex(sha256(new Uint8Array(0))).slice(0, 8); // 'e3b0c442'
 * ```
 */
export function sha256(bytes: Uint8Array): Sha256 {
  return Sha256(digest(bytes));
}
