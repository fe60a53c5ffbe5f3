// What a Redis server must be like for rounds to be safe in it, found out before anything is written: its version, that it may not drop keys on
// its own, that it takes writes, and whether what it holds under the prefix is ours.

import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { Logger } from '../../log.ts';
import type { Reply } from './library.ts';
import type { RedisLink } from './link.ts';
import type { Names } from './names.ts';

/** The first major version with script flags, without which a full memory could stop a script half-way. */
const LEAST_MAJOR = 7;
/** Keys of an original coordinator, which have no prefix (coordinator 4.3). */
const ORIGINAL_KEYS = ['coordinator_state', 'sum_dict', 'update_participants', 'mask_submitted', 'mask_dict', 'latest_global_model_id'];
/** Keys under the prefix that are named when they are somebody else's. */
const MOST_NAMED = 3;

/** Fields of INFO by name. */
export type ServerInfo = ReadonlyMap<string, string>;

/** INFO as a map. */
export function serverInfo(text: string): ServerInfo {
  const lines = text.split(/\r?\n/).filter((line) => /^\w+:/.test(line));
  return new Map(lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** Throws `storage-unfit` for a server in which rounds would not be safe. */
export function checkServer(info: ServerInfo): void {
  const version = info.get('redis_version') ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= LEAST_MAJOR)) throw new XaynetError('storage-unfit', `Redis ${LEAST_MAJOR} or newer is needed, this is ${version}`);
  const policy = info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    throw new XaynetError(
      'storage-unfit',
      `maxmemory-policy is ${policy}: with it Redis drops keys of a round when memory is short. Set it to noeviction (CONFIG SET maxmemory-policy noeviction, and in redis.conf)`,
    );
  }
  if (info.get('role') === 'slave') throw new XaynetError('storage-unfit', 'this server is a replica, which takes no writes: give the URL of its master');
}

/** Warns where a restart of the server would lose rounds. `save`: the setting of that name; undefined: it may not be asked for. */
export function noticePersistence(info: ServerInfo, save: string | undefined, logger: Logger): void {
  if (info.get('aof_enabled') === '1') return;
  if (save === '') {
    logger.warn(
      {},
      'Redis keeps nothing on disk (appendonly no, no save): when it restarts, the round, records and perhaps models are lost. Set appendonly yes',
    );
  } else {
    logger.warn({}, 'Redis has no append-only file: when it fails, what came since its last snapshot is lost, and the round with it. Set appendonly yes');
  }
}

/** Tells of an original coordinator's data in the same database. They are left alone: none of our keys has such a name. */
export async function noticeOriginal(link: RedisLink, info: ServerInfo, logger: Logger): Promise<void> {
  if (info.get('cluster_enabled') === '1') return; // it does not run on one
  const found: string[] = [];
  for (const key of ORIGINAL_KEYS) if ((await link.command(['EXISTS', key])) === 1) found.push(key);
  if (found.length === 0) return;
  logger.warn({ keys: found }, 'this database has the data of an original coordinator; they are left as they are, and not read');
}

/** Throws `storage-foreign` when keys under the prefix are not ours. Called where there is no installation. */
export async function checkForeign(link: RedisLink, names: Names): Promise<void> {
  const found: string[] = [];
  for (let cursor = '0'; ; ) {
    const [next, keys] = (await link.command(['SCAN', cursor, 'MATCH', `${names.tag}*`, 'COUNT', '1000'])) as [Buffer, Buffer[]];
    // A lease alone is what is left where somebody deleted the rest.
    found.push(...keys.map((key) => key.toString('latin1')).filter((key) => key !== names.lease));
    cursor = next.toString('latin1');
    if (cursor === '0' || found.length >= MOST_NAMED) break;
  }
  if (found.length > 0)
    throw new XaynetError('storage-foreign', `keys of somebody else begin with ${names.tag}, ${found.slice(0, MOST_NAMED).join(', ')} for example`);
}

/** A setting of the server; undefined where CONFIG is not for us. */
export async function settingOf(link: RedisLink, name: string): Promise<string | undefined> {
  try {
    const reply = (await link.command(['CONFIG', 'GET', name])) as readonly Reply[];
    return reply[1] === undefined ? undefined : String(reply[1]);
  } catch (error) {
    if (isXaynetError(error, 'storage-timeout')) throw error;
    return undefined;
  }
}
