// Beginnings: fresh, restored, refused (coordinator 4.8, weakness W-43).

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import { encodeRoundParams } from '@xaynet/core/round';
import { FakeClock } from './clock.test.ts';
import type { Logger } from './log.ts';
import { SILENT_LOGGER } from './log.ts';
import { restoreBeginning } from './restore.ts';
import {
  bodyOf,
  EXAMPLE_MODEL,
  EXAMPLE_UPDATES,
  maskOf,
  participants,
  playSum,
  playSum2,
  playUpdate,
  Rig,
  seededRandom,
  sum2Payload,
  type TestParticipant,
  testSettings,
  updatePayload,
} from './rig.test.ts';
import type { Settings } from './settings/settings.ts';
import { MemoryStore } from './stores/memory.ts';
import { SqliteStore } from './stores/sqlite.ts';
import { DATABASE_FILE } from './stores/sqlite-file.ts';

const random = seededRandom('restore');

/** A store in which one round was completed and the next one interrupted in update. */
async function usedStore(): Promise<{ store: MemoryStore; rig: Rig }> {
  const store = new MemoryStore();
  const rig = await Rig.start({ store });
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  await playSum(rig);
  await rig.driver.stop();
  return { store, rig };
}

const begin = (store: MemoryStore, settings: Settings, logger: Logger = SILENT_LOGGER) => restoreBeginning(store, settings, random, logger);

test('an empty store: round 0, zero seed, parameters of the settings, no model', async () => {
  const beginning = await begin(new MemoryStore(), testSettings());
  assert.equal(beginning.lastRound, 0);
  assert.equal(beginning.model, undefined);
  assert.deepEqual([...beginning.params.seed], new Array(32).fill(0));
  assert.deepEqual([beginning.params.sum, beginning.params.update, beginning.params.modelLength], [0.5, 0.9, 2]);
});

test('a used store: number, seed chain and model go on, the interrupted round is erased', async () => {
  const { store, rig } = await usedStore();
  const model = rig.driver.bulletin.model();
  const again = await Rig.start({ store });
  assert.equal(again.driver.state.round, 3);
  assert.equal(again.phase, 'sum');
  assert.deepEqual(again.driver.bulletin.model(), model, 'published at once');
  assert.equal(await store.sumDict(), undefined);
  assert.notDeepEqual(encodeRoundParams(again.params), encodeRoundParams(rig.params));
  const sums = await playSum(again);
  await playUpdate(again, EXAMPLE_UPDATES);
  await playSum2(again, sums);
  assert.equal(again.driver.state.round, 4);
});

test('the model of the last round is served before the first idle is over', async () => {
  const { store, rig } = await usedStore();
  const { model, modelRound, params, lastRound } = await begin(store, testSettings());
  assert.deepEqual(model, rig.driver.bulletin.model());
  assert.equal(modelRound, 1, 'the round that it is of is known again (W-40)');
  assert.deepEqual(encodeRoundParams(params), encodeRoundParams(rig.params));
  assert.equal(lastRound, 2);
});

test('restore.enable = false forgets state, model and round', async () => {
  const { store } = await usedStore();
  const beginning = await begin(store, testSettings({ restore: { enable: false } }));
  assert.equal(beginning.lastRound, 0);
  assert.equal(beginning.model, undefined);
  assert.equal(await store.coordinatorState(), undefined);
  assert.equal(await store.latestModelId(), undefined);
  assert.equal(await store.sumDict(), undefined);
});

test('a changed mask configuration or model length is refused, and nothing is changed', async () => {
  const { store } = await usedStore();
  for (const changes of [{ mask: { group_type: 'Power2' } }, { mask: { model_type: 'M6' } }, { model: { length: 3 } }]) {
    await assert.rejects(begin(store, testSettings(changes)), { code: 'storage-settings-changed' });
  }
  assert.equal((await begin(store, testSettings())).lastRound, 2);
});

test('changed [pet] settings apply from the next round on, with a notice for each phase', async () => {
  const { store } = await usedStore();
  const notices: string[] = [];
  const logger: Logger = { ...SILENT_LOGGER, warn: (_, message) => notices.push(message) };
  const settings = testSettings({ sum: { prob: 0.6 }, update: { time: { min: 4, max: 30 } } });
  await begin(store, settings, logger);
  assert.equal(notices.length, 2);
  assert.match(notices[0]!, /pet\.sum\b/);
  assert.match(notices[1]!, /pet\.update/);
  const rig = await Rig.start({ store, settings });
  assert.equal(rig.params.sum, 0.6);
  assert.equal((await store.coordinatorState())?.update.timeMax, 30);
});

test('unchanged settings give no notice, also with fractions of a second, which the stored form rounds up', async () => {
  const store = new MemoryStore();
  const settings = testSettings({ sum: { time: { min: 0.25, max: 1.5 } } });
  const rig = await Rig.start({ store, settings });
  await rig.driver.stop();
  const notices: string[] = [];
  await begin(store, settings, { ...SILENT_LOGGER, warn: (_, message) => notices.push(message) });
  assert.deepEqual(notices, []);
});

test('a model that is missing, of another length or no model stops the start: clients would drop theirs', async () => {
  const { store } = await usedStore();
  const good = (await store.model((await store.latestModelId())!))!;
  await store.setLatestModelId('9_missing');
  await assert.rejects(begin(store, testSettings()), { code: 'storage-model-missing' });
  for (const [id, bytes] of [
    ['9_long', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0)],
    ['9_short', new Uint8Array(3)],
    ['9_cut', good.subarray(0, -1)],
    ['9_longer', Uint8Array.of(...good, 0)],
    ['9_damaged', good.with(8, 2)], // a sign of 2
    ['9_zero', good.with(good.length - 4, 0).fill(0, -4)], // a denominator of 0
  ] as const) {
    await store.putModel(id, bytes);
    await store.setLatestModelId(id);
    await assert.rejects(begin(store, testSettings()), { code: 'storage-model-missing' });
  }
});

test('a store that fails stops the start', async () => {
  const store = new MemoryStore();
  await store.close();
  await assert.rejects(begin(store, testSettings()), { code: 'storage-failed' });
});

/** A rig in update with some updates on a store that keeps contributions, whose process is then gone. */
async function interrupted(updates = 2, settings: Settings = testSettings()) {
  const store = new MemoryStore({ keepsContributions: true });
  const rig = await Rig.start({ store, settings });
  const sums = await playSum(rig, 3);
  for (const [i, who] of participants(rig.params, 'update', updates).entries()) {
    assert.equal(await rig.send(bodyOf(updatePayload(who, rig.sums, EXAMPLE_UPDATES[i]!), who)), 'accepted');
  }
  return { store, rig, sums };
}

const resumed = (store: MemoryStore, settings: Settings = testSettings(), clock?: Rig['clock']): Promise<Rig> =>
  Rig.start({ store, settings, random: seededRandom('the next process'), ...(clock === undefined ? {} : { clock }) });

test('a store that keeps contributions: the interrupted round goes on, and until it does messages may come again later', async () => {
  const { store, rig, sums } = await interrupted();
  const counts = store.counts.bind(store);
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let first = true; // the beginning asks too
  store.counts = async () => {
    if (!first) await held;
    first = false;
    return counts();
  };
  const again = await resumed(store);
  assert.deepEqual([again.driver.paused?.code, again.phase], ['round-resuming', 'idle']);
  assert.deepEqual(encodeRoundParams(again.params), encodeRoundParams(rig.params), 'nobody takes it for another round');
  const [who] = participants(again.params, 'update', 1);
  const body = bodyOf(updatePayload(who!, rig.sums, EXAMPLE_UPDATES[2]!), who!);
  assert.equal(await again.send(body), 'round-resuming');
  release();
  await again.seconds(0);
  assert.deepEqual([again.phase, again.driver.state.round, again.driver.updates, again.driver.paused], ['update', 1, 2, undefined]);
  assert.equal(await again.send(body), 'accepted');
  await again.seconds(4);
  await playSum2(again, sums);
  assert.equal(toHex(again.driver.bulletin.model()!), EXAMPLE_MODEL);
});

test('deadlines count from the beginning of the phase, down time included', async () => {
  const { store, rig } = await interrupted();
  await rig.clock.advance(15_000);
  const again = await resumed(store, testSettings(), rig.clock);
  const { earliestEnd, latestEnd } = again.driver.window!;
  assert.deepEqual([earliestEnd - rig.clock.now(), latestEnd - rig.clock.now()], [-11_000, 5000]);
});

test('settings that changed in the middle of a round: its parameters stay, new counts and times apply at once (W-43)', async () => {
  const time = { min: 4, max: 20 };
  const { store, rig, sums } = await interrupted(3, testSettings({ update: { count: { min: 5, max: 9 }, time } }));
  const changed = testSettings({ sum: { prob: 0.7, count: { min: 1, max: 2 }, time }, update: { prob: 0.4, time }, sum2: { count: { min: 1, max: 2 }, time } });
  const again = await resumed(store, changed);
  assert.deepEqual(encodeRoundParams(again.params), encodeRoundParams(rig.params));
  assert.equal(again.sums.size, 3, 'more than new rounds take');
  await again.seconds(4);
  assert.equal(again.phase, 'sum2', 'three updates are enough now');
  await playSum2(again, sums.slice(1));
  assert.deepEqual([again.driver.state.round, again.params.sum, again.params.update], [2, 0.7, 0.4]);
});

test('a store that lost an update, or seeds of one, fails the round it cannot go on with, loudly, and begins the next', async () => {
  for (const damage of ['contributions', 'counts'] as const) {
    const { store } = await interrupted();
    if (damage === 'contributions') store.contributions = async function* () {};
    else {
      const counts = store.counts.bind(store);
      store.counts = async () => ({ ...(await counts()), updates: 1 });
    }
    const again = await resumed(store);
    assert.equal(again.failure, 'seed-dict-damaged', damage);
    await again.seconds(1);
    assert.deepEqual([again.phase, again.driver.state.round], ['sum', 2]);
    const [record] = await store.records(1);
    assert.deepEqual([record!.round, record!.code], [1, 'seed-dict-damaged']);
  }
});

test('a round that failed is not gone on with, whatever the moment of the restart', async () => {
  const { store, rig } = await interrupted();
  store.ready = async () => {
    throw new Error('not ready');
  };
  await rig.seconds(20);
  assert.deepEqual([rig.phase, rig.failure], ['failure', 'phase-timeout']);
  assert.equal(await store.progress(), undefined, 'before the next round begins');
  const again = await resumed(store);
  assert.equal(again.driver.state.round, 2);
  assert.equal(again.failure, undefined);
});

test('a database that was changed while nobody looked: the round fails by name and the next one begins, no model is made of it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'xaynet-changed-'));
  const settings = testSettings({ sum: { count: { min: 2, max: 3 } }, sum2: { count: { min: 2, max: 2 } } });
  const changes: Record<string, [sql: string, failure: string]> = {
    mask: ["UPDATE mask SET mask = CAST(substr(mask, 1, 8) || x'01' || substr(mask, 10) AS BLOB)", 'contribution-damaged'],
    key: [
      "UPDATE sum SET participant = CAST(x'aa' || substr(participant, 2) AS BLOB) WHERE participant = (SELECT min(participant) FROM sum)",
      'seed-dict-damaged',
    ],
    seed: ['UPDATE seed SET seed = substr(seed, 2)', 'seed-dict-damaged'],
  };
  try {
    for (const [name, [sql, failure]] of Object.entries(changes)) {
      const folder = join(root, name);
      const store = SqliteStore.open(folder, { keepsContributions: true });
      const clock = new FakeClock();
      const rig = await Rig.start({ settings, store, clock });
      const sums = await playSum(rig, 2);
      await playUpdate(rig, EXAMPLE_UPDATES);
      const body = (who: TestParticipant): Uint8Array => bodyOf(sum2Payload(who, maskOf(who, rig)), who);
      const [first, second] = sums.map(body);
      assert.equal(await rig.send(first!), 'accepted');
      await rig.driver.stop();
      await store.close();
      const db = new DatabaseSync(join(folder, DATABASE_FILE));
      db.exec(sql);
      db.close();
      const changed = SqliteStore.open(folder, { keepsContributions: true });
      const again = await Rig.start({ settings, store: changed, clock });
      if (again.phase === 'sum2') await again.send(second!);
      await again.seconds(40);
      const failed = again.events.find((event) => event.type === 'failure');
      assert.deepEqual([failed?.code, again.driver.paused, again.driver.bulletin.model()], [failure, undefined, undefined], name);
      assert.ok(again.driver.state.round > 1);
      await again.driver.stop();
      await changed.close();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
