// Checks of the Redis that a coordinator will keep its rounds in: whether it can be reached and used, and what it will do with them.

import type { RedisLook } from '@xaynet/coordinator/stores/redis';
import { ERRORS, isXaynetError } from '@xaynet/core/errors';
import { type Finding, fault, ok, warning } from './finding.ts';

/** A process whose clock is further off does not lead a fleet, in milliseconds. */
const MOST_SKEW = 5000;

/** What came of looking at a Redis. */
export type RedisFacts = { readonly look: RedisLook; readonly here: number } | { readonly error: unknown };

/** It can be reached, and a store be opened. */
export function checkRedis(facts: RedisFacts): Finding[] {
  if ('error' in facts) {
    const { error } = facts;
    const code = isXaynetError(error) ? error.code : 'storage-unreachable';
    return [fault('redis.server', error instanceof Error ? error.message : String(error), ERRORS[code].todo, { code })];
  }
  const { version, installed, members, appendOnly, now } = facts.look;
  const others = members === 0 ? 'no process is there' : members === 1 ? 'one process is there' : `${members} processes are there`;
  const skew = facts.here - now;
  return [
    ok('redis.server', `Redis ${version} can be used`, { version }),
    ok('redis.prefix', installed ? `an installation with this key, ${others}` : 'nothing is under the prefix yet', { installed, members }),
    appendOnly
      ? ok('redis.disk', 'it keeps an append-only file')
      : warning(
          'redis.disk',
          'it has no append-only file: when it fails, the round is lost',
          'Set appendonly yes, best with appendfsync always (docs/REDIS.md).',
        ),
    Math.abs(skew) <= MOST_SKEW
      ? ok('redis.clock', 'its clock agrees with the one here', { skew })
      : warning(
          'redis.clock',
          `its clock differs from the one here by ${Math.round(Math.abs(skew) / 1000)} s: a coordinator here will not lead`,
          'See that a time service runs on both machines.',
          { skew },
        ),
  ];
}
