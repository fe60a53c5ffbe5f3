// Scripts, which make every verdict and every change of several keys one act of the server. They are sent by their hash and, where the server
// does not know them, as text; nothing is installed under a name, so that two versions of this program can work side by side.

import { createHash } from 'node:crypto';

/** A script in Lua, and its name on the server. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

/**
 * What a script may do: `write`, which the server refuses as a whole when its memory is full; `free`, which it takes even then; `read`; `look`, which
 * changes only what is of the moment, so that it is no loss when the server loses it: it has no sequence number.
 */
export type ScriptKind = 'write' | 'free' | 'read' | 'look';

const FLAGS: Readonly<Record<ScriptKind, string>> = {
  write: '#!lua',
  free: '#!lua flags=allow-oom',
  read: '#!lua flags=no-writes',
  look: '#!lua flags=allow-oom',
};

/**
 * What stands at the head of every script: whether it may act at all. KEYS[1] is the hash of the installation. ARGV: installation, epoch, the last
 * sequence number known, who asks (`holder`, `phase` or `anybody`) and two values of that: holder and number of the call, or round and phase.
 *
 * `lost`: the server has not what it had. `fenced`: somebody else holds the lease, or did since. `epoch`: the round was erased meanwhile. `stale`: a
 * later call of the holder came first. `over`: round and phase are others, or closed. Else `seq` is the number of this act, and the script goes on.
 */
const HEAD = `
local at = redis.call('HMGET', KEYS[1], 'installation', 'epoch', 'seq', 'holder', 'call', 'round', 'phase', 'open', 'most')
if at[1] ~= ARGV[1] then return {'lost', at[1] or ''} end
if tonumber(at[3]) < tonumber(ARGV[3]) then return {'lost', at[3]} end
if ARGV[4] == 'holder' then
  if at[4] ~= ARGV[5] then return {'fenced', at[4] or '', redis.call('HGET', KEYS[1], 'info') or ''} end
  if at[2] ~= ARGV[2] then return {'epoch', at[2]} end
elseif ARGV[4] == 'phase' then
  if at[2] ~= ARGV[2] or at[6] ~= ARGV[5] or at[7] ~= ARGV[6] or not at[8] then return {'over'} end
elseif at[2] ~= ARGV[2] then return {'epoch', at[2]} end
`;

const WRITES = `
if ARGV[4] == 'holder' then
  if tonumber(ARGV[6]) <= tonumber(at[5]) then return {'stale'} end
  redis.call('HSET', KEYS[1], 'call', ARGV[6])
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
`;

const READS = 'local seq = at[3]\n';

/** In an admission, `stored` being how many messages of the phase there are: `full` for whoever does not hold the lease when the phase has all it takes. */
export const NOT_FULL = `if ARGV[4] == 'phase' and at[9] and stored >= tonumber(at[9]) then return {'full'} end\n`;

/** Values of ARGV that {@link HEAD} takes; those of the script begin after them, as `ARGV[FIRST + i]`. */
const HEAD_ARGS = 6;

/** A script without the head. `body` names its arguments `ARGV[1]` and so on. */
export function bareScript(kind: ScriptKind, body: string): Script {
  return make(`${FLAGS[kind]}\n${body}`);
}

/** A script with the head; `body` names its own arguments `A1`, `A2` … and, from the nth on, `ARGV[F + n]`. It returns a list that begins with `'ok', seq`. */
export function script(kind: ScriptKind, body: string): Script {
  const named = body.replace(/\bA(\d)\b/g, (_, n: string) => `ARGV[${HEAD_ARGS + Number(n)}]`).replace(/\bF\b/g, String(HEAD_ARGS));
  return make(`${FLAGS[kind]}\n${HEAD}${kind === 'read' || kind === 'look' ? READS : WRITES}${named}`);
}

function make(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
