// The contract of a store that several processes share, over a real Redis.

import assert from 'node:assert/strict';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { isXaynetError } from '@xaynet/core/errors';
import { MemoryBlobs } from '../../packages/coordinator/src/stores/blobs.ts';
import type { RedisStoreOptions } from '../../packages/coordinator/src/stores/redis/open.ts';
import { SharedRedisStore } from '../../packages/coordinator/src/stores/redis/shared-store.ts';
import { RedisStore } from '../../packages/coordinator/src/stores/redis/store.ts';
import { sharedConformance } from '../../packages/coordinator/src/stores/shared-conformance.test.ts';
import { ephemeral, key, progress, state } from './rig.ts';
import { freshPrefix, KEY, RedisServer, sharedServer } from './server.ts';

const server = sharedServer();
const LEASE = 0.3;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

sharedConformance('redis', {
  fleet: async () => {
    const prefix = freshPrefix();
    return {
      connect: async () => SharedRedisStore.open({ url: (await server()).url, key: KEY, prefix, lease: LEASE }),
      pass: async (leases, awake) => {
        for (let i = 0; i < 4 * leases + 1; i++) {
          await sleep((LEASE * 1000) / 4);
          await awake?.();
        }
      },
    };
  },
});

for (const first of ['the leader', 'another member'] as const) {
  test(`everything is gone, and ${first} notices first: each is told once, one leads, and what is written from then on holds`, async (t) => {
    const server = await RedisServer.start(t);
    const prefix = freshPrefix();
    const stores = await Promise.all([0, 1].map(() => SharedRedisStore.open({ url: server.url, key: KEY, prefix, lease: LEASE })));
    const look = (index: number, mayLead = true) =>
      stores[index]!.look({ id: 'ab'[index]!, url: '', version: '1', began: 1, accepted: 0, refused: 0 }, mayLead);
    const isLost = (error: unknown): boolean => isXaynetError(error, 'storage-lost');
    assert.equal((await look(0)).leads, true);
    await look(1);
    await stores[0]!.setProgress(progress(7, 'update'));
    await server.command('FLUSHALL');
    const order = first === 'the leader' ? [0, 1] : [1, 0];
    for (const index of order) await assert.rejects(look(index), isLost);
    const sights = [await look(order[0]!), await look(order[1]!)];
    assert.equal(sights.filter(({ leads }) => leads).length, 1);
    assert.deepEqual(
      sights.map(({ progress: found, counts }) => [found, counts.sums]),
      [
        [undefined, 0],
        [undefined, 0],
      ],
    );
    const leader = sights[0]!.leads ? order[0]! : order[1]!;
    await stores[leader]!.setProgress(progress(8, 'sum'));
    assert.equal((await look(1 - leader)).progress?.round, 8);
    await assert.rejects(stores[1 - leader]!.setProgress(undefined), (error) => isXaynetError(error, 'storage-fenced'));
    await Promise.all(stores.map((store) => store.close()));
  });
}

test('what somebody else wrote among the members keeps nobody from looking', async (t) => {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  const store = await SharedRedisStore.open({ url: server.url, key: KEY, prefix, lease: LEASE });
  const odd = { id: 'odd', url: '', version: '1', began: 1, accepted: 0, refused: 0, settings: { 'redis.lease': 'long' } };
  await server.command('HSET', `{${prefix}}:members`, 'x', 'not ours', 'y', 'null', 'z', '{"id":1}', 'odd', JSON.stringify(odd));
  const sight = await store.look({ id: 'a', url: '', version: '1', began: 1, accepted: 0, refused: 0 }, true);
  assert.deepEqual(
    [sight.leads, sight.members.map(({ id, settings }) => [id, settings])],
    [
      true,
      [
        ['a', undefined],
        ['odd', undefined],
      ],
    ],
  );
  await store.close();
});

const sightOf = (store: SharedRedisStore, id: string) => store.look({ id, url: '', version: '1', began: 1, accepted: 0, refused: 0 }, true);

for (const [what, ...command] of [
  ['without an end', 'PERSIST', 'lease'],
  ['that somebody else wrote, without an end', 'SET', 'lease', 'somebody'],
  ['that somebody else wrote, for an hour', 'SET', 'lease', '9:somebody', 'PX', '3600000'],
  ['that is no text', 'EVAL', "redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], 'a', 'b')", '1', 'lease'],
] as const) {
  test(`a lease ${what} does not stop a fleet: the leader that lives goes on, or another leads, and never two`, async (t) => {
    const server = await RedisServer.start(t);
    const prefix = freshPrefix();
    const [leader, other] = (await Promise.all([0, 1].map(() => SharedRedisStore.open({ url: server.url, key: KEY, prefix, lease: LEASE })))) as [
      SharedRedisStore,
      SharedRedisStore,
    ];
    const garble = () => server.command(...command.map((word) => (word === 'lease' ? `{${prefix}}:lease` : word)));
    assert.equal((await sightOf(leader, 'a')).leads, true);
    await garble();
    const taken = async (): Promise<string | undefined> => {
      const sights = [await sightOf(leader, 'a'), await sightOf(other, 'b')];
      return sights.find(({ leads }) => leads)?.leader;
    };
    let first = await taken();
    for (; first === undefined; first = await taken()) await sleep(10);
    if (what === 'without an end') assert.equal(first, 'a');
    const [winner, loser, id] = first === 'a' ? [leader, other, 'b'] : [other, leader, 'a'];
    await winner.setProgress(progress(1, 'sum'));
    await assert.rejects(loser.setProgress(undefined), (error) => isXaynetError(error, 'storage-fenced'));
    await garble(); // and now the leader dies
    while (!(await sightOf(loser, id)).leads) await sleep(10);
    await assert.rejects(winner.setProgress(undefined), (error) => isXaynetError(error, 'storage-fenced'));
    await Promise.all([leader.leave('a'), other.leave('b')]);
    await Promise.all([leader.close(), other.close()]);
  });
}

test('a lease without an end is all that is left of an installation: it is waited for as long as any, and then there is one again', async (t) => {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  await server.command('SET', `{${prefix}}:lease`, '4:somebody');
  const store = await SharedRedisStore.open({ url: server.url, key: KEY, prefix, lease: LEASE });
  assert.equal((await sightOf(store, 'a')).leads, true);
  await store.close();
  const another = freshPrefix();
  await server.command('HSET', `{${another}}:lease`, 'a', 'b');
  const own = await RedisStore.open({ url: server.url, key: KEY, prefix: another, lease: LEASE });
  await own.setProgress(progress(1));
  await own.close();
});

test('processes that look for large bytes in different places are no fleet: the second one does not start', async (t) => {
  const server = await RedisServer.start(t);
  const blobs = new MemoryBlobs();
  const open = (prefix: string, given?: MemoryBlobs) => SharedRedisStore.open({ url: server.url, key: KEY, prefix, lease: LEASE, blobs: given });
  const isForeign = (error: unknown): boolean => isXaynetError(error, 'storage-foreign') && /store\.blobs and \[s3\]/.test(error.message);
  const [elsewhere, here] = [freshPrefix(), freshPrefix()];
  const first = await open(elsewhere, blobs);
  await assert.rejects(open(elsewhere), isForeign);
  await assert.rejects(open(elsewhere, new MemoryBlobs()), isForeign);
  const second = await open(elsewhere, blobs);
  const third = await open(here);
  await assert.rejects(open(here, blobs), isForeign);
  const fourth = await open(here);
  await Promise.all([first, second, third, fourth].map((store) => store.close().catch(() => {})));
});

/** A fleet of one that leads, at a Redis that then forgets everything. */
async function forgotten(t: TestContext, blobs?: MemoryBlobs) {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  const open = async (given: Partial<RedisStoreOptions> = {}): Promise<SharedRedisStore> => {
    const store = await SharedRedisStore.open({ url: server.url, key: KEY, prefix, lease: LEASE, blobs, ...given });
    t.after(() => store.close().catch(() => {}));
    return store;
  };
  const installation = async (): Promise<string> => String(await server.command('HGET', `{${prefix}}:meta`, 'installation'));
  const known = await open();
  assert.equal((await sightOf(known, 'known')).leads, true);
  await known.setProgress(progress(7, 'update'));
  const before = await installation();
  await server.command('FLUSHALL');
  return { open, installation, known, before };
}
const isLost = (error: unknown): boolean => isXaynetError(error, 'storage-lost');

test('after a loss that another noticed first nobody is taken for the holder of the lease that nobody has', async (t) => {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  const [leader, other] = [0, 1].map(() => SharedRedisStore.open({ url: server.url, key: KEY, prefix, lease: LEASE }));
  assert.equal((await sightOf(await leader!, 'a')).leads, true);
  await sightOf(await other!, 'b');
  await server.command('FLUSHALL');
  await assert.rejects(sightOf(await other!, 'b'), isLost);
  const follows = (await leader!).look({ id: 'a', url: '', version: '1', began: 1, accepted: 0, refused: 0 }, false);
  await assert.rejects(follows, isLost);
  assert.equal(String(await server.command('HGET', `{${prefix}}:meta`, 'holder')), '');
  await assert.rejects((await leader!).setProgress(progress(7, 'update')), (error) => isXaynetError(error, 'storage-fenced'));
  for (const store of [leader!, other!]) await (await store).close();
});

test('those who notice later than a newcomer that Redis has forgotten everything join what it has made of it', async (t) => {
  const blobs = new MemoryBlobs();
  const { open, known, before, installation } = await forgotten(t, blobs);
  const keys = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key } of blobs.list('rounds/')) found.push(key);
    return found;
  };
  const contribution = `rounds/${before}/1/contribution/ab`;
  for (const key of [contribution, 'rounds/another/1/contribution/ab']) await blobs.put(key, new Uint8Array(1));
  const newcomer = await open();
  assert.notEqual(await installation(), before);
  assert.equal((await sightOf(newcomer, 'new')).leads, true);
  await newcomer.setCoordinatorState(state(1), progress(1, 'sum'));
  await assert.rejects(sightOf(known, 'known'), isLost);
  const sight = await sightOf(known, 'known');
  assert.deepEqual([sight.leads, sight.leader, sight.progress?.round], [false, 'new', 1]);
  assert.equal(await known.admissions.sum(1, key(1), ephemeral(1)), 'ok');
  await assert.rejects(known.setProgress(undefined), (error) => isXaynetError(error, 'storage-fenced'));
  assert.equal((await sightOf(newcomer, 'new')).counts.sums, 1);
  while ((await keys()).includes(contribution)) await sleep(10);
  assert.deepEqual(await keys(), ['rounds/another/1/contribution/ab'], 'what the lost rounds had is gone');
});

test('an installation with another key that came into the place is not joined', async (t) => {
  const { open, known } = await forgotten(t);
  await open({ key: 'b6'.repeat(32) });
  for (let i = 0; i < 2; i++)
    await assert.rejects(sightOf(known, 'known'), (error) => isXaynetError(error, 'storage-foreign') && /another key/.test(error.message));
});

test('where large bytes are is remembered again after Redis forgot it, and compared with what a newcomer has made of it', async (t) => {
  const isElsewhere = (error: unknown): boolean => isXaynetError(error, 'storage-foreign') && /store\.blobs and \[s3\]/.test(error.message);
  const first = await forgotten(t, new MemoryBlobs());
  await assert.rejects(sightOf(first.known, 'known'), isLost);
  await sightOf(first.known, 'known');
  await assert.rejects(first.open({ blobs: new MemoryBlobs() }), isElsewhere);
  await sightOf(await first.open(), 'same place');
  const second = await forgotten(t, new MemoryBlobs());
  await second.open({ blobs: new MemoryBlobs() });
  await assert.rejects(sightOf(second.known, 'known'), isLost);
  for (let i = 0; i < 2; i++) await assert.rejects(sightOf(second.known, 'known'), isElsewhere);
});

test('twelve processes that come to an empty Redis at the same time make one installation', async (t) => {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  const stores = await Promise.all(Array.from({ length: 12 }, () => SharedRedisStore.open({ url: server.url, key: KEY, prefix, lease: LEASE })));
  const sights = await Promise.all(stores.map((store, i) => store.look({ id: `m${i}`, url: '', version: '1', began: 1, accepted: 0, refused: 0 }, true)));
  assert.equal(sights.filter(({ leads }) => leads).length, 1);
  await Promise.all(stores.map((store) => store.close()));
});

test("an installation that another process makes between two looks at the place is not taken for somebody else's", async (t) => {
  const { url } = await RedisServer.start(t);
  const prefix = freshPrefix();
  const open = (at: string): Promise<SharedRedisStore> => SharedRedisStore.open({ url: at, key: KEY, prefix, lease: LEASE });
  const path = url.slice('unix://'.length);
  let first: SharedRedisStore | undefined;
  // The first EXISTS waits until another process has made the installation.
  const between = createServer((near) => {
    const far = createConnection(path);
    far.pipe(near);
    near.on('error', () => {}).on('close', () => far.destroy());
    far.on('error', () => {});
    near.on('data', (piece) => {
      if (first !== undefined || !piece.includes('EXISTS')) return void far.write(piece);
      near.pause();
      void open(url).then((store) => {
        first = store;
        far.write(piece);
        near.resume();
      });
    });
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  t.after(() => between.close());
  const second = await open(`redis://127.0.0.1:${(between.address() as AddressInfo).port}`);
  assert.ok(first !== undefined);
  assert.deepEqual(await second.fleetSecret(), await first.fleetSecret());
  await Promise.all([first.close(), second.close()]);
});
