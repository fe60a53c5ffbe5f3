// OpenSSL's ChaCha20, the fastest keystream that Node has and the limit of the backend that draws from it: opened as that backend opens
// it, so that the limit enjoys the same care for memory, and then read by nobody.

import { keystreamSource } from '../packages/core/src/kernel/keystream-source.node.ts';
import type { Keystream } from './keystreams.ts';

const PIECE = 65536;

/** Makes keystream in pieces of 64 KiB. */
export function opensslKeystream(): Keystream {
  const next = keystreamSource()!.open(new Uint8Array(32).fill(1), 0);
  return (bytes) => {
    for (let at = 0; at < bytes; at += PIECE) next(Math.min(PIECE, bytes - at));
  };
}
