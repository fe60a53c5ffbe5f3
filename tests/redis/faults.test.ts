// A Redis that dies, hangs, forgets, or is full: what was acknowledged is there, or its loss is said; and nothing happens late.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isXaynetError } from '@xaynet/core/errors';
import { MemoryBlobs } from '../../packages/coordinator/src/stores/blobs.ts';
import { chunks, contributions, ephemeral, filled, key, logs, mask, openAt, progress, record, state, until, update } from './rig.ts';
import { freshPrefix, RedisServer } from './server.ts';

const isStorage = (error: unknown): boolean => isXaynetError(error, 'storage-failed') || isXaynetError(error, 'storage-timeout');

test('killed and started again with its append-only file: everything acknowledged is there, and the store goes on by itself', async (t) => {
  const server = await RedisServer.start(t, { aof: 'always' });
  const store = await openAt(t, server, { prefix: freshPrefix() });
  await store.setCoordinatorState(state(1), progress(1));
  await store.admitSum(key(1), ephemeral(1));
  await store.closeSum(undefined, progress(1, 'update'));
  for (let byte = 10; byte < 20; byte++) await store.admitUpdate(update(byte, 1));
  await server.kill();
  await assert.rejects(store.counts(), isStorage);
  await assert.rejects(store.admitUpdate(update(30, 1)), isStorage);
  await server.up();
  await until(() =>
    store.ready().then(
      () => true,
      () => false,
    ),
  );
  assert.deepEqual(await store.counts(), { sums: 1, updates: 10, masks: 0, leading: 0 });
  assert.deepEqual(await contributions(store), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(await store.admitUpdate(update(30, 1)), { verdict: 'ok', position: 11 });
  assert.deepEqual(await store.progress(), progress(1, 'update'));
});

test('killed in the middle of admissions: those that were told "ok" are there, and those that were not either are or are not', async (t) => {
  const server = await RedisServer.start(t, { aof: 'always' });
  const store = await openAt(t, server, { prefix: freshPrefix() });
  await store.admitSum(key(1), ephemeral(1));
  const told: number[] = [];
  const admissions = Array.from({ length: 100 }, async (_, i) => {
    const verdict = await store.admitUpdate(update(100 + i, 1)).catch(() => undefined);
    if (verdict?.verdict === 'ok') told.push(verdict.position);
  });
  await until(() => told.length > 10);
  await server.kill();
  await Promise.all(admissions);
  await server.up();
  await until(() =>
    store.ready().then(
      () => true,
      () => false,
    ),
  );
  const found = await contributions(store);
  assert.ok(told.every((position) => found.includes(position)));
  assert.deepEqual(
    found,
    found.map((_, i) => i + 1),
  );
  for (const [, row] of (await store.seedDict())!) assert.equal(row.size, found.length);
});

test('a server that hangs: calls fail in time, and what was given up happens before later calls or never', async (t) => {
  const server = await RedisServer.start(t);
  const store = await openAt(t, server, { prefix: freshPrefix(), timeout: 1, lease: 60 });
  await store.setCoordinatorState(state(1), progress(1));
  server.pause();
  const begun = Date.now();
  await assert.rejects(store.setProgress(progress(2)), { code: 'storage-timeout' });
  await assert.rejects(store.admitSum(key(1), ephemeral(1)), isStorage);
  assert.ok(Date.now() - begun < 20_000);
  server.resume();
  await until(() =>
    store.ready().then(
      () => true,
      () => false,
    ),
  );
  await store.setProgress(progress(3));
  assert.deepEqual(await store.progress(), progress(3));
  await server.command('PING');
  assert.deepEqual(await store.progress(), progress(3), 'nothing came late');
});

test('a call that reaches the server after a later one of the same holder does nothing', async (t) => {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  const store = await openAt(t, server, { prefix });
  await store.setProgress(progress(1));
  const [before, call] = [await server.command('HGET', `{${prefix}}:meta`, 'seq'), await server.command('HGET', `{${prefix}}:meta`, 'call')];
  await store.setProgress(progress(2));
  // As from a connection that was given up, whose bytes the server reads only now.
  const { CLEAR_PROGRESS } = await import('../../packages/coordinator/src/stores/redis/round-scripts.ts');
  const [installation, holder] = (await server.command('HMGET', `{${prefix}}:meta`, 'installation', 'holder')) as Buffer[];
  const late = ['EVAL', CLEAR_PROGRESS.text, '1', `{${prefix}}:meta`, installation!, '1', String(before), 'holder', holder!, String(call), '', '', ''];
  assert.deepEqual((await server.command(...late)) as Buffer[], [Buffer.from('stale')]);
  assert.deepEqual(await store.progress(), progress(2));
});

for (const [what, forget] of Object.entries({
  FLUSHALL: (server: RedisServer) => server.command('FLUSHALL'),
  'a restart without anything on disk': async (server: RedisServer) => {
    await server.kill();
    await server.up();
  },
})) {
  for (const [phase, call] of Object.entries({
    sum: (store: Awaited<ReturnType<typeof openAt>>) => store.admitSum(key(2), ephemeral(2)),
    update: (store: Awaited<ReturnType<typeof openAt>>) => store.admitUpdate(update(9, 1)),
    reading: (store: Awaited<ReturnType<typeof openAt>>) => store.sumDict(),
  })) {
    test(`${what}, met while ${phase}: it is said, the round is lost as a whole, and the next one works`, async (t) => {
      const server = await RedisServer.start(t);
      const { logger, text } = logs();
      const store = await openAt(t, server, { prefix: freshPrefix(), lease: 60, logger });
      await store.setCoordinatorState(state(1), progress(1));
      await store.admitSum(key(1), ephemeral(1));
      await store.admitUpdate(update(5, 1));
      await forget(server);
      await until(() =>
        call(store).then(
          () => assert.fail('a loss that nobody noticed'),
          (error: unknown) => isXaynetError(error, 'storage-lost'),
        ),
      );
      assert.match(text(), /error Redis has lost what it had acknowledged/);
      for (const again of [
        () => store.admitSum(key(2), ephemeral(2)),
        () => store.admitUpdate(update(9, 1)),
        () => store.sumDict(),
        () => store.seedDict(),
        () => store.closeSum(undefined, progress(1, 'update')),
        () => store.setProgress(progress(1, 'update')),
        () => store.bestMasks(),
        () => store.checkpoint(),
        () => store.setCheckpoint({ position: 1, aggregate: mask(1), count: 1 }),
        () => contributions(store),
        () => store.ready(),
      ])
        await assert.rejects(again, { code: 'storage-lost' });
      // As the coordinator ends a round that failed.
      assert.deepEqual(await store.counts(), { sums: 0, updates: 0, masks: 0, leading: 0 });
      await store.setIdentity(filled(32, 1));
      await store.putRecord(record(1));
      await store.setProgress(undefined);
      await store.ready();
      await store.eraseRound();
      await store.setCoordinatorState(state(2), progress(2));
      assert.equal(await store.admitSum(key(3), ephemeral(3)), 'ok');
      assert.deepEqual(await store.admitUpdate(update(9, 3)), { verdict: 'ok', position: 1 });
      assert.deepEqual(await contributions(store), [1]);
      assert.equal((await store.records(5)).length, 1);
    });
  }
}

test('a loss of the last acknowledged acts only, as of an append-only file that is synced every second, is noticed too', async (t) => {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  const blobs = new MemoryBlobs();
  const store = await openAt(t, server, { prefix, lease: 60, blobs });
  await store.setCoordinatorState(state(1), progress(1));
  await store.admitSum(key(1), ephemeral(1));
  await store.closeSum(undefined, progress(1, 'update'));
  await store.admitUpdate(update(5, 1));
  await server.command('SAVE'); // and with it the state of now, to which the server will fall back
  await store.admitUpdate(update(6, 1));
  await server.kill();
  await server.up();
  assert.equal(await server.command('EXISTS', `{${prefix}}:meta`), 1);
  await until(() =>
    store.admitUpdate(update(7, 1)).then(
      () => assert.fail('a loss that nobody noticed'),
      (error: unknown) => isXaynetError(error, 'storage-lost'),
    ),
  );
  await store.setProgress(undefined);
  await store.eraseRound();
  assert.deepEqual(await store.counts(), { sums: 0, updates: 0, masks: 0, leading: 0 });
  const left: string[] = [];
  for await (const { key: name } of blobs.list('')) if (!name.startsWith('places/')) left.push(name);
  assert.deepEqual(left, [], 'and no masked model is left');
});

test('the lease is taken anew after a loss, unless another has it: then this one is fenced', async (t) => {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  const older = await openAt(t, server, { prefix, lease: 60 });
  await older.setCoordinatorState(state(1), progress(1));
  await server.command('FLUSHALL');
  const newer = await openAt(t, server, { prefix, lease: 60 });
  await newer.setCoordinatorState(state(5), progress(5));
  await assert.rejects(older.setProgress(progress(2)), { code: 'storage-fenced' });
  await assert.rejects(older.setProgress(progress(2)), { code: 'storage-fenced' });
  assert.deepEqual(await newer.progress(), progress(5));
});

test('a loss is noticed also when nobody calls, by the renewal of the lease', async (t) => {
  const server = await RedisServer.start(t);
  const { logger, text } = logs();
  const store = await openAt(t, server, { prefix: freshPrefix(), lease: 0.3, logger });
  await store.setCoordinatorState(state(1), progress(1));
  await server.command('FLUSHALL');
  await until(() => text().includes('has lost'));
  await assert.rejects(store.admitSum(key(1), ephemeral(1)), { code: 'storage-lost' });
});

test('a memory that is full: acts are refused as a whole, erasing works, and makes room', async (t) => {
  const server = await RedisServer.start(t, { args: ['--maxmemory', '8mb'] });
  const prefix = freshPrefix();
  const store = await openAt(t, server, { prefix });
  await store.setCoordinatorState(state(1), progress(1));
  await store.admitSum(key(1), ephemeral(1));
  let admitted = 0;
  await assert.rejects(
    async () => {
      for (let i = 0; i < 200; i++) {
        await store.admitUpdate({ ...update(i, 1), maskedModel: mask(i, 50_000) });
        admitted++;
      }
    },
    (error) => isXaynetError(error, 'storage-failed') && /memory/.test(error.message),
  );
  assert.ok(admitted > 3);
  assert.equal((await store.counts()).updates, admitted);
  assert.equal((await contributions(store)).length, admitted);
  const { bytes, free } = await store.usage();
  assert.ok(bytes > 6_000_000 && free < 2_000_000);
  await server.command('CONFIG', 'SET', 'maxmemory', '4mb'); // there is no room for anything until bytes have gone
  await store.setProgress(undefined);
  await store.eraseRound();
  await store.setCoordinatorState(state(2), progress(2));
  assert.equal(await store.admitSum(key(1), ephemeral(1)), 'ok');
});

test('scripts that the server has forgotten are sent again', async (t) => {
  const server = await RedisServer.start(t);
  const store = await openAt(t, server, { prefix: freshPrefix() });
  await store.admitSum(key(1), ephemeral(1));
  await server.command('SCRIPT', 'FLUSH');
  const verdicts = await Promise.all([2, 3, 4, 5].map((byte) => store.admitSum(key(byte), ephemeral(byte))));
  assert.deepEqual(verdicts, ['ok', 'ok', 'ok', 'ok']);
  assert.equal((await store.sumDict())?.size, 5);
});

test('blobs of attempts that died, and rounds that were only half swept, are gone when the next round is erased', async (t) => {
  const server = await RedisServer.start(t);
  const prefix = freshPrefix();
  const blobs = new MemoryBlobs();
  const store = await openAt(t, server, { prefix, blobs });
  for (const byte of [1, 2]) await store.admitSum(key(byte), ephemeral(byte));
  await store.admitUpdate(update(5, 1, 2));
  await store.closeSum([key(1)], progress(1, 'update')); // who is left out has a row of seeds by now
  await store.admitSum2(key(1), mask(1));
  await store.appendChunks([{ participant: key(7), tag: 'update', payload: filled(20, 7) }]);
  const [installation] = (await server.command('HMGET', `{${prefix}}:meta`, 'installation')) as Buffer[];
  await blobs.put(`rounds/${String(installation)}/1/contribution/dead`, filled(10, 1));
  await blobs.put('rounds/another-installation/1/contribution/alive', filled(10, 1));
  await blobs.put('models/1_aa', filled(10, 1));
  const failing = blobs.delete.bind(blobs);
  blobs.delete = async () => {
    throw new Error('no');
  };
  await assert.rejects(store.eraseRound());
  blobs.delete = failing;
  assert.deepEqual(await store.counts(), { sums: 0, updates: 0, masks: 0, leading: 0 }, 'erased it is');
  assert.equal(await chunks(store), 0);
  await store.eraseRound();
  const left: string[] = [];
  for await (const { key: name } of blobs.list('')) if (!name.startsWith('places/')) left.push(name);
  assert.deepEqual(left.sort(), ['models/1_aa', 'rounds/another-installation/1/contribution/alive']);
  assert.deepEqual(((await server.command('KEYS', `{${prefix}}:*`)) as Buffer[]).map(String).sort(), [`{${prefix}}:lease`, `{${prefix}}:meta`]);
});

test('what a blob holds is checked: a flipped bit and a lost blob are said, for contributions, checkpoints, masks and models', async (t) => {
  const server = await RedisServer.start(t);
  const blobs = new MemoryBlobs();
  const store = await openAt(t, server, { prefix: freshPrefix(), blobs });
  await store.admitSum(key(1), ephemeral(1));
  for (const byte of [5, 6, 7]) await store.admitUpdate(update(byte, 1));
  await store.admitSum2(key(1), mask(1));
  await store.putModel('1_aa', filled(100, 1));
  const reads = {
    contribution: [() => contributions(store, 1), 'contribution-damaged'],
    mask: [() => store.bestMasks(), 'contribution-damaged'],
    checkpoint: [() => store.checkpoint(), 'contribution-damaged'],
    models: [() => store.model('1_aa'), 'storage-model-missing'],
  } as const;
  await store.setCheckpoint({ position: 1, aggregate: mask(3), count: 1 });
  for (const [what, [read, code]] of Object.entries(reads)) {
    await read();
    const names: string[] = [];
    for await (const { key: name } of blobs.list('')) if (name.includes(what)) names.push(name);
    assert.ok(names.length > 0, what);
    for (const name of names) {
      const bytes = (await blobs.get(name))!;
      const flipped = bytes.slice();
      flipped[flipped.length - 1]! ^= 1;
      await blobs.put(name, flipped);
    }
    await assert.rejects(read, { code }, what);
    await blobs.delete(names);
    await assert.rejects(read, { code }, what);
  }
});
