// What a process asks its store while it begins: a connection that is cut just then, or a store that loses what it had, is no reason to end, as it would be
// none a second later. A store that stays away is: whoever started the process is told.

import { isXaynetError } from '@xaynet/core/errors';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';

/** Times that are tried, a lease's third apart. */
const TRIES = 6;
const PASSING = ['storage-failed', 'storage-timeout', 'storage-lost'] as const;

/** Carries out `call`, again when the store fails or takes too long. Throws what the last one throws, and everything else at once. */
export async function patiently<T>(call: () => Promise<T>, { clock, logger, leaseMs }: { clock: Clock; logger: Logger; leaseMs: number }): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const isForNow = PASSING.some((code) => isXaynetError(error, code));
      if (!isForNow || tries >= TRIES) throw error;
      logger.warn({ error, tries }, 'the shared store fails while this process begins; trying again');
      await new Promise<void>((resolve) => clock.setTimer(leaseMs / 3, resolve));
    }
  }
}
