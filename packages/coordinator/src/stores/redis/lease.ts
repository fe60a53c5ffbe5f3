// The lease of an installation: who may change what it keeps. It ends by the clock of the server, never by that of a process, and each time
// it is taken its token is higher than ever before. A holder is a token and a name that nobody else has, so that even where the server has
// lost the last token, nobody is taken for somebody else. Scripts compare the holder themselves (script.ts): one that was paused for as long
// as it likes, and does not know that its time is over, is refused.

import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { XaynetError } from '@xaynet/core/errors';
import type { Arg, Reply } from './library.ts';
import type { RedisLink } from './link.ts';
import type { Names } from './names.ts';
import { bareScript } from './script.ts';

/** The version of the layout that this program reads and writes. */
export const FORMAT = '1';

/** Who asks for the lease; what is told of it to others. */
export interface LeaseOwner {
  /** A name that no other process, and no other store of this process, has. */
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

/** What a holder of the lease knows of the installation. */
export interface Holding {
  readonly installation: string;
  /** `token:id` of the owner. */
  readonly holder: string;
  readonly token: number;
  readonly epoch: number;
  readonly seq: number;
  /** In a fleet: names what is stored, from one loss to the next. */
  readonly life?: string;
}

/** How asking for the lease ends. `for`: milliseconds until it ends unless it is renewed. */
export type LeaseAnswer = { readonly kind: 'taken'; readonly holding: Holding } | { readonly kind: 'held'; readonly by: string; readonly for: number };

/** What a renewal comes to; `lost`: the server has not what it had. `holder`: who holds the lease instead. */
export type RenewalAnswer =
  | { readonly kind: 'renewed' }
  | { readonly kind: 'fenced'; readonly holder: string; readonly by: string }
  | { readonly kind: 'lost' };

/** A lease without an end, or of somebody whom meta does not name, is over after the time of one, as nobody renews it: whoever comes waits for that. */
const ACQUIRE = bareScript(
  'free',
  `
local format, installation, check, owner, info, ttl, token, mode, epoch, seq = unpack(ARGV)
local m = redis.call('HMGET', KEYS[1], 'format', 'installation', 'token', 'epoch', 'seq', 'holder', 'info')
if m[1] and m[1] ~= format then return {'version', m[1]} end
if m[1] and m[2] ~= installation then return {'installation'} end
local held = redis.pcall('GET', KEYS[2])
local untilOver = redis.call('PTTL', KEYS[2])
if untilOver ~= -2 and type(held) ~= 'string' then held = '' end
if untilOver == -1 or held and held ~= m[6] and untilOver > tonumber(ttl) then
  redis.call('PEXPIRE', KEYS[2], ttl)
  untilOver = tonumber(ttl)
end
if held and string.sub(held, -#owner) ~= owner then return {'held', untilOver, m[7] or ''} end
token, epoch, seq = tonumber(token), tonumber(epoch), tonumber(seq)
if m[1] then
  local last = tonumber(m[3])
  if mode == 'lost' and last >= token and string.sub(m[6], -#owner) ~= owner then return {'fenced', m[7] or ''} end
  token, seq = math.max(last, token), math.max(tonumber(m[5]), seq)
  epoch = math.max(tonumber(m[4]) + (mode == 'lost' and 1 or 0), epoch)
end
token = token + 1
local holder = string.format('%d:%s', token, owner)
redis.call('HSET', KEYS[1], 'format', format, 'installation', installation, 'token', token, 'holder', holder, 'info', info, 'call', 0, 'epoch', epoch, 'seq', seq)
redis.call('HSETNX', KEYS[1], 'check', check)
if mode == 'lost' then redis.call('HDEL', KEYS[1], 'progress', 'round', 'phase') end
redis.call('SET', KEYS[2], holder, 'PX', ttl)
return {'ok', holder, token, epoch, seq}
`,
);

const RENEW = bareScript(
  'free',
  `
local m = redis.call('HMGET', KEYS[1], 'installation', 'seq', 'holder', 'info')
if m[1] ~= ARGV[1] or tonumber(m[2]) < tonumber(ARGV[2]) then return {'lost'} end
if m[3] ~= ARGV[3] then return {'fenced', m[3], m[4] or ''} end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return {'ok'}
`,
);

const RELEASE = bareScript(
  'free',
  `
if redis.pcall('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {'ok'}
`,
);

/** What {@link RedisLease.acquire} needs to know. */
export interface LeaseClaim {
  /** Name of the installation, made up where there is none yet. */
  readonly installation: string;
  /** What is sealed under the key of the installation, stored with it. */
  readonly check: Uint8Array;
  /** After a loss: what the holder had, which nothing that comes may go below. */
  readonly lost?: Holding | undefined;
}

/** The lease of one installation; see the head of the file. */
export class RedisLease {
  readonly #link: RedisLink;
  readonly #keys: readonly [string, string];
  /** Milliseconds. */
  readonly ttl: number;

  /** `ttl`: milliseconds that the lease lasts from each renewal on. */
  constructor(link: RedisLink, names: Names, ttl: number) {
    this.#link = link;
    this.#keys = [names.meta, names.lease];
    this.ttl = ttl;
  }

  /**
   * Takes the lease when it is free, and makes the installation where there is none. Throws `storage-version`, `storage-fenced` for a loss in
   * which somebody else has taken it since, `storage-foreign` where there is another installation, and as the link does.
   */
  async acquire(owner: LeaseOwner, { installation, check, lost }: LeaseClaim): Promise<LeaseAnswer> {
    const { token = 0, epoch = 0, seq = 0 } = lost ?? {};
    const info = JSON.stringify({ host: owner.host, pid: owner.pid });
    const mode = lost === undefined ? 'open' : 'lost';
    const args: Arg[] = [FORMAT, installation, Buffer.from(check), owner.id, info, String(this.ttl)];
    args.push(String(token), mode, String(epoch + 1), String(seq));
    const [kind, ...rest] = (await this.#link.run(ACQUIRE, this.#keys, () => args)) as Reply[];
    switch (String(kind)) {
      case 'ok': {
        const [holder, ...numbers] = rest;
        const [newToken, newEpoch, newSeq] = numbers.map(Number);
        return { kind: 'taken', holding: { installation, holder: String(holder), token: newToken!, epoch: newEpoch!, seq: newSeq! } };
      }
      case 'held':
        return { kind: 'held', for: Math.max(0, Number(rest[0])), by: ownerIn(rest[1]) };
      case 'fenced':
        throw new XaynetError('storage-fenced', `${ownerIn(rest[0])} has taken over`);
      case 'version':
        throw new XaynetError('storage-version', `format ${String(rest[0])} found, ${FORMAT} expected`);
      default:
        throw new XaynetError(lost === undefined ? 'storage-foreign' : 'storage-fenced', 'another installation uses the prefix by now');
    }
  }

  /** Begins the time of the lease anew, also when it is over and nobody has taken it. */
  async renew({ installation, seq, holder }: Holding): Promise<RenewalAnswer> {
    const reply = (await this.#link.run(RENEW, this.#keys, () => [installation, String(seq), holder, String(this.ttl)], this.ttl)) as Reply[];
    const kind = String(reply[0]);
    if (kind === 'fenced') return { kind, holder: String(reply[1]), by: ownerIn(reply[2]) };
    return { kind: kind === 'ok' ? 'renewed' : 'lost' };
  }

  /** Lets others have it at once; not held: nothing. */
  async release({ holder }: Pick<Holding, 'holder'>): Promise<void> {
    await this.#link.run(RELEASE, [this.#keys[1]], () => [holder], this.ttl);
  }
}

/** This process, under a name of its own at each call. */
export function leaseOwner(): LeaseOwner {
  return { id: randomBytes(12).toString('hex'), host: hostname().slice(0, 100), pid: process.pid };
}

/** Who holds a lease, as text. */
export function ownerIn(info: Reply | undefined): string {
  try {
    const { host, pid } = JSON.parse(String(info)) as LeaseOwner;
    return `process ${pid} on ${host}`;
  } catch {
    return 'another coordinator';
  }
}
