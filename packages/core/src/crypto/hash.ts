// The one hash of the protocol: SHA-256 of the raw bytes (wire 1.2).

import { Sha256 } from '../bytes/fixed.ts';
import { asyncHashingFor, hashing } from './chosen.ts';

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
  return Sha256(hashing().sha256(bytes));
}

/**
 * The digest that {@link sha256} gives, by WebCrypto beside the calling thread where there is one and it pays: always where `sha256`
 * has only noble, otherwise from 32 KiB on. `bytes` must not change until the promise settles.
 * @example
 * ```ts
 * import { toHex } from '@xaynet/core/bytes';
 * import { sha256Async } from '@xaynet/core/crypto';
 * toHex(await sha256Async(new Uint8Array(0))).slice(0, 8); // 'e3b0c442'
 * ```
 */
export async function sha256Async(bytes: Uint8Array): Promise<Sha256> {
  const beside = await asyncHashingFor(bytes.length);
  if (beside !== undefined) {
    try {
      return Sha256(await beside.sha256(bytes));
    } catch {
      // for example bytes in shared memory, which WebCrypto does not take
    }
  }
  return sha256(bytes);
}
