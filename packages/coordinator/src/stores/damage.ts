// Damage, as opposed to failure: what is stored is not what was written. Trying again does not help, so nobody waits for it; what depends on
// it fails, loudly, because a flipped bit in a mask or a model gives numbers that look as good as the right ones.

import { isXaynetError, XaynetError } from '@xaynet/core/errors';

/** What a store says about its contents. */
export type DamageCode = 'contribution-damaged' | 'seed-dict-damaged' | 'storage-model-missing' | 'storage-damaged' | 'storage-lost';

const DAMAGE: readonly DamageCode[] = ['contribution-damaged', 'seed-dict-damaged', 'storage-model-missing', 'storage-damaged', 'storage-lost'];

/** Whether an error is about contents. */
export function isDamage(error: unknown): boolean {
  return DAMAGE.some((code) => isXaynetError(error, code));
}

/** What `read` makes of stored values; throws `code` when they cannot be what was written. `what`: their name. */
export function readAs<T>(code: DamageCode, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isDamage(error)) throw error;
    throw new XaynetError(code, `${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
