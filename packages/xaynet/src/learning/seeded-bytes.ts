// Key material of a seeded run, demo or simulation: bytes that repeat under `--seed`, a ChaCha20 keystream for each actor, so that the same seed
// gives the same keys, round seeds and hence the same roles. Whoever knows the seed knows every secret of such a run: this is
// for runs whose participants and coordinator share one process anyway, and for nothing else.

import { createCipheriv, createHash } from 'node:crypto';
import type { RandomBytes } from '@xaynet/core/crypto';

/** Bytes that are made at a time. */
const AHEAD = 256;

/** Endless repeatable bytes of `actor` under `seed`. */
export function seededBytes(seed: number, actor: string): RandomBytes {
  const key = createHash('sha256').update(`xaynet demo ${seed} ${actor}`).digest();
  const stream = createCipheriv('chacha20', key, new Uint8Array(16));
  let ready: Uint8Array = new Uint8Array(0);
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      if (ready.length === 0) ready = stream.update(new Uint8Array(AHEAD)); // a call costs more than the bytes, and most want few
      const part = ready.subarray(0, length - at);
      bytes.set(part, at);
      at += part.length;
      ready = ready.subarray(part.length);
    }
    return bytes;
  };
}
