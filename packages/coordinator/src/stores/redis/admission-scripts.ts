// The verdicts, each one script: what decides and what it leaves are one act of the server. All checks come before the first change.

import type { Script } from './script.ts';
import { NOT_FULL, script } from './script.ts';

/** KEYS: meta, sums. A1 participant, A2 ephemeral key. Answers 1 for a new one, 0. */
export const ADMIT_SUM: Script = script(
  'write',
  `
local stored = redis.call('HLEN', KEYS[2])
${NOT_FULL}
return {'ok', seq, redis.call('HSETNX', KEYS[2], A1, A2)}
`,
);

/**
 * KEYS: meta, sums, updates, contributions, share, then a row of seeds for each sum participant. A1 participant, A2 what the index of contributions is
 * to hold (empty: nothing), A3 the member that it belongs to (empty: none), then sum participant and seed by turns. Answers the position, or -1
 * length, -2 unknown, -3 again.
 */
export const ADMIT_UPDATE: Script = script(
  'write',
  `
local stored = redis.call('HLEN', KEYS[3])
${NOT_FULL}
local rows = #KEYS - 5
if redis.call('HLEN', KEYS[2]) ~= rows then return {'ok', seq, -1} end
for from = 1, rows, 500 do
  local some = {}
  for i = from, math.min(from + 499, rows) do some[#some + 1] = ARGV[F + 2 + 2 * i] end
  local found = redis.call('HMGET', KEYS[2], unpack(some))
  for i = 1, #some do
    if not found[i] then return {'ok', seq, -2} end
  end
end
if redis.call('HEXISTS', KEYS[3], A1) == 1 then return {'ok', seq, -3} end
local position = stored + 1
redis.call('HSET', KEYS[3], A1, position)
if A2 ~= '' then redis.call('HSET', KEYS[4], position, A2) end
for i = 1, rows do redis.call('HSET', KEYS[5 + i], A1, ARGV[F + 3 + 2 * i]) end
if A3 ~= '' then
  if redis.call('EXISTS', KEYS[5]) == 0 then redis.call('XGROUP', 'CREATE', KEYS[5], 'fleet', '0', 'MKSTREAM') end
  redis.call('XADD', KEYS[5], position .. '-1', 'position', position)
  redis.call('XREADGROUP', 'GROUP', 'fleet', A3, 'COUNT', 1, 'STREAMS', KEYS[5], '>')
end
return {'ok', seq, position}
`,
);

/**
 * KEYS: meta, sums, voters, votes, masks. A1 participant, A2 SHA-256 of the mask, A3 key of its blob (empty: it was not put anywhere yet). Answers
 * votes and whether the blob is the one of the index; or -1 unknown, -2 again, -3 a mask that is new: put its blob, and come again.
 */
export const ADMIT_SUM2: Script = script(
  'write',
  `
local stored = redis.call('HLEN', KEYS[3])
${NOT_FULL}
if redis.call('HEXISTS', KEYS[2], A1) == 0 then return {'ok', seq, -1} end
if redis.call('HEXISTS', KEYS[3], A1) == 1 then return {'ok', seq, -2} end
if redis.call('HEXISTS', KEYS[5], A2) == 0 then
  if A3 == '' then return {'ok', seq, -3} end
  redis.call('HSET', KEYS[5], A2, A3)
end
redis.call('HSET', KEYS[3], A1, A2)
local votes = redis.call('ZINCRBY', KEYS[4], 1, A2)
local used = redis.call('HGET', KEYS[5], A2) == A3 and 1 or 0
return {'ok', seq, tonumber(votes), used}
`,
);

/** KEYS: meta, messages, then the list of chunks of each message. For each chunk: place of its list in KEYS, name of the message, chunk (empty: it is over). */
export const APPEND_CHUNKS: Script = script(
  'write',
  `
for i = 1, #ARGV - F, 3 do
  local list, message, chunk = KEYS[tonumber(ARGV[F + i])], ARGV[F + i + 1], ARGV[F + i + 2]
  if chunk == '' then
    redis.call('UNLINK', list)
    redis.call('SREM', KEYS[2], message)
  else
    redis.call('SADD', KEYS[2], message)
    redis.call('RPUSH', list, seq .. ' ' .. i .. ' ' .. chunk)
  end
end
return {'ok', seq}
`,
);
