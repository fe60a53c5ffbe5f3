// Where the large bytes of an installation are: in Redis, or in one other place, which is known by a blob of its own there. Processes that share an
// installation and look for its blobs in different places would damage each other's rounds, so the second one does not start.

import { randomUUID } from 'node:crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { BlobStore } from '../blobs.ts';
import type { RedisLink } from './link.ts';
import type { Names } from './names.ts';

const IN_REDIS = 'redis';
const FOLDER = 'places';

/** Remembers the place the first time, and compares it from then on. `blobs`: undefined for Redis. Throws `storage-foreign`, and as both stores do. */
export async function checkPlace(link: RedisLink, names: Names, blobs: BlobStore | undefined): Promise<void> {
  const known = async (): Promise<string | undefined> => {
    const place = await link.command(['HGET', names.meta, 'place']);
    return place === null ? undefined : String(place);
  };
  if ((await known()) === undefined) {
    const own = blobs === undefined ? IN_REDIS : randomUUID();
    if (blobs !== undefined) await blobs.put(`${FOLDER}/${own}`, new TextEncoder().encode(own)); // before anybody looks for it
    const isFirst = (await link.command(['HSETNX', names.meta, 'place', own])) === 1;
    if (isFirst) return;
    if (blobs !== undefined) await blobs.delete([`${FOLDER}/${own}`]);
  }
  const place = await known();
  if (place === IN_REDIS && blobs === undefined) return;
  if (place !== IN_REDIS && blobs !== undefined && (await blobs.get(`${FOLDER}/${place}`)) !== undefined) return;
  const where = place === IN_REDIS ? 'in Redis' : 'in another bucket, or under another prefix';
  throw new XaynetError('storage-foreign', `the coordinators of this prefix have their large bytes ${where}: store.blobs and [s3] are to be the same for all`);
}
