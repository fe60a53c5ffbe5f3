// Two stores at one installation: whoever has lost the lease changes nothing any more, in no way there is. What processes may do that never had
// it is in shared.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RedisStore } from '../../packages/coordinator/src/stores/redis/store.ts';
import { chunks, contributions, ephemeral, filled, key, mask, openAt, progress, record, state, until, update } from './rig.ts';
import { freshPrefix, sharedServer } from './server.ts';

const server = sharedServer();

/** Every method that changes something. */
const CHANGES: Readonly<Record<string, (store: RedisStore) => Promise<unknown>>> = {
  setCoordinatorState: (store) => store.setCoordinatorState(state(9), progress(9)),
  setProgress: (store) => store.setProgress(progress(9, 'sum2')),
  'setProgress, none': (store) => store.setProgress(undefined),
  admitSum: (store) => store.admitSum(key(9), ephemeral(9)),
  closeSum: (store) => store.closeSum([], progress(9, 'update')),
  admitUpdate: (store) => store.admitUpdate(update(9, 1)),
  admitSum2: (store) => store.admitSum2(key(1), mask(9)),
  eraseRound: (store) => store.eraseRound(),
  eraseAll: (store) => store.eraseAll(),
  setLatestModelId: (store) => store.setLatestModelId('9_bb'),
  setCheckpoint: (store) => store.setCheckpoint({ position: 1, aggregate: mask(9), count: 1 }),
  appendChunks: (store) => store.appendChunks([{ participant: key(9), tag: 'update', payload: filled(20, 9) }]),
  eraseChunks: (store) => store.eraseChunks(),
  putRecord: (store) => store.putRecord(record(9)),
  putReport: (store) => store.putReport({ round: 1, values: { loss: 9 } }),
  setIdentity: (store) => store.setIdentity(filled(32, 9)),
  putModel: (store) => store.putModel('9_bb', filled(9, 9)),
  ready: (store) => store.ready(),
};
/** Those that change nothing. */
const READS = ['coordinatorState', 'progress', 'counts', 'sumDict', 'seedDict', 'bestMasks', 'maskCount', 'latestModelId', 'contributions', 'checkpoint'];
const OTHERS = ['fleetSecret', 'chunks', 'records', 'reports', 'identity', 'model', 'models', 'keep', 'usage', 'close', 'constructor'];

async function everything(store: RedisStore): Promise<unknown> {
  return {
    state: (await store.coordinatorState())?.roundId,
    progress: await store.progress(),
    counts: await store.counts(),
    contributions: await contributions(store),
    checkpoint: await store.checkpoint(),
    masks: await store.bestMasks(),
    chunks: await chunks(store),
    records: await store.records(10),
    reports: await store.reports(10),
    identity: await store.identity(),
    models: await store.models(),
    latest: await store.latestModelId(),
  };
}

async function filledStore(t: { after(end: () => unknown): void }, prefix: string): Promise<RedisStore> {
  const store = await openAt(t, await server(), { prefix, lease: 1000 }); // never renewed in this test
  await store.setCoordinatorState(state(1), progress(1));
  await store.admitSum(key(1), ephemeral(1));
  await store.admitUpdate(update(5, 1));
  await store.admitUpdate(update(6, 1));
  await store.appendChunks([{ participant: key(7), tag: 'update', payload: filled(20, 7) }]);
  await store.putRecord(record(1));
  await store.putReport({ round: 1, values: { loss: 1 } });
  await store.putModel('1_aa', filled(5, 5));
  await store.setLatestModelId('1_aa');
  return store;
}

/** Takes the lease away from whoever has it: as if its process had slept for longer than that. */
async function overtake(t: { after(end: () => unknown): void }, prefix: string): Promise<RedisStore> {
  await (await server()).command('DEL', `{${prefix}}:lease`);
  return await openAt(t, await server(), { prefix });
}

test('the table names every method of a store', async (t) => {
  const store = await openAt(t, await server(), { prefix: freshPrefix() });
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(store));
  const named = new Set([...Object.keys(CHANGES).map((name) => name.split(',')[0]!), ...READS, ...OTHERS]);
  assert.deepEqual(
    methods.filter((name) => !named.has(name)),
    [],
  );
});

for (const [what, change] of Object.entries(CHANGES)) {
  test(`after another has taken over, ${what} is refused and changes nothing`, async (t) => {
    const prefix = freshPrefix();
    const older = await filledStore(t, prefix);
    const newer = await overtake(t, prefix);
    const before = await everything(newer);
    await assert.rejects(change(older), { code: 'storage-fenced' });
    assert.deepEqual(await everything(newer), before);
    await assert.rejects(change(older), { code: 'storage-fenced' }, 'and again');
  });
}

test('an older one may still read, and its end does not take the lease from the newer', async (t) => {
  const prefix = freshPrefix();
  const older = await filledStore(t, prefix);
  const newer = await overtake(t, prefix);
  assert.deepEqual(await everything(older), await everything(newer));
  await older.close();
  assert.equal(await (await server()).command('EXISTS', `{${prefix}}:lease`), 1);
  await newer.setProgress(progress(2));
});

test('a lease that ran out is renewed as long as nobody has taken it, and what its holder writes meanwhile is taken', async (t) => {
  const prefix = freshPrefix();
  const store = await openAt(t, await server(), { prefix, lease: 0.3 });
  const lease = `{${prefix}}:lease`;
  await (await server()).command('DEL', lease);
  await store.setProgress(progress(3));
  await until(async () => (await (await server()).command('EXISTS', lease)) === 1);
  assert.deepEqual(await store.progress(), progress(3));
});

test('tokens rise with every holder, and the lease lives as long as its holder does', async (t) => {
  const prefix = freshPrefix();
  const meta = `{${prefix}}:meta`;
  const tokens: number[] = [];
  for (let i = 0; i < 3; i++) {
    const store = await openAt(t, await server(), { prefix, lease: 0.3 });
    tokens.push(Number(await (await server()).command('HGET', meta, 'token')));
    const begun = Date.now();
    await until(() => Date.now() - begun > 700); // more than twice its time
    await store.setProgress(progress(i));
    await store.close();
    assert.equal(await (await server()).command('EXISTS', `{${prefix}}:lease`), 0, 'given back');
  }
  assert.deepEqual(tokens, [1, 2, 3]);
});
