// What several processes of a fleet do at one installation: they look, one of them takes the lease, and each adds up contributions of its own. A
// contribution that is in no stored sum is an entry of a stream, pending for the member that it belongs to.

import type { Script } from './script.ts';
import { bareScript, script } from './script.ts';

/**
 * Membership and lease are renewed when less than this part of them is left. Members look several times a second under load, and a look
 * that writes nothing is in no append-only file, to be synced, and goes to no replica.
 */
const UNRENEWED = 0.95;

/**
 * KEYS: meta, lease, alive, members, sums, updates, voters, votes, share. A1 id of the member, A2 what it says of itself, A3 milliseconds that lease and
 * membership last, A4 `lead` or `follow`, A5 what is told of the holder of a lease. By the clock of the server: members that were silent go, this one
 * lives on, its lease is renewed, or taken when nobody has it; what was renewed a moment ago is not written again ({@link UNRENEWED}). A lease without an end,
 * or of somebody whom meta does not name, is over after the time of one: nobody renews it, and what may be written goes by meta alone. Answers epoch,
 * time, holder, version, progress, whether it is open, id of the latest model, sums, updates, masks, votes of the best, contributions in no sum, the
 * life of what is stored, and the members.
 */
export const LOOK: Script = script(
  'look',
  `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
for _, gone in ipairs(redis.call('ZRANGE', KEYS[3], '-inf', now, 'BYSCORE')) do
  redis.call('ZREM', KEYS[3], gone)
  redis.call('HDEL', KEYS[4], gone)
end
local left = tonumber(redis.call('ZSCORE', KEYS[3], A1) or 0) - now
local isDue = left < tonumber(A3) * ${UNRENEWED} or left > tonumber(A3)
if isDue then
  redis.call('ZADD', KEYS[3], now + tonumber(A3), A1)
  redis.call('HSET', KEYS[4], A1, A2)
end
local held = redis.pcall('GET', KEYS[2])
local untilOver = redis.call('PTTL', KEYS[2])
if untilOver ~= -2 and held ~= at[4] then held = '' end
if untilOver == -1 or held == '' and untilOver > tonumber(A3) then redis.call('PEXPIRE', KEYS[2], A3) end
if held and string.match(held, ':(.*)$') == A1 then
  if isDue then redis.call('SET', KEYS[2], held, 'PX', A3) end
elseif not held and A4 == 'lead' then
  held = string.format('%d:%s', redis.call('HINCRBY', KEYS[1], 'token', 1), A1)
  redis.call('HSET', KEYS[1], 'holder', held, 'info', A5, 'call', 0)
  redis.call('SET', KEYS[2], held, 'PX', A3)
end
local meta = redis.call('HMGET', KEYS[1], 'version', 'progress', 'open', 'latest', 'life')
local best = redis.call('ZREVRANGE', KEYS[8], 0, 0, 'WITHSCORES')
local answer = {
  'ok', seq, at[2], now, held or '', tonumber(meta[1] or 0), meta[2], meta[3] and 1 or 0, meta[4],
  redis.call('HLEN', KEYS[5]), redis.call('HLEN', KEYS[6]), redis.call('HLEN', KEYS[7]), tonumber(best[2] or 0), redis.call('XLEN', KEYS[9]),
  meta[5] or '',
}
for _, member in ipairs(redis.call('HVALS', KEYS[4])) do answer[#answer + 1] = member end
return answer
`,
);

/** KEYS: meta, lease. Answers the version of what is published, and 1 when there is a lease. */
export const PEEK: Script = script('read', `return {'ok', seq, redis.call('HGET', KEYS[1], 'version') or '', redis.call('EXISTS', KEYS[2])}`);

/**
 * KEYS: meta, lease. ARGV: format, installation, check, the life of what is stored that the caller knew, another one, epoch, sequence number and token that
 * it knew, its id if it led, milliseconds of a lease, what is told of the holder. After a loss: what is left of the round is given up, the installation is
 * made anew where it is gone, and who led leads on. Whoever comes second finds another life, and takes over what the first has made of it; so does who finds
 * another installation, which a process has made that knew of none, if it has the same key. Answers `ok` or `adopted`, life, epoch, sequence number,
 * holder, and for `adopted` installation and check.
 */
export const RESEED: Script = bareScript(
  'free',
  `
local format, installation, check, life, another, epoch, seq, token, member, ttl, info = unpack(ARGV)
local m = redis.call('HMGET', KEYS[1], 'installation', 'life', 'epoch', 'seq', 'token', 'holder', 'check')
if m[1] and (m[1] ~= installation or m[2] and m[2] ~= life) then return {'adopted', m[2] or '', m[3], m[4], m[6] or '', m[1], m[7] or ''} end
epoch = math.max(tonumber(m[3] or 0), tonumber(epoch)) + 1
seq = math.max(tonumber(m[4] or 0), tonumber(seq))
token = math.max(tonumber(m[5] or 0), tonumber(token)) + 1
local time = redis.call('TIME')
local version = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local holder = ''
redis.call('HDEL', KEYS[1], 'progress', 'round', 'phase', 'open', 'most')
if member ~= '' then
  holder = string.format('%d:%s', token, member)
  redis.call('SET', KEYS[2], holder, 'PX', ttl)
else
  redis.call('DEL', KEYS[2])
end
redis.call('HSET', KEYS[1], 'format', format, 'installation', installation, 'check', check, 'life', another, 'epoch', epoch, 'seq', seq,
  'token', token, 'holder', holder, 'info', info, 'call', 0, 'version', version)
return {'ok', another, epoch, seq, holder}
`,
);

/** KEYS: lease, alive, members. ARGV: id of the member. Its lease, if it has it, is free at once. */
export const LEAVE: Script = bareScript(
  'free',
  `
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'string' and string.match(held, ':(.*)$') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {'ok'}
`,
);

/** KEYS: meta, share. A1 round, A2 member, A3 most. Answers positions. */
export const PENDING: Script = script(
  'read',
  `
local answer = {'ok', seq}
if at[6] ~= A1 or redis.call('EXISTS', KEYS[2]) == 0 then return answer end
for _, entry in ipairs(redis.call('XPENDING', KEYS[2], 'fleet', '-', '+', A3, A2)) do
  answer[#answer + 1] = tonumber(string.match(entry[1], '^%d+'))
end
return answer
`,
);

/** KEYS: meta, share. Answers members and how many contributions belong to each, by turns. */
export const OUTSTANDING: Script = script(
  'read',
  `
local answer = {'ok', seq}
if redis.call('EXISTS', KEYS[2]) == 0 then return answer end
for _, consumer in ipairs(redis.call('XPENDING', KEYS[2], 'fleet')[4] or {}) do
  answer[#answer + 1] = consumer[1]
  answer[#answer + 1] = tonumber(consumer[2])
end
return answer
`,
);

/** KEYS: meta, contributions. A1 position. Answers its entry. */
export const CONTRIBUTION: Script = script('read', `return {'ok', seq, redis.call('HGET', KEYS[2], A1)}`);

/**
 * KEYS: meta, share, contributions, partials. A1 round, A2 member, A3 name of the sum, A4 its entry, then positions. Answers `lost`; or `ok`, the entry
 * of the sum before it, or an empty one, and those of the contributions.
 */
export const FOLD: Script = script(
  'write',
  `
if at[6] ~= A1 then return {'ok', seq, 'lost'} end
for i = 5, #ARGV - F do
  local id = ARGV[F + i] .. '-1'
  if redis.call('EXISTS', KEYS[2]) == 0 or #redis.call('XPENDING', KEYS[2], 'fleet', id, id, 1, A2) == 0 then return {'ok', seq, 'lost'} end
end
local answer = {'ok', seq, 'ok', redis.call('HGET', KEYS[4], A3) or ''}
redis.call('HSET', KEYS[4], A3, A4)
for i = 5, #ARGV - F do
  local id = ARGV[F + i] .. '-1'
  redis.call('XACK', KEYS[2], 'fleet', id)
  redis.call('XDEL', KEYS[2], id)
  answer[#answer + 1] = redis.call('HGET', KEYS[3], ARGV[F + i]) or ''
  redis.call('HDEL', KEYS[3], ARGV[F + i])
end
return answer
`,
);

/** KEYS: meta, share. A1 member, A2 whose contributions it takes over, A3 most. Answers how many it took. */
export const CLAIM: Script = script(
  'write',
  `
if redis.call('EXISTS', KEYS[2]) == 0 then return {'ok', seq, 0} end
local pending = redis.call('XPENDING', KEYS[2], 'fleet', '-', '+', A3, A2)
for _, entry in ipairs(pending) do redis.call('XCLAIM', KEYS[2], 'fleet', A1, 0, entry[1], 'JUSTID') end
return {'ok', seq, #pending}
`,
);

/** KEYS: meta, partials. Answers names and entries by turns. */
export const PARTIALS: Script = script(
  'read',
  `
local answer = {'ok', seq}
for _, value in ipairs(redis.call('HGETALL', KEYS[2])) do answer[#answer + 1] = value end
return answer
`,
);
