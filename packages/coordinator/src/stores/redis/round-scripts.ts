// What the holder of the lease does to a round, and what is read of it in one act.

import type { Script } from './script.ts';
import { script } from './script.ts';

/** Sets progress from A1 round, A2 phase, A3 JSON; A1 empty: there is none afterwards. */
const PROGRESS = `
redis.call('HDEL', KEYS[1], 'progress', 'round', 'phase', 'open', 'most')
if A1 ~= '' then
  redis.call('HSET', KEYS[1], 'round', A1, 'phase', A2, 'progress', A3, 'open', 1)
  local gate = cjson.decode(A3).gate
  if gate then redis.call('HSET', KEYS[1], 'most', gate.most) end
end
redis.call('HINCRBY', KEYS[1], 'version', 1)
`;

/** KEYS: meta. */
export const SET_PROGRESS: Script = script('write', `${PROGRESS} return {'ok', seq}`);

/** The same, for the end of a round: it must be possible when memory is full. */
export const CLEAR_PROGRESS: Script = script('free', `${PROGRESS} return {'ok', seq}`);

/** KEYS: meta, state. A4: the sealed state. */
export const SET_STATE: Script = script('write', `${PROGRESS} redis.call('SET', KEYS[2], A4) return {'ok', seq}`);

/** KEYS: meta. Answers epoch, progress (or nothing). */
export const STANDING: Script = script('read', `return {'ok', seq, at[2], redis.call('HGET', KEYS[1], 'progress')}`);

/** KEYS: meta, sums, roster. A4 `all` or `chosen`, A5 those chosen, 32 bytes each. */
export const CLOSE_SUM: Script = script(
  'write',
  `
if A4 == 'chosen' then
  local chosen = {}
  for i = 1, #A5, 32 do chosen[string.sub(A5, i, i + 31)] = true end
  for _, participant in ipairs(redis.call('HKEYS', KEYS[2])) do
    if not chosen[participant] then redis.call('HDEL', KEYS[2], participant) end
  end
  redis.call('HDEL', KEYS[3], 'now')
end
${PROGRESS}
return {'ok', seq}
`,
);

/** KEYS: meta. The round has another epoch from now on, and so has everything. Answers the new one. */
export const ERASE_ROUND: Script = script(
  'free',
  `
redis.call('HDEL', KEYS[1], 'progress', 'round', 'phase', 'open', 'most')
redis.call('HINCRBY', KEYS[1], 'version', 1)
return {'ok', seq, redis.call('HINCRBY', KEYS[1], 'epoch', 1)}
`,
);

/** KEYS: meta, state, records, their rounds, reports, their rounds. */
export const ERASE_ALL: Script = script(
  'free',
  `
redis.call('HDEL', KEYS[1], 'progress', 'round', 'phase', 'open', 'most', 'latest')
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('UNLINK', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
return {'ok', seq, redis.call('HINCRBY', KEYS[1], 'epoch', 1)}
`,
);

/** KEYS: meta, sums, updates, voters, votes. */
export const COUNTS: Script = script(
  'read',
  `
local best = redis.call('ZREVRANGE', KEYS[5], 0, 0, 'WITHSCORES')
return {'ok', seq, redis.call('HLEN', KEYS[2]), redis.call('HLEN', KEYS[3]), redis.call('HLEN', KEYS[4]), tonumber(best[2] or 0)}
`,
);

/** KEYS: meta, voters, votes, masks. For the best two: SHA-256, votes, key of the blob. Answers also the number of voters and the sum of all votes. */
export const BEST_MASKS: Script = script(
  'read',
  `
local all = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
local votes = 0
for i = 2, #all, 2 do votes = votes + tonumber(all[i]) end
local answer = {'ok', seq, redis.call('HLEN', KEYS[2]), votes}
local best = redis.call('ZREVRANGE', KEYS[3], 0, 1, 'WITHSCORES')
for i = 1, #best, 2 do
  answer[#answer + 1] = best[i]
  answer[#answer + 1] = tonumber(best[i + 1])
  answer[#answer + 1] = redis.call('HGET', KEYS[4], best[i]) or ''
end
return answer
`,
);

/** KEYS: meta, masks. */
export const MASK_COUNT: Script = script('read', `return {'ok', seq, redis.call('HLEN', KEYS[2])}`);

/** KEYS: meta, sums. Whether there is a dictionary at all. */
export const SUM_COUNT: Script = script('read', `return {'ok', seq, redis.call('HLEN', KEYS[2])}`);

/** KEYS: meta, updates, contributions, checkpoint. A1 position, A2 most. Answers updates, position of the checkpoint, and entries from the one after A1 on. */
export const CONTRIBUTIONS: Script = script(
  'read',
  `
local updates = redis.call('HLEN', KEYS[2])
local answer = {'ok', seq, updates, tonumber(redis.call('HGET', KEYS[4], 'position') or 0)}
for position = tonumber(A1) + 1, math.min(tonumber(A1) + tonumber(A2), updates) do
  answer[#answer + 1] = redis.call('HGET', KEYS[3], position) or ''
end
return answer
`,
);

/** KEYS: meta, checkpoint. */
export const CHECKPOINT: Script = script('read', `return {'ok', seq, unpack(redis.call('HMGET', KEYS[2], 'position', 'count', 'sha256', 'blob'))}`);

/**
 * KEYS: meta, checkpoint, share, partials. A1 position, A2 count, A3 SHA-256, A4 key of the blob. Answers the key of the blob before it, or an empty one,
 * and the stored sums, which it has.
 */
export const SET_CHECKPOINT: Script = script(
  'write',
  `
local answer = {'ok', seq, redis.call('HGET', KEYS[2], 'blob') or ''}
for _, sum in ipairs(redis.call('HVALS', KEYS[4])) do answer[#answer + 1] = sum end
redis.call('UNLINK', KEYS[3], KEYS[4])
redis.call('HSET', KEYS[2], 'position', A1, 'count', A2, 'sha256', A3, 'blob', A4)
return answer
`,
);

/** KEYS: meta. Nothing is admitted any more by those who do not hold the lease, until there is another progress. */
export const CLOSE_ADMISSIONS: Script = script('free', `redis.call('HDEL', KEYS[1], 'open') return {'ok', seq}`);

/** KEYS: meta, contributions, checkpoint. A1 most. Lets go of contributions that the checkpoint has; answers their entries, none when there are no more. */
export const LET_GO: Script = script(
  'free',
  `
local gone, position = unpack(redis.call('HMGET', KEYS[3], 'gone', 'position'))
local answer = {'ok', seq}
gone, position = tonumber(gone or 0), tonumber(position or 0)
local last = math.min(gone + tonumber(A1), position)
for i = gone + 1, last do
  answer[#answer + 1] = redis.call('HGET', KEYS[2], i) or ''
  redis.call('HDEL', KEYS[2], i)
end
if last > gone then redis.call('HSET', KEYS[3], 'gone', last) end
return answer
`,
);

/** KEYS: meta, messages, then lists of chunks. Their messages from A1 on. Answers how many messages are left. */
export const ERASE_CHUNKS: Script = script(
  'free',
  `
for i = 3, #KEYS do
  redis.call('UNLINK', KEYS[i])
  redis.call('SREM', KEYS[2], ARGV[F + i - 2])
end
return {'ok', seq, redis.call('SCARD', KEYS[2])}
`,
);

/** KEYS: meta. Whether the lease is held and something can be written. */
export const TOUCH: Script = script('write', `return {'ok', seq}`);
