// Key material of a seeded demo: bytes that repeat under `--seed`, a ChaCha20 keystream for each actor, so that the same seed
// gives the same keys, round seeds and hence the same roles. Whoever knows the seed knows every secret of such a run: this is
// for the demo, whose participants and coordinator share one process anyway, and for nothing else.

import { createCipheriv, createHash } from 'node:crypto';
import type { RandomBytes } from '@xaynet/core/crypto';

/** Endless repeatable bytes of `actor` under `seed`. */
export function seededBytes(seed: number, actor: string): RandomBytes {
  const key = createHash('sha256').update(`xaynet demo ${seed} ${actor}`).digest();
  const stream = createCipheriv('chacha20', key, new Uint8Array(16));
  return (length) => new Uint8Array(stream.update(new Uint8Array(length)));
}
