// Checks of the Redis that a coordinator will keep its rounds in: whether it can be reached and used, and what it will do with them.

import type { RedisLook } from '@xaynet/coordinator/stores/redis';
import { ERRORS, isXaynetError } from '@xaynet/core/errors';
import { size } from '../figures.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

/** A process whose clock is further off does not lead a fleet, in milliseconds. */
const MOST_SKEW = 5000;
/** With less than a tenth of its memory left a Redis is about to refuse messages. */
const MOST_USED = 0.9;

/** What came of looking at a Redis. */
export type RedisFacts = { readonly look: RedisLook; readonly here: number } | { readonly error: unknown };

/** It can be reached, and a store be opened. */
export function checkRedis(facts: RedisFacts): Finding[] {
  if ('error' in facts) {
    const { error } = facts;
    const code = isXaynetError(error) ? error.code : 'storage-unreachable';
    return [fault('redis.server', error instanceof Error ? error.message : String(error), ERRORS[code].todo, { code })];
  }
  const { version, installed, members, memory, now } = facts.look;
  const others = members === 0 ? 'no process is there' : members === 1 ? 'one process is there' : `${members} processes are there`;
  const skew = facts.here - now;
  return [
    ok('redis.server', `Redis ${version} can be used`, { version }),
    ok('redis.prefix', installed ? `an installation with this key, ${others}` : 'nothing is under the prefix yet', { installed, members }),
    checkDisk(facts.look),
    checkMemory(memory),
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

function checkDisk({ appendOnly, appendSync }: RedisLook): Finding {
  const todo = 'Set appendonly yes, best with appendfsync always (docs/REDIS.md).';
  if (!appendOnly) return warning('redis.disk', 'it has no append-only file: when it fails, the round is lost', todo);
  if (appendSync === 'no')
    return warning('redis.disk', 'its append-only file is never synced: when its machine fails, the round is lost', todo, { appendSync });
  const kept = { always: ', synced with each write', everysec: ', synced once a second: a crash may cost the last one, and the round with it' };
  return ok('redis.disk', `it keeps an append-only file${kept[appendSync as keyof typeof kept] ?? ''}`, { appendSync });
}

function checkMemory({ used, most }: RedisLook['memory']): Finding {
  const data = { used, most };
  if (most === 0) return ok('redis.memory', `it uses ${size(used)}, and has no limit of its own`, data);
  if (used < MOST_USED * most) return ok('redis.memory', `it uses ${size(used)} of ${size(most)}`, data);
  return warning(
    'redis.memory',
    `it uses ${size(used)} of ${size(most)}: messages that no longer fit are refused`,
    'Raise maxmemory, or make room (docs/REDIS.md).',
    data,
  );
}
