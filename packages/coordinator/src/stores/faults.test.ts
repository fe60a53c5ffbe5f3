// The embedded store on disks that fail: every single file operation of every act in turn, and a file system that is really full. Each time
// the act has its whole effect or none, the error is coded, and the store goes on as soon as the disk does.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import type { MaskObject } from '@xaynet/core/mask';
import type { SpooledChunk, Store, Update } from './contract.ts';
import { openEmbeddedStore } from './embedded.ts';
import { type Disk, systemDisk } from './files/disk.ts';
import { filled, folders, key, maskOf } from './rig.test.ts';
import { SqliteStore } from './sqlite.ts';

const freshFolder = folders('faults');
const mask = (byte: number, length = 1000): MaskObject => maskOf(byte, length);
const seeds = new KeyMap([[key(1), EncryptedMaskSeed(filled(80, 1))]]);
const update = (byte: number, length?: number): Update => ({ participant: key(byte), localSeedDict: seeds, maskedModel: mask(byte, length) });
const chunk = (byte: number): SpooledChunk => ({ participant: key(byte), tag: 'update', payload: filled(500, byte) });

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** What the store holds of a round, in a form that can be compared; checks that its parts agree. */
async function contents(store: Store): Promise<string> {
  const checkpoint = await store.checkpoint();
  const later = await collect(store.contributions(checkpoint?.position ?? 0));
  const { updates } = await store.counts();
  const rows = (await store.seedDict())?.get(key(1))?.size ?? 0;
  assert.equal(rows, updates, 'as many seeds as updates');
  assert.equal((checkpoint?.count ?? 0) + later.length, updates, 'as many models as updates');
  for (const { participant, maskedModel } of later) assert.deepEqual(maskedModel, mask(participant[0]!));
  const chunks = (await collect(store.chunks())).map(({ participant }) => participant[0]);
  return JSON.stringify({ updates, checkpoint: checkpoint?.position, later: later.map(({ participant }) => participant[0]), chunks });
}

/** A disk whose operation number `failing` throws; writes have then written half. Zero: all of them work. */
function faultyDisk(): { disk: Disk; arm(failing: number): void; disarm(): boolean } {
  let left = 0;
  let hasFailed = false;
  const fails = (): boolean => {
    if (left === 0 || --left > 0) return false;
    hasFailed = true;
    return true;
  };
  const fault = (): Error => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const disk = Object.fromEntries(
    Object.entries(systemDisk).map(([name, operation]) => [
      name,
      (...args: unknown[]) => {
        if (!fails()) return (operation as (...args: unknown[]) => unknown)(...args);
        if (name === 'write') systemDisk.write(args[0] as number, [Buffer.concat(args[1] as Uint8Array[]).subarray(0, 100)], args[2] as number);
        throw fault();
      },
    ]),
  ) as unknown as Disk;
  return {
    disk,
    arm(failing) {
      left = failing;
      hasFailed = false;
    },
    disarm() {
      left = 0;
      return hasFailed;
    },
  };
}

/** Acts, each with what is to be there afterwards when it failed: as before, or as after. */
const ACTS: Record<string, (store: Store) => Promise<unknown>> = {
  'an update': (store) => store.admitUpdate(update(50)),
  'a checkpoint': (store) => store.setCheckpoint({ position: 2, count: 2, aggregate: mask(2) }),
  'erasing the round': (store) => store.eraseRound(),
  chunks: (store) => store.appendChunks([chunk(5), chunk(6)]),
};

for (const [name, act] of Object.entries(ACTS)) {
  test(`${name}: whichever file operation fails, all of it happens or nothing, and the next attempt works`, async () => {
    let failures = 0;
    for (let failing = 1; ; failing++) {
      const folder = freshFolder();
      const { disk, arm, disarm } = faultyDisk();
      // Segments of one contribution, so that every update makes a file.
      const store = SqliteStore.open(folder, { keepsContributions: true }, { disk, segmentBytes: 1 });
      await store.admitSum(key(1), PublicEncryptKey(filled(32, 1)));
      for (const byte of [10, 11, 12]) await store.admitUpdate(update(byte));
      await store.setCheckpoint({ position: 1, count: 1, aggregate: mask(1) });
      await store.appendChunks([chunk(3)]);
      const before = await contents(store);
      arm(failing);
      const outcome = await act(store).then(
        () => 'done',
        (error: unknown) => (isXaynetError(error) ? error.code : String(error)),
      );
      const hasFailed = disarm();
      const now = await contents(store);
      if (outcome !== 'done') assert.equal(outcome, 'storage-failed');
      await store.ready();
      if (outcome !== 'done' && name === 'an update') assert.equal(now, before, 'an update that failed has left nothing');
      const isWhole = now !== before;
      if (!isWhole) await act(store);
      const expected = await contents(store);
      assert.notEqual(expected, before, `operation ${failing}: the act works once the disk does`);
      if (isWhole) assert.equal(now, expected);
      await store.close();
      const again = SqliteStore.open(folder, { keepsContributions: true }, { disk });
      assert.equal(await contents(again), expected, 'and after a restart');
      const { later, checkpoint } = JSON.parse(expected) as { later: number[]; checkpoint?: number };
      const files = readdirSync(join(folder, 'contributions'));
      assert.equal(files.length, later.length + (checkpoint === undefined ? 0 : 1), `no leftovers: ${files}`);
      await again.close();
      rmSync(folder, { recursive: true });
      if (!hasFailed) break;
      failures++;
    }
    assert.ok(failures >= (name === 'chunks' ? 1 : 2), `${failures} operations have failed`);
  });
}

test('a row that did not fit: the store is not ready before there is room, though SQLite could still write less', async (t) => {
  const folder = freshFolder();
  mkdirSync(folder);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]).status !== 0) return t.skip('no right to mount a file system');
  try {
    const store = await openEmbeddedStore(join(folder, 'data'));
    const sum = (i: number): Promise<unknown> => {
      const participant = filled(32, 7);
      new DataView(participant.buffer).setUint32(0, i);
      return store.admitSum(PublicSigningKey(participant), PublicEncryptKey(filled(32, 1)));
    };
    for (let i = 0; i < 200; i++) await sum(i);
    const filler = join(folder, 'filler');
    writeFileSync(filler, filled(systemDisk.free(folder), 1));
    let failed = false;
    for (let i = 200; !failed; i++) await sum(i).catch((error: unknown) => (failed = isXaynetError(error, 'storage-failed')));
    for (let i = 0; i < 5; i++) await assert.rejects(store.ready(), { code: 'storage-failed' });
    assert.deepEqual(
      readdirSync(join(folder, 'data')).filter((name) => name.endsWith('.tmp')),
      [],
      'what was tried has given its room back',
    );
    rmSync(filler);
    await store.ready();
    await sum(1_000_000);
    await store.close();
  } finally {
    spawnSync('umount', ['-l', folder]);
  }
});

test('a file system that is full: coded errors, no half effects, ready again when there is room', async (t) => {
  const folder = freshFolder();
  mkdirSync(folder);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]).status !== 0) return t.skip('no right to mount a file system');
  try {
    const store = SqliteStore.open(join(folder, 'data'), { keepsContributions: true });
    await store.admitSum(key(1), PublicEncryptKey(filled(32, 1)));
    assert.equal((await store.admitUpdate(update(10))).verdict, 'ok');
    const filler = join(folder, 'filler');
    const fill = (left: number): void => writeFileSync(filler, filled(systemDisk.free(folder) - left, 1));
    fill(200_000);
    await assert.rejects(store.admitUpdate(update(11, 100_000)), { code: 'storage-failed' }, 'a model of 600 kB');
    await assert.rejects(store.ready(), { code: 'storage-failed' }, 'a row would fit, a model would not');
    await assert.rejects(store.setCheckpoint({ position: 1, count: 1, aggregate: mask(1, 100_000) }), { code: 'storage-failed' });
    assert.ok(systemDisk.free(folder) > 150_000, 'what failed has given its room back');
    await assert.rejects(store.putModel('1_a', filled(500_000, 1)), { code: 'storage-failed' });
    rmSync(filler);
    fill(0);
    await assert.rejects(store.admitSum2(key(1), mask(1, 50_000)), { code: 'storage-failed' });
    assert.deepEqual(await store.counts(), { sums: 1, updates: 1, masks: 0, leading: 0 }, 'what is there can be read');
    rmSync(filler);
    await store.ready();
    assert.deepEqual(await store.admitUpdate(update(11)), { verdict: 'ok', position: 2 });
    assert.deepEqual(await store.admitSum2(key(1), mask(1)), { verdict: 'ok', votes: 1 });
    await store.close();
    const again = SqliteStore.open(join(folder, 'data'), { keepsContributions: true });
    assert.equal(await contents(again), '{"updates":2,"later":[10,11],"chunks":[]}');
    await again.close();
  } finally {
    spawnSync('umount', ['-l', folder]);
  }
});
