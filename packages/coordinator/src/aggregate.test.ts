// When checkpoints are made, and that a restart is the same with them, without them, and when one could not be stored.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contributionsPerCheckpoint } from './aggregate.ts';
import { settle } from './clock.test.ts';
import { EXAMPLE_MODEL, EXAMPLE_UPDATES, playSum, playSum2, playUpdate, Rig, testSettings } from './rig.test.ts';
import type { Checkpoint } from './stores/contract.ts';
import { MemoryStore } from './stores/memory.ts';

/** A store that tells of its checkpoints, and can refuse them. */
class CheckpointStore extends MemoryStore {
  readonly positions: number[] = [];
  refuses = 0;

  constructor() {
    super({ keepsContributions: true });
  }

  override async setCheckpoint(checkpoint: Checkpoint): Promise<void> {
    if (this.refuses-- > 0) throw new Error('no room for a checkpoint');
    this.positions.push(checkpoint.position);
    return super.setCheckpoint(checkpoint);
  }

  /** Positions of the contributions that are kept. */
  async kept(): Promise<number[]> {
    const positions: number[] = [];
    for await (const { position } of this.contributions(0)) positions.push(position);
    return positions;
  }
}

const update = { count: { min: 7, max: 7 }, time: { min: 4, max: 100 } };
const SEVEN = Array.from({ length: 7 }, (_, i) => ({ weights: [i / 8, -i / 8] }));

test('a checkpoint for some 64 MiB of contributions, and never for fewer than 16', () => {
  assert.deepEqual([12 + 6, 7_000_000, 100_000_000].map(contributionsPerCheckpoint), [3_728_270, 16, 16]);
  assert.equal(contributionsPerCheckpoint(1024 * 1024), 64);
});

test('checkpoints beside the admissions, and one of everything at the end of update: masked models are not kept longer (T16)', async () => {
  const store = new CheckpointStore();
  const rig = await Rig.start({ store, settings: testSettings({ update }), checkpointEvery: 3 });
  await playSum(rig);
  await playUpdate(rig, SEVEN);
  assert.equal(rig.phase, 'sum2');
  assert.deepEqual(store.positions, [3, 6, 7]);
  assert.deepEqual(await store.kept(), []);
});

test('a checkpoint that cannot be stored costs nothing but time at the next restart; at the end of update it is waited for', async () => {
  const store = new CheckpointStore();
  store.refuses = 1;
  const rig = await Rig.start({ store, settings: testSettings({ update: { ...update, count: { min: 3, max: 3 } } }), checkpointEvery: 2 });
  const sums = await playSum(rig);
  store.refuses = 2;
  await playUpdate(rig, EXAMPLE_UPDATES);
  assert.equal(rig.driver.paused?.message, 'checkpoint: no room for a checkpoint');
  assert.deepEqual([store.positions, await store.kept()], [[], [1, 2, 3]]);
  await rig.seconds(1);
  assert.deepEqual([rig.phase, store.positions, await store.kept()], ['sum2', [3], []]);
  await playSum2(rig, sums);
  await settle();
  assert.equal(Buffer.from(rig.driver.bulletin.model()!).toString('hex'), EXAMPLE_MODEL);
});
