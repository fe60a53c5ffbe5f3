// What node:crypto is in the page: ChaCha20 from noble, for the oracle alone.

import { chacha20orig } from '@noble/ciphers/chacha.js';

/** The keystream, as OpenSSL's cipher would go on writing it. */
export function createCipheriv(_name: string, key: Uint8Array, _iv: Uint8Array): { update(zeros: Uint8Array): Uint8Array } {
  let block = 0;
  return {
    update(zeros) {
      const stream = chacha20orig(key, new Uint8Array(8), zeros, undefined, block);
      block += zeros.length / 64;
      return stream;
    },
  };
}
