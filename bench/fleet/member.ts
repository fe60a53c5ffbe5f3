// A member of a fleet with everything left out but coordination: it looks, and has the store decide on updates of one weight whose bytes lie in
// its memory. So what a look and a verdict cost is measured alone, without the bytes that a model has.

import { randomFillSync } from 'node:crypto';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { encodeMaskObject } from '@xaynet/core/mask';
import type { LocalSeedDict } from '@xaynet/core/message';
import { MemoryBlobs, putDigested } from '../../packages/coordinator/src/stores/blobs.ts';
import { SharedRedisStore } from '../../packages/coordinator/src/stores/redis/shared-store.ts';
import { mask, progress, state } from '../../tests/redis/rig.ts';
import { type Abilities, answerQuestions } from '../coordinator/helper.ts';

/** Calls under way at a time, as connections of participants are. */
const AT_ONCE = 8;

/** Bytes in the memory of one process; the store is told that all members have them in one place, which for bytes that nobody else reads is no harm. */
class OwnBlobs extends MemoryBlobs {
  override async get(key: string): Promise<Uint8Array | undefined> {
    return key.startsWith('places/') ? new Uint8Array(1) : await super.get(key);
  }
}

const blobs = new OwnBlobs();
let left = 0;
let store: SharedRedisStore;
let id = '';
/** Of all updates: making it is the participant's work. */
let localSeedDict: LocalSeedDict;
let round = 0;

const seedsFor = (sums: readonly PublicSigningKey[]): LocalSeedDict =>
  new KeyMap(sums.map((sum) => [sum, EncryptedMaskSeed(random(EncryptedMaskSeed.LENGTH))] as const));
const random = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));
const look = (mayLead: boolean) => store.look({ id, url: 'http://10.0.0.1:8081', version: '0.1.0', began: Date.now(), accepted: 12345, refused: 12 }, mayLead);

/** CPU seconds of this process that `times` calls take, so many at a time. */
async function timed(times: number, call: () => Promise<unknown>, atOnce: number = AT_ONCE): Promise<number> {
  const before = process.cpuUsage();
  let left = times;
  const one = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function verdict(): Promise<void> {
  const { verdict } = await store.admissions.update(round, { participant: PublicSigningKey(random(32)), localSeedDict, maskedModel: mask(1, 1) });
  if (verdict !== 'ok') throw new Error(`an update was answered ${verdict}`);
}

const abilities = {
  /** Joins the fleet, or begins it. */
  join: async ({ url, key, prefix, name }: { url: string; key: string; prefix: string; name: string }): Promise<void> => {
    store = await SharedRedisStore.open({ url, key, prefix, lease: 60, blobs });
    id = name;
    await look(true);
  },

  /** For the leader: a round in its update phase, with so many sum participants; their keys. */
  begin: async (count: number): Promise<readonly Uint8Array[]> => {
    round++;
    await store.setCoordinatorState(state(round), progress(round));
    const sums = Array.from({ length: count }, () => PublicSigningKey(random(32)));
    localSeedDict = seedsFor(sums);
    for (const sum of sums) await store.admissions.sum(round, sum, PublicEncryptKey(random(32)));
    await store.closeSum(undefined, progress(round, 'update'));
    return sums;
  },

  /** For the others: the same round. */
  follow: async ({ number, keys }: { number: number; keys: readonly Uint8Array[] }): Promise<void> => {
    round = number;
    localSeedDict = seedsFor(keys.map((one) => PublicSigningKey(one)));
    await look(false);
  },

  /** CPU seconds of so many verdicts on updates, several at a time and one at a time. */
  verdicts: (times: number): Promise<number> => timed(times, verdict),
  singles: (times: number): Promise<number> => timed(times, verdict, 1),

  /** CPU seconds of what the bytes of so many updates cost where nothing is asked of anybody: a verdict has that as well. */
  blobs: (times: number): Promise<number> => timed(times, () => putDigested(blobs, `blob-${left++}`, encodeMaskObject(mask(1, 1)))),

  /** CPU seconds of so many looks, and peeks. */
  looks: (times: number): Promise<number> => timed(times, () => look(false)),
  peeks: (times: number): Promise<number> => timed(times, () => store.peek()),

  leave: async (): Promise<void> => {
    await store.leave(id);
    await store.close();
  },
} satisfies Abilities;

/** What {@link Helper} may ask of this script. */
export type MemberProcess = typeof abilities;

answerQuestions(abilities);
