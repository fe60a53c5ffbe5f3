// Opening a store on Redis: settings, library, server, installation, key, lease, in this order. Whatever is wrong is found before anything is
// changed, and said with a code. A server that is not up yet is waited for, and so is the lease of a predecessor that died.

import { randomUUID } from 'node:crypto';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { type Logger, SILENT_LOGGER } from '../../log.ts';
import type { BlobStore } from '../blobs.ts';
import type { StoreOptions } from '../options.ts';
import { givenSecrets, KEY_CHECK, type SecretOptions, type Secrets } from '../secrets.ts';
import { RedisActs } from './acts.ts';
import { parseRedisUrl, type RedisAddress, shownAddress } from './address.ts';
import { FORMAT, type Holding, type LeaseOwner, leaseOwner, RedisLease } from './lease.ts';
import { type Reply, redisLibrary } from './library.ts';
import { type LinkOptions, RedisLink } from './link.ts';
import { Names, PREFIX } from './names.ts';
import { checkPlace } from './place.ts';
import { RedisBlobs } from './redis-blobs.ts';
import { checkForeign, checkServer, noticeOriginal, noticePersistence, type ServerInfo, serverInfo, settingOf } from './server.ts';

/** What a store on Redis may be told. */
export interface RedisStoreOptions extends StoreOptions, SecretOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, `rediss://…` for TLS, or `unix:///path`. */
  readonly url: string;
  /** What all keys begin with, in braces; default `xaynet`. 1 to 64 of `A-Z a-z 0-9 _ . -`. */
  readonly prefix?: string | undefined;
  /** Large bytes, which the store closes with itself; left out: in Redis. */
  readonly blobs?: BlobStore | undefined;
  /** PEM certificates of the authorities that the server's may be of; left out: those of the system. */
  readonly ca?: string | undefined;
  /** Seconds that one command may take; default 30. */
  readonly timeout?: number | undefined;
  /** Seconds that the lease lasts unless it is renewed, which it is at a third of them; default 10. */
  readonly lease?: number | undefined;
  /** Seconds that a server which cannot be reached is waited for; default 30. */
  readonly wait?: number | undefined;
  /** Silent when left out. */
  readonly logger?: Logger | undefined;
}

/** What an opened store is made of. */
export interface OpenedRedis {
  readonly acts: RedisActs;
  readonly blobs: BlobStore;
  readonly secrets: Secrets;
  /** The connection of everything but blobs. */
  readonly link: RedisLink;
}

const DEFAULT_PREFIX = 'xaynet';
const DEFAULT_TIMEOUT = 30;
const DEFAULT_LEASE = 10;
/** A fleet is without a leader for as long, at most twice, when one dies. */
const DEFAULT_FLEET_LEASE = 3;
const DEFAULT_WAIT = 30;
/** Milliseconds between looks at a server that is not up, or at a lease that somebody has. */
const LOOK_EVERY = 200;
/** Milliseconds that a look may take. */
const LONGEST_LOOK = 5000;
/** Times that the installation is looked at: another process may make it between two looks. */
const MOST_LOOKS = 8;

/** Throws what {@link RedisStore.open} throws. */
export async function openRedis(options: RedisStoreOptions): Promise<OpenedRedis> {
  const { lease: ttl = DEFAULT_LEASE } = options;
  return await connect(options, async ({ link, names, lease, owner, secrets, logger }) => ({
    holding: await take(link, names, lease, owner, secrets, logger),
    renewEvery: (ttl * 1000) / 3,
  }));
}

/** The same for one of several processes: the lease is left alone. Throws the same but `storage-locked`. */
export async function openShared(options: RedisStoreOptions): Promise<OpenedRedis & { readonly leaseMs: number }> {
  const { lease: ttl = DEFAULT_FLEET_LEASE } = options;
  const opened = await connect({ ...options, lease: ttl }, async ({ link, names, lease, owner, secrets }) => ({
    holding: await found(link, names, lease, owner, secrets),
    renewEvery: undefined,
  }));
  return { ...opened, leaseMs: Math.round(ttl * 1000) };
}

/** What an installation is come to with. */
interface Connection {
  readonly link: RedisLink;
  readonly names: Names;
  readonly lease: RedisLease;
  readonly owner: LeaseOwner;
  readonly secrets: Secrets;
  readonly logger: Logger;
}

async function connect(
  options: RedisStoreOptions,
  come: (connection: Connection) => Promise<{ readonly holding: Holding; readonly renewEvery: number | undefined }>,
): Promise<OpenedRedis> {
  const { lease: ttl = DEFAULT_LEASE, wait = DEFAULT_WAIT, logger = SILENT_LOGGER } = options;
  const { address, prefix, secrets, names, linkOptions } = await checked(options);
  const link = new RedisLink(linkOptions);
  try {
    const info = await reach(link, address, wait * 1000, logger);
    checkServer(info);
    const owner = leaseOwner();
    const lease = new RedisLease(link, names, Math.round(ttl * 1000));
    const { holding, renewEvery } = await come({ link, names, lease, owner, secrets, logger });
    noticePersistence(info, await settingOf(link, 'save'), logger);
    await noticeOriginal(link, info, logger);
    await checkPlace(link, names, options.blobs);
    const check = secrets.seal('key check', KEY_CHECK);
    const isOurs = (box: Uint8Array): boolean => secrets.open('key check', box) !== undefined;
    const acts = new RedisActs({ link, names, lease, owner, check, isOurs, holding, logger, renewEvery });
    const blobs = options.blobs ?? new RedisBlobs(new RedisLink(linkOptions), names);
    logger.info({ server: shownAddress(address), prefix, token: holding.token }, 'the store on Redis is open');
    return { acts, blobs, secrets, link };
  } catch (error) {
    link.close();
    throw error;
  }
}

/** The options as they are used. Throws `option-invalid`, `storage-library-missing`, and what {@link givenSecrets} throws. */
async function checked(options: RedisStoreOptions) {
  const { prefix = DEFAULT_PREFIX, timeout = DEFAULT_TIMEOUT, lease = DEFAULT_LEASE, wait = DEFAULT_WAIT } = options;
  const address = parseRedisUrl(options.url);
  if (address === undefined) throw new XaynetError('option-invalid', 'url: redis://host, rediss://host or unix:///path expected');
  if (!PREFIX.test(prefix)) throw new XaynetError('option-invalid', 'prefix: 1 to 64 of A-Z a-z 0-9 _ . - expected');
  for (const [name, value, least] of [
    ['timeout', timeout, 0.1],
    ['lease', lease, 0.3],
    ['wait', wait, 0],
  ] as const) {
    if (!(value >= least && value <= 1e6)) throw new XaynetError('option-invalid', `${name}: seconds from ${least} on expected, ${value} given`);
  }
  const secrets = givenSecrets(options);
  const linkOptions: LinkOptions = { library: await redisLibrary(), address, timeout: timeout * 1000, ca: options.ca };
  return { address, prefix, secrets, names: new Names(prefix), linkOptions };
}

/** What there is to know of a Redis before a store is opened on it. */
export interface RedisLook {
  /** Version of the server. */
  readonly version: string;
  /** Whether it keeps an append-only file. */
  readonly appendOnly: boolean;
  /** When that is written to the disk, `appendfsync`: `always`, `everysec` or `no`; undefined: there is none, or it may not be asked for. */
  readonly appendSync: string | undefined;
  /** Bytes of memory that it uses, and may use; 0: as much as there is. */
  readonly memory: { readonly used: number; readonly most: number };
  /** Whether there is an installation under the prefix, made with the key that was given. */
  readonly installed: boolean;
  /** Processes of its fleet that were heard of last. */
  readonly members: number;
  /** Its time, in milliseconds since 1970. */
  readonly now: number;
}

/**
 * Looks whether a store can be opened, and changes nothing. Throws what opening one throws, but `storage-locked`; a server that is not there is waited for
 * only when `wait` says so.
 * @example
 * ```ts
 * import { lookAtRedis, type RedisStoreOptions } from '@xaynet/coordinator/stores/redis';
 * async function redisAt(server: Pick<RedisStoreOptions, 'url' | 'key' | 'wait'>): Promise<string> {
 *   const { version, installed, members } = await lookAtRedis({ ...server, prefix: 'fleet-1' });
 *   return `Redis ${version}, ${installed ? `${members} processes` : 'nothing yet'}`;
 * }
 * ```
 */
export async function lookAtRedis(options: RedisStoreOptions): Promise<RedisLook> {
  const { address, names, secrets, linkOptions } = await checked(options);
  const link = new RedisLink(linkOptions);
  try {
    const info = await reach(link, address, (options.wait ?? 0) * 1000, SILENT_LOGGER);
    checkServer(info);
    const installed = (await installationAt(link, names, secrets)) !== undefined;
    if (!installed) await checkForeign(link, names);
    const members = Number(await link.command(['HLEN', names.members]));
    const [seconds, micros] = (await link.command(['TIME'])) as readonly Reply[];
    const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    const appendOnly = info.get('aof_enabled') === '1';
    const appendSync = appendOnly ? await settingOf(link, 'appendfsync') : undefined;
    const memory = { used: Number(info.get('used_memory')), most: Number(info.get('maxmemory') ?? 0) };
    return { version: info.get('redis_version')!, appendOnly, appendSync, memory, installed, members, now };
  } finally {
    link.close();
  }
}

/** The installation under the prefix as it is, which is made when there is none; nobody holds the lease for it. */
async function found(link: RedisLink, names: Names, lease: RedisLease, owner: LeaseOwner, secrets: Secrets): Promise<Holding> {
  for (let looks = 1; ; looks++) {
    const installation = await installationAt(link, names, secrets);
    if (installation !== undefined) {
      await link.command(['HSETNX', names.meta, 'life', randomUUID()]);
      const [token, epoch, seq, life] = (await link.command(['HMGET', names.meta, 'token', 'epoch', 'seq', 'life'])) as readonly Reply[];
      return { installation, holder: '', token: Number(token), epoch: Number(epoch), seq: Number(seq), life: String(life) };
    }
    try {
      await checkForeign(link, names);
      const answer = await lease.acquire(owner, { installation: randomUUID(), check: secrets.seal('key check', KEY_CHECK) });
      if (answer.kind === 'taken') await lease.release(answer.holding);
      else await sleep(Math.max(1, Math.min(LOOK_EVERY, answer.for))); // a lease is all that is left of an installation
    } catch (error) {
      if (!isXaynetError(error, 'storage-foreign') || looks >= MOST_LOOKS) throw error; // another process may have been first
    }
  }
}

/** What the server says of itself, once it can be asked. Throws `storage-unreachable` after `wait` milliseconds. */
async function reach(link: RedisLink, address: RedisAddress, wait: number, logger: Logger): Promise<ServerInfo> {
  const until = Date.now() + wait;
  for (let told = false; ; told = true) {
    try {
      return serverInfo(String(await link.command(['INFO'], LONGEST_LOOK)));
    } catch (error) {
      if (!isXaynetError(error, 'storage-failed') && !isXaynetError(error, 'storage-timeout')) throw error;
      if (Date.now() >= until) throw new XaynetError('storage-unreachable', causeOf(error, address), { cause: error });
      if (!told) logger.warn({ server: shownAddress(address), error: error.message, wait: wait / 1000 }, 'Redis cannot be reached; waiting for it');
      await sleep(Math.min(LOOK_EVERY, Math.max(1, until - Date.now())));
    }
  }
}

/** Takes the lease of the installation under the prefix, which is made when there is none. */
async function take(link: RedisLink, names: Names, lease: RedisLease, owner: LeaseOwner, secrets: Secrets, logger: Logger): Promise<Holding> {
  for (let looks = 1; ; looks++) {
    const found = await installationAt(link, names, secrets);
    try {
      if (found === undefined) await checkForeign(link, names);
      return await waitForLease(lease, owner, found ?? randomUUID(), secrets, logger);
    } catch (error) {
      if (found !== undefined || !isXaynetError(error, 'storage-foreign') || looks >= MOST_LOOKS) throw error;
    }
  }
}

/** The installation under the prefix; none: undefined. Throws `storage-foreign`, `storage-version`, `storage-key-wrong`. */
async function installationAt(link: RedisLink, names: Names, secrets: Secrets): Promise<string | undefined> {
  const read = async (): Promise<readonly Reply[]> => {
    try {
      return (await link.command(['HMGET', names.meta, 'format', 'installation', 'check'])) as readonly Reply[];
    } catch (error) {
      if (isXaynetError(error) && error.message.includes('WRONGTYPE')) throw new XaynetError('storage-foreign', `${names.meta} is not ours`);
      throw error;
    }
  };
  const isNone = ([format, installation]: readonly Reply[]): boolean => format === null && installation === null;
  let reply = await read();
  if (isNone(reply)) {
    if ((await link.command(['EXISTS', names.meta])) !== 1) return undefined;
    reply = await read(); // another process may have made it in between
    if (isNone(reply)) throw new XaynetError('storage-foreign', `${names.meta} is not ours`);
  }
  const [format, installation, check] = reply;
  if (String(format) !== FORMAT) throw new XaynetError('storage-version', `${names.meta}: format ${String(format).slice(0, 20)} found, ${FORMAT} expected`);
  if (!Buffer.isBuffer(check) || secrets.open('key check', check) === undefined) {
    throw new XaynetError('storage-key-wrong', `the prefix of ${names.tag} is in use by an installation with another key`);
  }
  return String(installation);
}

/** A live holder renews its lease before it is over; so whoever has it after the time that it had left is alive. Throws `storage-locked`. */
async function waitForLease(lease: RedisLease, owner: LeaseOwner, installation: string, secrets: Secrets, logger: Logger): Promise<Holding> {
  const check = secrets.seal('key check', KEY_CHECK);
  let until: number | undefined;
  for (;;) {
    const answer = await lease.acquire(owner, { installation, check });
    if (answer.kind === 'taken') return answer.holding;
    const now = Date.now();
    if (until === undefined) {
      until = now + answer.for + 2 * LOOK_EVERY;
      logger.info({ holder: answer.by, seconds: answer.for / 1000 }, 'another coordinator has the lease of the store; waiting for it to run out');
    } else if (now >= until) throw new XaynetError('storage-locked', `${answer.by} has the lease, and renews it`);
    await sleep(Math.max(1, Math.min(LOOK_EVERY, answer.for)));
  }
}

function causeOf(error: XaynetError, address: RedisAddress): string {
  return error.cause instanceof Error ? `${shownAddress(address)}: ${error.cause.message || error.cause.name}` : shownAddress(address);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
