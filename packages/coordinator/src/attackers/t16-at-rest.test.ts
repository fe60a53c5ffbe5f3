// T16: whoever gets hold of the disk. A masked model together with its seed, which one sum participant has, is the model itself; so a masked
// model is at rest only until a checkpoint has its sum, and the secret key of a round is never readable. What wraps it: stores/secrets.test.ts;
// that no secret gets into logs, metrics and answers either: tests/rounds/secrets.test.ts.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { UpdatePayload } from '@xaynet/core/message';
import { bodyOf, chunksOf, maskOf, participants, playSum, Rig, sum2Payload, testSettings, updatePayload } from '../rig.test.ts';
import { SqliteStore } from '../stores/sqlite.ts';

const root = mkdtempSync(join(tmpdir(), 'xaynet-t16-'));
after(() => rmSync(root, { recursive: true, force: true }));

const LENGTH = 200;
const settings = testSettings({ model: { length: LENGTH } });

/** Whether a file in the folder holds these bytes. */
function isAtRest(folder: string, bytes: Uint8Array): boolean {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.some(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes(Buffer.from(bytes)));
}

/** A coordinator in update on a store in files, that makes a checkpoint after every second update, and four updates for it. */
async function inUpdate(name: string) {
  const folder = join(root, name);
  const store = SqliteStore.open(folder, { keepsContributions: true });
  const rig = await Rig.start({ settings, store, checkpointEvery: 2 });
  const sums = await playSum(rig);
  const updates = participants(rig.params, 'update', 4).map((who, i) => ({
    who,
    payload: updatePayload(who, rig.sums, { weights: Array.from({ length: LENGTH }, (_, j) => ((i * 7 + j) % 19) / 20) }) as UpdatePayload,
  }));
  const readable = (): boolean[] => updates.map(({ payload }) => isAtRest(folder, payload.maskedModel.vect));
  /** The same, once a checkpoint that is being written is there. */
  const settled = async (): Promise<boolean[]> => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    return readable();
  };
  return { folder, store, rig, sums, updates, settled };
}

test('T16: a masked model is readable at rest until the next checkpoint has it, and none is after the phase, after the round, after the stop', async () => {
  const { rig, store, sums, updates, settled } = await inUpdate('checkpoints');
  const send = async (i: number): Promise<void> => assert.equal(await rig.send(bodyOf(updates[i]!.payload, updates[i]!.who)), 'accepted');
  await send(0);
  assert.deepEqual(await settled(), [true, false, false, false], 'it has to survive a kill (documented)');
  await send(1);
  assert.deepEqual(await settled(), [false, false, false, false], 'the checkpoint has both');
  await send(2);
  assert.deepEqual(await settled(), [false, false, true, false]);
  await rig.seconds(4);
  assert.equal(rig.phase, 'sum2');
  assert.deepEqual(await settled(), [false, false, false, false]);
  for (const who of sums) assert.equal(await rig.send(bodyOf(sum2Payload(who, maskOf(who, rig)), who)), 'accepted');
  await rig.seconds(4);
  assert.equal(rig.driver.state.round, 2);
  assert.ok(rig.driver.bulletin.model());
  assert.deepEqual(await settled(), [false, false, false, false]);
  await rig.driver.stop();
  await store.close();
  assert.deepEqual(await settled(), [false, false, false, false]);
});

test('T16: a round that fails leaves no masked model either', async () => {
  const { rig, store, updates, settled } = await inUpdate('failure');
  assert.equal(await rig.send(bodyOf(updates[0]!.payload, updates[0]!.who)), 'accepted');
  assert.deepEqual(await settled(), [true, false, false, false]);
  while (rig.driver.state.round === 1) await rig.seconds(1);
  assert.deepEqual(await settled(), [false, false, false, false]);
  await rig.driver.stop();
  await store.close();
});

test('T16: what came in chunks is readable until the phase ends (documented), whether the message was finished or not', async () => {
  const { rig, store, folder, updates } = await inUpdate('chunks');
  const parts = updates.map(({ payload }) => payload.maskedModel.vect.subarray(0, 100));
  for (const [i, { who, payload }] of updates.entries()) {
    const bodies = chunksOf(payload, who, 600);
    for (const body of bodies.slice(0, -1)) assert.equal(await rig.send(body), 'incomplete');
    if (i < 3) assert.equal(await rig.send(bodies.at(-1)!), 'accepted');
  }
  assert.deepEqual(
    parts.map((part) => isAtRest(folder, part)),
    [true, true, true, true],
    'they have to survive a kill',
  );
  await rig.seconds(4);
  assert.equal(rig.phase, 'sum2');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    parts.map((part) => isAtRest(folder, part)),
    [false, false, false, false],
  );
  await rig.driver.stop();
  await store.close();
});

test('T16: the secret key of the round is in no file; what nobody could use is', async () => {
  const { rig, store, folder, updates } = await inUpdate('keys');
  const { payload, who } = updates[0]!;
  assert.equal(await rig.send(bodyOf(payload, who)), 'accepted');
  const { keys } = rig.driver.bulletin.view;
  assert.equal(isAtRest(folder, [...payload.localSeedDict][0]![1]), true, 'sealed seeds are');
  assert.equal(isAtRest(folder, keys.secretKey), false);
  await rig.driver.stop();
  await store.close();
  assert.equal(isAtRest(folder, keys.secretKey), false);
  // The next start has the same key again: it was there, wrapped.
  const again = SqliteStore.open(folder, { keepsContributions: true });
  assert.deepEqual((await again.coordinatorState())?.keys.secretKey, keys.secretKey);
  await again.close();
});
