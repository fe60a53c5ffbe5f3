// What stays of rounds: records, reports, the identity, models.

import type { Script } from './script.ts';
import { script } from './script.ts';

/** KEYS: meta, records, their rounds, reports, their rounds. A1 round, A2 record, A3 how many are kept (0: all). */
export const PUT_RECORD: Script = script(
  'write',
  `
redis.call('HSET', KEYS[2], A1, A2)
redis.call('ZADD', KEYS[3], A1, A1)
if tonumber(A3) > 0 then
  for _, old in ipairs(redis.call('ZRANGE', KEYS[3], 0, -tonumber(A3) - 1)) do
    redis.call('ZREM', KEYS[3], old)
    redis.call('HDEL', KEYS[2], old)
  end
end
local oldest = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
for _, old in ipairs(redis.call('ZRANGE', KEYS[5], '-inf', '(' .. oldest, 'BYSCORE')) do
  redis.call('ZREM', KEYS[5], old)
  redis.call('HDEL', KEYS[4], old)
end
return {'ok', seq}
`,
);

/** KEYS: meta, reports, their rounds. A1 round, A2 report. */
export const PUT_REPORT: Script = script('write', `redis.call('HSET', KEYS[2], A1, A2) redis.call('ZADD', KEYS[3], A1, A1) return {'ok', seq}`);

/** KEYS: meta, records or reports, their rounds. A1 the round that comes after the first one wanted, `+inf` for all, A2 most. */
export const NEWEST: Script = script(
  'read',
  `
local answer = {'ok', seq}
for _, round in ipairs(redis.call('ZRANGE', KEYS[3], A1, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, A2)) do
  answer[#answer + 1] = redis.call('HGET', KEYS[2], round) or ''
end
return answer
`,
);

/** KEYS: meta, key. A1: what is stored there, unless there is something. */
export const SET_ONCE: Script = script('write', `redis.call('SET', KEYS[2], A1, 'NX') return {'ok', seq}`);

/** KEYS: meta, key. */
export const GET: Script = script('read', `return {'ok', seq, redis.call('GET', KEYS[2])}`);

/** KEYS: meta. */
export const LATEST: Script = script('read', `return {'ok', seq, redis.call('HGET', KEYS[1], 'latest')}`);

/** KEYS: meta, models, their order. A1 id, A2 entry. Answers 1 for a new one, 0. */
export const PUT_MODEL: Script = script(
  'write',
  `
if redis.call('HSETNX', KEYS[2], A1, A2) == 0 then return {'ok', seq, 0} end
redis.call('RPUSH', KEYS[3], A1)
return {'ok', seq, 1}
`,
);

/** KEYS: meta, models. A1 id. Answers its entry. */
export const MODEL: Script = script('read', `return {'ok', seq, redis.call('HGET', KEYS[2], A1)}`);

/** KEYS: meta, models, their order. Answers ids and entries by turns, the one stored last first. */
export const MODELS: Script = script(
  'read',
  `
local answer = {'ok', seq}
local ids = redis.call('LRANGE', KEYS[3], 0, -1)
for i = #ids, 1, -1 do
  answer[#answer + 1] = ids[i]
  answer[#answer + 1] = redis.call('HGET', KEYS[2], ids[i]) or ''
end
return answer
`,
);

/**
 * KEYS: meta, models, their order, trash. A1 id, A2 how many are kept (0: all). Bytes of an entry from A3 on are the key of its blob. Answers whether
 * there is anything in the trash.
 */
export const SET_LATEST: Script = script(
  'write',
  `
redis.call('HSET', KEYS[1], 'latest', A1)
redis.call('HINCRBY', KEYS[1], 'version', 1)
if tonumber(A2) > 0 then
  for _, old in ipairs(redis.call('LRANGE', KEYS[3], 0, -tonumber(A2) - 1)) do
    if old ~= A1 then
      local entry = redis.call('HGET', KEYS[2], old)
      if entry then redis.call('SADD', KEYS[4], string.sub(entry, tonumber(A3))) end
      redis.call('HDEL', KEYS[2], old)
      redis.call('LREM', KEYS[3], 1, old)
    end
  end
end
return {'ok', seq, redis.call('SCARD', KEYS[4])}
`,
);
