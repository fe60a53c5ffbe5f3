// Verdicts on updates that come at the same time: they go together, and each is answered as if it had come alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, type PublicSigningKey } from '@xaynet/core/bytes';
import type { UpdateSeedDict } from '@xaynet/core/round';
import { MemoryBlobs } from '../../packages/coordinator/src/stores/blobs.ts';
import type { RoundProgress, Update } from '../../packages/coordinator/src/stores/contract.ts';
import { SharedRedisStore } from '../../packages/coordinator/src/stores/redis/shared-store.ts';
import { ephemeral, filled, key, mask, progress, state } from './rig.ts';
import { freshPrefix, KEY, sharedServer } from './server.ts';

const server = sharedServer();

/** Members at one Redis, the first of which leads a round in its update phase with sum participants 0, 1 and 2. */
async function fleet(t: { after(end: () => unknown): void }, members: number, gate?: RoundProgress['gate']) {
  const { url } = await server();
  const blobs = new MemoryBlobs();
  const prefix = freshPrefix();
  const stores: SharedRedisStore[] = [];
  for (let i = 0; i < members; i++) {
    const store = await SharedRedisStore.open({ url, key: KEY, prefix, blobs, lease: 1000 });
    t.after(() => store.close());
    await store.look({ id: `m${i}`, url: '', version: '1', began: 1, accepted: 0, refused: 0 }, i === 0);
    stores.push(store);
  }
  const [leader] = stores as [SharedRedisStore];
  await leader.setCoordinatorState(state(1), progress(1));
  for (const sum of [2, 0, 1]) await leader.admissions.sum(1, key(sum), ephemeral(sum));
  await leader.closeSum(undefined, { ...progress(1, 'update'), ...(gate === undefined ? {} : { gate }) });
  return { stores, blobs };
}

const seedOf = (byte: number, sum: number) => EncryptedMaskSeed(filled(80, (byte * 7 + sum) % 256));
const update = (byte: number, ...sums: number[]): Update => ({
  participant: key(byte),
  localSeedDict: new KeyMap(sums.map((sum): [PublicSigningKey, EncryptedMaskSeed] => [key(sum), seedOf(byte, sum)])),
  maskedModel: mask(byte),
});
const bytes = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 3);
const scripts = async (): Promise<number> =>
  Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(String(await (await server()).command('INFO', 'commandstats')))?.[1] ?? 0);

test('a hundred and fifty updates at once take three scripts, and every seed comes to its sum participant', async (t) => {
  const { stores } = await fleet(t, 1);
  const [store] = stores as [SharedRedisStore];
  await store.admissions.update(1, update(255, 0, 1, 2));
  const before = await scripts();
  // In every order of the sum participants: what is stored is in one order.
  const orders = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ];
  const answers = await Promise.all(bytes(150).map((byte) => store.admissions.update(1, update(byte, ...orders[byte % 3]!))));
  assert.ok((await scripts()) - before <= 3, `${(await scripts()) - before} scripts`);
  assert.deepEqual(
    answers.map((answer) => (answer.verdict === 'ok' ? answer.position : answer.verdict)).sort((a, b) => Number(a) - Number(b)),
    Array.from({ length: 150 }, (_, i) => i + 2),
  );
  const dict = await store.seedDict();
  assert.deepEqual(dict?.keys(), [key(0), key(1), key(2)]);
  for (const sum of [0, 1, 2]) {
    const row: UpdateSeedDict = dict!.get(key(sum))!;
    assert.equal(row.size, 151);
    for (const byte of bytes(150)) assert.deepEqual(row.get(key(byte)), seedOf(byte, sum), `${byte} for ${sum}`);
  }
});

test('among updates of one moment each has its own verdict: again, too few or other sum participants', async (t) => {
  const { stores, blobs } = await fleet(t, 1);
  const [store] = stores as [SharedRedisStore];
  const wanted = [update(10, 0, 1, 2), update(11, 0, 1), update(10, 0, 1, 2), update(12, 0, 1, 9), update(13, 0, 1, 2, 3), update(14), update(15, 2, 1, 0)];
  // The first may go by itself; the others wait for it and go together.
  const answers = await Promise.all([update(9, 0, 1, 2), ...wanted].map((one) => store.admissions.update(1, one)));
  assert.deepEqual(
    answers.map((answer) => (answer.verdict === 'ok' ? answer.position : answer.verdict)),
    [1, 2, 'length-mismatch', 'already-submitted', 'unknown-sum-participant', 'length-mismatch', 'length-mismatch', 3],
  );
  assert.equal((await store.look({ id: 'm0', url: '', version: '1', began: 1, accepted: 0, refused: 0 }, true)).counts.updates, 3);
  let contributions = 0;
  for await (const { key } of blobs.list('rounds/')) contributions += key.includes('/contribution/') ? 1 : 0;
  assert.equal(contributions, 3, 'what is refused leaves no masked model');
});

test('a phase that has all it takes in the midst of a moment is full for the rest', async (t) => {
  const { stores } = await fleet(t, 2, { most: 5, excluded: [] });
  const answers = await Promise.all(bytes(12).map((byte, i) => stores[i % 2]!.admissions.update(1, update(byte, 0, 1, 2))));
  assert.equal(answers.filter(({ verdict }) => verdict === 'ok').length, 5);
  assert.equal(answers.filter(({ verdict }) => verdict === 'phase-full').length, 7);
});

test('a dictionary that is another than a member knew is looked at again', async (t) => {
  const { stores } = await fleet(t, 2);
  const [leader, other] = stores as [SharedRedisStore, SharedRedisStore];
  assert.equal((await other.admissions.update(1, update(3, 0, 1, 2))).verdict, 'ok');
  await leader.closeSum([key(0), key(1)], progress(1, 'update'));
  assert.equal((await other.admissions.update(1, update(4, 0, 1, 2))).verdict, 'length-mismatch', 'not by what was true before');
  assert.equal((await other.admissions.update(1, update(4, 0, 1))).verdict, 'ok');
  const dict = await leader.seedDict();
  assert.deepEqual(
    [key(0), key(1)].map((sum) => dict!.get(sum)!.get(key(3))),
    [seedOf(3, 0), seedOf(3, 1)],
    'and what was stored before is read by its own order',
  );
});

test('a call that fails fails for all that went with it, and the next one works', async (t) => {
  const { stores } = await fleet(t, 1);
  const [store] = stores as [SharedRedisStore];
  const redis = await server();
  assert.equal((await store.admissions.update(1, update(3, 0, 1, 2))).verdict, 'ok');
  // Scripts that write are refused while the server has no memory left.
  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  const failed = await Promise.allSettled(bytes(8).map((byte) => store.admissions.update(1, update(byte + 10, 0, 1, 2))));
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  assert.deepEqual(
    failed.map(({ status }) => status),
    bytes(8).map(() => 'rejected'),
  );
  assert.equal((await store.admissions.update(1, update(4, 0, 1, 2))).verdict, 'ok');
});
