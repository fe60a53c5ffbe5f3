// The chunks of a fleet (stores/shared.ts): a hash for each tag and participant, in which every chunk has a number and the id of its message for a name.

import type { Script } from './script.ts';
import { script } from './script.ts';

/**
 * KEYS: meta, senders, then the hash of each sender. For each chunk: place of its hash in KEYS, name of the sender, id of the message, chunk (empty: the
 * message is over). Answers the number of each.
 */
export const STORE_CHUNKS: Script = script(
  'write',
  `
local answer = {'ok', seq}
for i = 1, #ARGV - F, 4 do
  local own, message, chunk = KEYS[tonumber(ARGV[F + i])], ARGV[F + i + 2], ARGV[F + i + 3]
  redis.call('SADD', KEYS[2], ARGV[F + i + 1])
  local number = redis.call('HINCRBY', own, 'stored', 1)
  answer[#answer + 1] = number
  if chunk == '' then
    for _, name in ipairs(redis.call('HKEYS', own)) do
      if string.match(name, '^%d+ (%d+)$') == message then redis.call('HDEL', own, name) end
    end
  else
    redis.call('HSET', own, number .. ' ' .. message, chunk)
  end
end
return answer
`,
);

/** KEYS: meta, hash of the sender. A1 number after which. Answers how many were stored, then numbers and chunks by turns, in any order. */
export const CHUNKS_OF: Script = script(
  'read',
  `
local answer = {'ok', seq, tonumber(redis.call('HGET', KEYS[2], 'stored') or 0)}
for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
  local number = tonumber(string.match(name, '^(%d+) '))
  if number and number > tonumber(A1) then
    answer[#answer + 1] = number
    answer[#answer + 1] = redis.call('HGET', KEYS[2], name)
  end
end
return answer
`,
);
