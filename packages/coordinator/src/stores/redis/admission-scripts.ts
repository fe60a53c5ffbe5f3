// The verdicts, each one script: what decides and what it leaves are one act of the server. All checks come before the first change.

import type { Script } from './script.ts';
import { NOT_FULL, script } from './script.ts';

/** KEYS: meta, sums, roster. A1 participant, A2 ephemeral key. Answers 1 for a new one, 0. */
export const ADMIT_SUM: Script = script(
  'write',
  `
local stored = redis.call('HLEN', KEYS[2])
${NOT_FULL}
local new = redis.call('HSETNX', KEYS[2], A1, A2)
if new == 1 then redis.call('HDEL', KEYS[3], 'now') end
return {'ok', seq, new}
`,
);

/** What an update is answered that has no position. */
export const UPDATE_ANSWERS = { full: 0, length: -1, unknown: -2, again: -3, keys: -4 } as const;

/**
 * Updates of one moment. KEYS: meta, sums, updates, contributions, share, seeds, roster. A1 the member that the contributions belong to (empty: none), then
 * of each update: participant, what the index of contributions is to hold (empty: nothing), digest of its sum participants in their order, these (`-`:
 * the digest should be known), and its sealed seeds in that order. Sum participants are compared with the dictionary once for each digest: which one is the
 * dictionary's stands in the roster until the dictionary is another. Answers for each a position, or one of {@link UPDATE_ANSWERS}.
 */
export const ADMIT_UPDATES: Script = script(
  'write',
  `
local stored = redis.call('HLEN', KEYS[3])
local most = ARGV[4] == 'phase' and at[9] and tonumber(at[9]) or math.huge
local roster = redis.call('HGET', KEYS[7], 'now')
local function judge(digest, sums)
  if digest == roster then return nil end
  if sums == '-' then return ${UPDATE_ANSWERS.keys} end
  local rows = #sums / 32
  if redis.call('HLEN', KEYS[2]) ~= rows then return ${UPDATE_ANSWERS.length} end
  for from = 1, rows, 500 do
    local some = {}
    for i = from, math.min(from + 499, rows) do some[#some + 1] = string.sub(sums, 32 * i - 31, 32 * i) end
    local found = redis.call('HMGET', KEYS[2], unpack(some))
    for i = 1, #some do
      if not found[i] then return ${UPDATE_ANSWERS.unknown} end
    end
  end
  roster = digest
  redis.call('HSET', KEYS[7], 'now', digest, digest, sums)
  return nil
end
local answer = {'ok', seq}
local updates, contributions, seeds, positions, seen = {}, {}, {}, {}, {}
for i = 2, #ARGV - F, 5 do
  local participant, entry = ARGV[F + i], ARGV[F + i + 1]
  local verdict
  if stored >= most then verdict = ${UPDATE_ANSWERS.full}
  else verdict = judge(ARGV[F + i + 2], ARGV[F + i + 3]) end
  if not verdict and (seen[participant] or redis.call('HEXISTS', KEYS[3], participant) == 1) then verdict = ${UPDATE_ANSWERS.again} end
  if not verdict then
    stored = stored + 1
    verdict = stored
    seen[participant] = true
    positions[#positions + 1] = stored
    updates[#updates + 1] = participant
    updates[#updates + 1] = stored
    if entry ~= '' then
      contributions[#contributions + 1] = stored
      contributions[#contributions + 1] = entry
    end
    seeds[#seeds + 1] = participant
    seeds[#seeds + 1] = ARGV[F + i + 2] .. ARGV[F + i + 4]
  end
  answer[#answer + 1] = verdict
end
if #positions == 0 then return answer end
redis.call('HSET', KEYS[3], unpack(updates))
if #contributions > 0 then redis.call('HSET', KEYS[4], unpack(contributions)) end
redis.call('HSET', KEYS[6], unpack(seeds))
if A1 ~= '' then
  if redis.call('EXISTS', KEYS[5]) == 0 then redis.call('XGROUP', 'CREATE', KEYS[5], 'fleet', '0', 'MKSTREAM') end
  for _, position in ipairs(positions) do redis.call('XADD', KEYS[5], position .. '-1', 'position', position) end
  redis.call('XREADGROUP', 'GROUP', 'fleet', A1, 'COUNT', #positions, 'STREAMS', KEYS[5], '>')
end
return answer
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
