// The contracts of stores/contract.ts as tests, run over every implementation: a store is accepted by passing this one call.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { equalMaskObjects, type MaskObject } from '@xaynet/core/mask';
import type { LocalSeedDict } from '@xaynet/core/message';
import { encodeCoordinatorState, encodeSeedDict, encodeSumDict } from '@xaynet/core/round';
import type { RoundProgress, RoundRecord, SpooledChunk, Store } from './contract.ts';
import type { StoreOptions } from './options.ts';
import { CONFIG, filled, state } from './rig.test.ts';

/** How a store is made and made again. */
export interface StoreSetup {
  /** An empty store, with these options besides its own. */
  open(options?: StoreOptions): Promise<Store>;
  /** Closes `store` and opens what it left behind; undefined for a store that leaves nothing. */
  reopen?: ((store: Store) => Promise<Store>) | undefined;
}

const participant = (byte: number): PublicSigningKey => PublicSigningKey(filled(32, byte));
const ephemeral = (byte: number): PublicEncryptKey => PublicEncryptKey(filled(32, byte));
const seeds = (update: number, ...sums: number[]): LocalSeedDict =>
  new KeyMap(sums.map((sum): [PublicSigningKey, EncryptedMaskSeed] => [participant(sum), EncryptedMaskSeed(filled(80, update + sum))]));
const mask = (byte: number, length = 2): MaskObject => ({
  config: { vect: CONFIG, unit: CONFIG },
  length,
  vect: filled(length * CONFIG.bytesPerNumber, byte),
  unit: filled(CONFIG.bytesPerNumber, byte),
});
const update = (byte: number, ...sums: number[]) => ({ participant: participant(byte), localSeedDict: seeds(byte, ...sums), maskedModel: mask(byte) });

interface Found {
  readonly position: number;
  readonly participant: number;
  readonly model: MaskObject;
}

async function contributions(store: Store, from = 0): Promise<Found[]> {
  const found: Found[] = [];
  for await (const { position, participant: key, maskedModel } of store.contributions(from)) found.push({ position, participant: key[0]!, model: maskedModel });
  return found;
}

const progress = (round: number, phase: RoundProgress['phase'] = 'sum'): RoundProgress => ({
  round,
  phase,
  since: 1_700_000_000_000.5 + round,
  failures: round % 3,
  ...(round % 2 === 0 ? {} : { began: 1_600_000_000_000.25 + round }),
});

const record = (round: number, changes: Partial<RoundRecord> = {}): RoundRecord => ({
  round,
  outcome: 'model',
  began: 1_700_000_000_000,
  ended: 1_700_000_001_000.25,
  sums: 3,
  updates: 5,
  masks: 3,
  model: `${round}_é`,
  hashes: { params: 'aa', model: 'bb' },
  signer: 'cc',
  signature: 'dd',
  ...changes,
});

async function chunks(store: Store): Promise<SpooledChunk[]> {
  const found: SpooledChunk[] = [];
  for await (const chunk of store.chunks()) found.push(chunk);
  return found;
}

const chunk = (byte: number, length: number, tag: SpooledChunk['tag'] = 'update'): SpooledChunk => ({
  participant: participant(byte),
  tag,
  payload: filled(length, byte),
});

/** The suite; `name` stands in the title of each test. */
export function storeConformance(name: string, setup: StoreSetup): void {
  const opened: Store[] = [];
  const open = async (options?: StoreOptions): Promise<Store> => {
    const store = await setup.open(options);
    opened.push(store);
    return store;
  };
  const reopen = async (store: Store): Promise<Store> => {
    if (setup.reopen === undefined) return store;
    const again = await setup.reopen(store);
    opened.push(again);
    return again;
  };
  after(async () => {
    for (const store of opened) await store.close();
  });
  const check = (what: string, body: (store: Store) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => body(await open()));
  };
  const admitted = async (store: Store, sums: number, ...updates: number[]): Promise<void> => {
    for (let sum = 1; sum <= sums; sum++) await store.admitSum(participant(sum), ephemeral(sum));
    const everybody = Array.from({ length: sums }, (_, i) => i + 1);
    for (const byte of updates) assert.equal((await store.admitUpdate(update(byte, ...everybody))).verdict, 'ok');
  };

  check('an empty store has nothing', async (store) => {
    assert.equal(await store.coordinatorState(), undefined);
    assert.equal(await store.sumDict(), undefined);
    assert.equal(await store.seedDict(), undefined);
    assert.deepEqual(await store.bestMasks(), []);
    assert.equal(await store.maskCount(), 0);
    assert.equal(await store.latestModelId(), undefined);
    assert.equal(await store.model('1_aa'), undefined);
    assert.deepEqual(await contributions(store), []);
    assert.equal(await store.progress(), undefined);
    assert.deepEqual(await store.counts(), { sums: 0, updates: 0, masks: 0, leading: 0 });
    assert.equal(await store.checkpoint(), undefined);
    assert.deepEqual(await chunks(store), []);
    assert.deepEqual(await store.records(10), []);
    assert.equal(await store.identity(), undefined);
    assert.deepEqual(await store.models(), []);
    await store.eraseRound();
    await store.eraseChunks();
    await store.eraseAll();
    await store.ready();
  });

  check('coordinator state: absent stores, present replaces, survives', async (store) => {
    await store.setCoordinatorState(state(1));
    await store.setCoordinatorState(state(2));
    const stored = await (await reopen(store)).coordinatorState();
    assert.deepEqual(stored && encodeCoordinatorState(stored), encodeCoordinatorState(state(2)));
  });

  check('sum participants: new is stored, known is refused and the first key stays', async (store) => {
    assert.equal(await store.admitSum(participant(2), ephemeral(20)), 'ok');
    assert.equal(await store.admitSum(participant(1), ephemeral(10)), 'ok');
    assert.equal(await store.admitSum(participant(2), ephemeral(99)), 'already-exists');
    const dict = await (await reopen(store)).sumDict();
    const expected = encodeSumDict(
      new KeyMap([
        [participant(1), ephemeral(10)],
        [participant(2), ephemeral(20)],
      ]),
    );
    assert.deepEqual(dict && encodeSumDict(dict), expected);
  });

  check('before the first update every sum participant has an empty row', async (store) => {
    await store.admitSum(participant(1), ephemeral(1));
    await store.admitSum(participant(2), ephemeral(2));
    const dict = await store.seedDict();
    assert.deepEqual(dict && [...dict].map(([key, row]) => [key[0], row.size]), [
      [1, 0],
      [2, 0],
    ]);
  });

  check('updates: the four verdicts, in their order, and what they leave', async (store) => {
    await store.admitSum(participant(1), ephemeral(1));
    await store.admitSum(participant(2), ephemeral(2));
    assert.equal((await store.admitUpdate(update(50))).verdict, 'length-mismatch', 'no seeds at all');
    assert.equal((await store.admitUpdate(update(50, 1))).verdict, 'length-mismatch');
    assert.equal((await store.admitUpdate(update(50, 1, 2, 3))).verdict, 'length-mismatch', 'before unknown');
    assert.equal((await store.admitUpdate(update(50, 1, 3))).verdict, 'unknown-sum-participant');
    assert.deepEqual(
      [...(await store.seedDict())!].map(([, row]) => row.size),
      [0, 0],
      'refused updates leave nothing',
    );
    assert.equal((await store.admitUpdate(update(50, 1, 2))).verdict, 'ok', 'and do not count as submissions');
    assert.equal((await store.admitUpdate({ ...update(60, 1, 2), participant: participant(50) })).verdict, 'already-submitted');
    assert.equal((await store.admitUpdate(update(50, 1))).verdict, 'length-mismatch', 'before already submitted');
    assert.equal((await store.admitUpdate(update(50, 1, 3))).verdict, 'unknown-sum-participant', 'before already submitted');
    assert.equal((await store.admitUpdate(update(40, 1, 2))).verdict, 'ok');
    assert.equal((await store.admitUpdate(update(1, 1, 2))).verdict, 'ok', 'a sum participant is not told apart here');
    const dict = await (await reopen(store)).seedDict();
    const row = (sum: number): [PublicSigningKey, KeyMap<PublicSigningKey, EncryptedMaskSeed>] => [
      participant(sum),
      new KeyMap([1, 40, 50].map((by): [PublicSigningKey, EncryptedMaskSeed] => [participant(by), EncryptedMaskSeed(filled(80, by + sum))])),
    ];
    assert.deepEqual(dict && encodeSeedDict(dict), encodeSeedDict(new KeyMap([row(1), row(2)])));
  });

  check('contributions: those of admitted updates once each in order, if they are kept at all', async (store) => {
    await store.admitSum(participant(1), ephemeral(1));
    for (const verdict of [store.admitUpdate(update(7, 1)), store.admitUpdate(update(7, 1)), store.admitUpdate(update(8)), store.admitUpdate(update(3, 1))]) {
      await verdict;
    }
    const again = await reopen(store);
    const found = await contributions(again);
    assert.deepEqual(
      found.map((one) => one.participant),
      again.keepsContributions ? [7, 3] : [],
    );
    for (const one of found) assert.ok(equalMaskObjects(one.model, mask(one.participant)));
    await again.eraseRound();
    assert.deepEqual(await contributions(again), []);
  });

  check('masks: the three verdicts, votes by equality of the whole object, best two first', async (store) => {
    for (const byte of [1, 2, 3, 4, 5, 6]) await store.admitSum(participant(byte), ephemeral(byte));
    assert.deepEqual(await store.admitSum2(participant(9), mask(1)), { verdict: 'unknown-sum-participant' });
    assert.equal(await store.maskCount(), 0, 'a refused mask is not counted');
    assert.deepEqual(await store.admitSum2(participant(1), mask(1)), { verdict: 'ok', votes: 1 });
    assert.deepEqual(await store.admitSum2(participant(1), mask(2)), { verdict: 'already-submitted' });
    assert.deepEqual(await store.admitSum2(participant(2), { ...mask(1), unit: filled(6, 2) }), { verdict: 'ok', votes: 1 }, 'another unit');
    assert.deepEqual(await store.admitSum2(participant(3), mask(3)), { verdict: 'ok', votes: 1 });
    assert.deepEqual(await store.admitSum2(participant(4), mask(3)), { verdict: 'ok', votes: 2 });
    assert.deepEqual(await store.admitSum2(participant(5), mask(1)), { verdict: 'ok', votes: 2 });
    const again = await reopen(store);
    assert.deepEqual(await again.admitSum2(participant(6), mask(3)), { verdict: 'ok', votes: 3 });
    assert.equal(await again.maskCount(), 3);
    const best = await again.bestMasks();
    assert.deepEqual(
      best.map(({ votes }) => votes),
      [3, 2],
    );
    assert.ok(equalMaskObjects(best[0]!.mask, mask(3)) && equalMaskObjects(best[1]!.mask, mask(1)));
  });

  check('masks: a single one, and a tie', async (store) => {
    await store.admitSum(participant(1), ephemeral(1));
    await store.admitSum(participant(2), ephemeral(2));
    await store.admitSum2(participant(1), mask(1));
    assert.deepEqual(
      (await store.bestMasks()).map(({ votes }) => votes),
      [1],
    );
    await store.admitSum2(participant(2), mask(1, 3));
    assert.deepEqual(
      (await store.bestMasks()).map(({ votes }) => votes),
      [1, 1],
    );
  });

  check('erasing the round keeps state, model and model id, and begins everything anew', async (store) => {
    await store.setCoordinatorState(state(5));
    await store.putModel('5_aa', filled(8, 1));
    await store.setLatestModelId('5_aa');
    await store.admitSum(participant(1), ephemeral(1));
    await store.admitUpdate(update(50, 1));
    await store.admitSum2(participant(1), mask(1));
    await store.eraseRound();
    assert.equal(await store.sumDict(), undefined);
    assert.equal(await store.seedDict(), undefined);
    assert.equal(await store.maskCount(), 0);
    assert.equal((await store.coordinatorState())?.roundId, 5);
    assert.equal(await store.latestModelId(), '5_aa');
    assert.deepEqual(await store.admitSum2(participant(1), mask(1)), { verdict: 'unknown-sum-participant' });
    assert.equal(await store.admitSum(participant(1), ephemeral(2)), 'ok');
    assert.equal((await store.admitUpdate(update(50, 1))).verdict, 'ok');
    assert.deepEqual(await store.admitSum2(participant(1), mask(1)), { verdict: 'ok', votes: 1 });
  });

  check('erasing everything forgets state and model id; models stay', async (store) => {
    await store.setCoordinatorState(state(5));
    await store.putModel('5_aa', filled(8, 1));
    await store.setLatestModelId('5_aa');
    await store.admitSum(participant(1), ephemeral(1));
    await store.eraseAll();
    const again = await reopen(store);
    assert.equal(await again.coordinatorState(), undefined);
    assert.equal(await again.latestModelId(), undefined);
    assert.equal(await again.sumDict(), undefined);
    assert.deepEqual(await again.model('5_aa'), filled(8, 1));
  });

  check('models: absent stores, present is kept as it was; the id is replaced', async (store) => {
    assert.equal(await store.putModel('1_aa', filled(9, 1)), 'ok');
    assert.equal(await store.putModel('1_aa', filled(9, 2)), 'already-exists');
    assert.equal(await store.putModel('2_bb', new Uint8Array()), 'ok');
    await store.setLatestModelId('1_aa');
    await store.setLatestModelId('2_bb');
    const again = await reopen(store);
    assert.deepEqual(await again.model('1_aa'), filled(9, 1));
    assert.deepEqual(await again.model('2_bb'), new Uint8Array());
    assert.equal(await again.latestModelId(), '2_bb');
  });

  check('old models are deleted once a later one is the latest: ten stay, the latest always', async (store) => {
    const ids = Array.from({ length: 15 }, (_, i) => `${i + 1}_aa`);
    let now = store;
    for (const [i, id] of ids.entries()) {
      await now.putModel(id, filled(1000, i));
      if (i > 0) assert.deepEqual(await now.model(ids[i - 1]!), filled(1000, i - 1), 'before the new one is the latest, the one before is there');
      await now.setLatestModelId(id);
      if (i === 11) now = await reopen(now);
      assert.deepEqual(await now.model(id), filled(1000, i));
    }
    now = await reopen(now);
    assert.equal(await now.latestModelId(), '15_aa');
    for (const [i, id] of ids.entries()) assert.deepEqual(await now.model(id), i < 5 ? undefined : filled(1000, i), id);
    for (let i = 0; i < 20; i++) await now.putModel(`orphan ${i}`, filled(1000, 99));
    assert.deepEqual(await now.model('15_aa'), filled(1000, 14), 'models that never became the latest push nothing out');
    await now.setLatestModelId('15_aa');
    assert.deepEqual(await now.model('15_aa'), filled(1000, 14), 'and the latest is never deleted, however many are newer');
    assert.equal(await now.model('14_aa'), undefined);
    assert.deepEqual(await now.model('orphan 19'), filled(1000, 99));
  });

  check('bytes that were passed in may be overwritten afterwards', async (store) => {
    const buffer = filled(32, 1);
    const sealed = filled(80, 4);
    await store.admitSum(PublicSigningKey(buffer), PublicEncryptKey(buffer));
    const local: LocalSeedDict = new KeyMap([[PublicSigningKey(buffer.slice()), EncryptedMaskSeed(sealed)]]);
    await store.admitUpdate({ participant: PublicSigningKey(buffer), localSeedDict: local, maskedModel: mask(1) });
    const sent = mask(3);
    await store.admitSum2(PublicSigningKey(buffer), sent);
    buffer.fill(99);
    sealed.fill(99);
    sent.vect.fill(99);
    assert.equal((await store.sumDict())?.get(participant(1))?.[0], 1);
    assert.equal((await store.seedDict())?.get(participant(1))?.get(participant(1))?.[0], 4);
    assert.ok(equalMaskObjects((await store.bestMasks())[0]!.mask, mask(3)));
  });

  check('calls at the same time take effect one after another', async (store) => {
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => store.admitSum(participant(1), ephemeral(1))));
    assert.equal(verdicts.filter((verdict) => verdict === 'ok').length, 1);
    const updates = await Promise.all(Array.from({ length: 20 }, () => store.admitUpdate(update(2, 1))));
    assert.equal(updates.filter(({ verdict }) => verdict === 'ok').length, 1);
    const masks = await Promise.all(Array.from({ length: 20 }, () => store.admitSum2(participant(1), mask(1))));
    assert.deepEqual(
      masks.filter(({ verdict }) => verdict === 'ok'),
      [{ verdict: 'ok', votes: 1 }],
    );
  });

  check('progress: absent stores, present replaces, undefined removes, and the state replaces it in the same act', async (store) => {
    await store.setCoordinatorState(state(1), progress(1));
    assert.deepEqual(await store.progress(), progress(1));
    await store.setProgress(progress(2, 'update'));
    let again = await reopen(store);
    assert.deepEqual(await again.progress(), progress(2, 'update'));
    await again.setProgress(undefined);
    assert.equal(await again.progress(), undefined);
    await again.setProgress(progress(3, 'unmask'));
    await again.setCoordinatorState(state(4));
    again = await reopen(again);
    assert.equal(await again.progress(), undefined, 'a state without progress');
    await again.setProgress(progress(5, 'sum2'));
    await again.eraseRound();
    assert.equal(await again.progress(), undefined);
  });

  check('closing the sum phase leaves the chosen and sets the progress; left out, everybody stays', async (store) => {
    await admitted(store, 4);
    await store.closeSum(undefined, progress(1, 'sum'));
    assert.deepEqual([(await store.sumDict())?.size, await store.progress()], [4, progress(1, 'sum')]);
    await store.closeSum([participant(3), participant(9), participant(1)], progress(1, 'update'));
    const again = await reopen(store);
    assert.deepEqual(
      (await again.sumDict())?.keys().map((key) => key[0]),
      [1, 3],
    );
    assert.deepEqual(await again.progress(), progress(1, 'update'));
    assert.equal((await again.counts()).sums, 2);
    assert.equal((await again.admitUpdate(update(50, 1, 2))).verdict, 'unknown-sum-participant');
    assert.equal((await again.admitUpdate(update(50, 1, 3))).verdict, 'ok');
    assert.deepEqual(
      (await again.seedDict())?.keys().map((key) => key[0]),
      [1, 3],
    );
    assert.deepEqual(await again.admitSum2(participant(2), mask(1)), { verdict: 'unknown-sum-participant' });
    await again.closeSum([], progress(1, 'update'));
    assert.equal(await again.sumDict(), undefined);
  });

  check('closing the sum phase among many takes exactly the chosen', async (store) => {
    const many = Array.from({ length: 300 }, (_, i) => PublicSigningKey(Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? (i >> (8 * at)) & 0xff : 7))));
    for (const key of many.slice(0, 40)) await store.admitSum(key, ephemeral(1));
    await store.closeSum(many.slice(10), progress(1));
    assert.deepEqual((await store.sumDict())?.keys(), new KeyMap(many.slice(10, 40).map((key): [PublicSigningKey, true] => [key, true])).keys());
  });

  check('counts tell what is stored', async (store) => {
    await admitted(store, 3, 40, 41);
    await store.admitUpdate(update(40, 1, 2, 3));
    await store.admitSum2(participant(1), mask(1));
    await store.admitSum2(participant(2), mask(2));
    await store.admitSum2(participant(3), mask(2));
    const again = await reopen(store);
    assert.deepEqual(await again.counts(), { sums: 3, updates: 2, masks: 3, leading: 2 });
    await again.eraseRound();
    assert.deepEqual(await again.counts(), { sums: 0, updates: 0, masks: 0, leading: 0 });
  });

  check('positions count admissions from 1 on, without gaps, also over restarts and from round to round', async (store) => {
    await admitted(store, 1);
    assert.deepEqual(await store.admitUpdate(update(9, 1)), { verdict: 'ok', position: 1 });
    assert.deepEqual(await store.admitUpdate(update(9, 1)), { verdict: 'already-submitted' });
    assert.deepEqual(await store.admitUpdate(update(3, 1)), { verdict: 'ok', position: 2 });
    const again = await reopen(store);
    assert.deepEqual(await again.admitUpdate(update(5, 1)), { verdict: 'ok', position: 3 });
    const kept = again.keepsContributions ? [9, 3, 5] : [];
    const everything = await contributions(again);
    assert.deepEqual(
      everything.map((one) => [one.position, one.participant]),
      kept.map((byte, i) => [i + 1, byte]),
    );
    assert.deepEqual(await contributions(again, 1), everything.slice(1));
    assert.deepEqual(await contributions(again, 3), []);
    await again.eraseRound();
    await admitted(again, 1);
    assert.deepEqual(await again.admitUpdate(update(9, 1)), { verdict: 'ok', position: 1 }, 'a new round');
    assert.equal((await contributions(again)).length, kept.length > 0 ? 1 : 0);
  });

  check('a checkpoint replaces the one before and what it sums up; later contributions stay', async (store) => {
    await admitted(store, 1, 10, 11, 12, 13, 14);
    await store.setCheckpoint({ position: 2, count: 2, aggregate: mask(70) });
    assert.deepEqual(
      (await contributions(store, 2)).map((one) => [one.position, one.participant]),
      store.keepsContributions ? [12, 13, 14].map((byte, i) => [i + 3, byte]) : [],
    );
    await store.setCheckpoint({ position: 4, count: 4, aggregate: mask(71) });
    const again = await reopen(store);
    const checkpoint = (await again.checkpoint())!;
    assert.deepEqual([checkpoint.position, checkpoint.count], [4, 4]);
    assert.ok(equalMaskObjects(checkpoint.aggregate, mask(71)));
    assert.deepEqual(await again.admitUpdate(update(15, 1)), { verdict: 'ok', position: 6 });
    const found = await contributions(again, 4);
    assert.deepEqual(
      found.map((one) => [one.position, one.participant]),
      again.keepsContributions ? [14, 15].map((byte, i) => [i + 5, byte]) : [],
    );
    for (const one of found) assert.ok(equalMaskObjects(one.model, mask(one.participant)));
    assert.equal((await again.counts()).updates, 6, 'who took part is still known');
    assert.equal((await again.admitUpdate(update(10, 1))).verdict, 'already-submitted');
    await again.eraseRound();
    assert.equal(await again.checkpoint(), undefined);
  });

  check('chunks come back in their order, until they are erased, and only from a store that keeps contributions', async (store) => {
    const all = [chunk(1, 10), chunk(2, 70_000, 'sum2'), chunk(1, 1, 'sum'), chunk(3, 5000)];
    const kept = store.keepsContributions ? all : [];
    await store.appendChunks(all.slice(0, 3));
    await store.appendChunks([]);
    await store.appendChunks(all.slice(3));
    assert.deepEqual(
      (await chunks(store)).map(({ participant: key, tag, payload }) => ({ participant: new Uint8Array(key), tag, payload: new Uint8Array(payload) })),
      kept,
    );
    const again = await reopen(store);
    assert.equal((await chunks(again)).length, kept.length);
    await again.appendChunks([chunk(9, 3)]);
    assert.equal((await chunks(again)).length, kept.length === 0 ? 0 : 5);
    await again.eraseChunks();
    assert.deepEqual(await chunks(again), []);
    await again.appendChunks([chunk(4, 40)]);
    assert.deepEqual(
      (await chunks(await reopen(again))).map(({ participant: key }) => key[0]),
      kept.length === 0 ? [] : [4],
    );
  });

  check('chunks of a round that was erased are gone, also after a restart', async (store) => {
    await store.appendChunks([chunk(1, 100)]);
    await store.eraseRound();
    assert.deepEqual(await chunks(store), []);
    const again = await reopen(store);
    assert.deepEqual(await chunks(again), []);
    await again.appendChunks([chunk(2, 100)]);
    assert.equal((await chunks(again)).length, again.keepsContributions ? 1 : 0);
  });

  check('records: newest first, by rounds, replaced when the round is there; as they were', async (store) => {
    for (const round of [3, 1, 2, 5]) await store.putRecord(record(round));
    const failed = record(2, { outcome: 'failure', phase: 'update', code: 'phase-timeout' });
    await store.putRecord(failed);
    const again = await reopen(store);
    assert.deepEqual(
      (await again.records(10)).map(({ round }) => round),
      [5, 3, 2, 1],
    );
    assert.deepEqual(
      (await again.records(2, 5)).map(({ round }) => round),
      [3, 2],
    );
    assert.deepEqual(await again.records(10, 1), []);
    assert.deepEqual(await again.records(0), []);
    const [stored] = await again.records(1, 3);
    assert.equal(JSON.stringify(stored), JSON.stringify(failed), 'down to the order of its keys, which is signed');
  });

  check('reports: newest first, by rounds, replaced when the round has one; they go with the records', async (store) => {
    for (const round of [1, 3]) await store.putRecord(record(round));
    for (const round of [3, 1]) await store.putReport!({ round, values: { loss: round } });
    await store.putReport!({ round: 3, values: { loss: 0.25, accuracy: 1 } });
    const again = await reopen(store);
    assert.deepEqual(await again.reports!(10), [
      { round: 3, values: { loss: 0.25, accuracy: 1 } },
      { round: 1, values: { loss: 1 } },
    ]);
    assert.deepEqual(await again.reports!(1, 3), [{ round: 1, values: { loss: 1 } }]);
    assert.deepEqual(await again.reports!(0), []);
    await again.eraseRound();
    assert.equal((await again.reports!(10)).length, 2);
    await again.eraseAll();
    assert.deepEqual(await again.reports!(10), []);
  });

  test(`${name}: a store that is set to keep records lets go of older reports`, async () => {
    const store = await open({ keepRounds: 2 });
    for (const round of [1, 2, 3]) {
      await store.putRecord(record(round));
      await store.putReport!({ round, values: { loss: round } });
    }
    assert.deepEqual(
      (await store.reports!(10)).map(({ round }) => round),
      [3, 2],
    );
  });

  test(`${name}: where numbers begin anew, records do too: none of an earlier series outlives or hides those of the new one (W-43)`, async () => {
    const store = await open({ keepRounds: 2 });
    for (const round of [7, 8]) await store.putRecord(record(round));
    await store.eraseAll();
    assert.deepEqual(await store.records(10), []);
    await store.putRecord(record(1));
    assert.deepEqual(
      (await (await reopen(store)).records(10)).map(({ round }) => round),
      [1],
    );
  });

  test(`${name}: a store that is set to keep records lets go of the oldest`, async () => {
    const store = await open({ keepRounds: 2 });
    for (const round of [7, 8, 6, 9]) await store.putRecord(record(round));
    assert.deepEqual(
      (await store.records(10)).map(({ round }) => round),
      [9, 8],
    );
  });

  check('the identity is set once and stays', async (store) => {
    const seed = filled(32, 5);
    await store.setIdentity(seed);
    seed.fill(9);
    await store.setIdentity(filled(32, 6));
    await store.eraseAll();
    assert.deepEqual(new Uint8Array((await (await reopen(store)).identity())!), filled(32, 5));
  });

  check('the list of models is theirs, the one stored last first', async (store) => {
    for (const id of ['2_b', '1_a', '3_c']) await store.putModel(id, filled(id.charCodeAt(0), 1));
    await store.putModel('1_a', filled(1, 1));
    const again = await reopen(store);
    assert.deepEqual(await again.models(), [
      { id: '3_c', bytes: 51 },
      { id: '1_a', bytes: 49 },
      { id: '2_b', bytes: 50 },
    ]);
  });

  check('usage: bytes where there is a disk, and room on it', async (store) => {
    const { bytes, free } = await store.usage();
    assert.ok(Number.isFinite(free) ? bytes > 0 && free > 0 : bytes === 0);
    await store.putModel('1_a', filled(100_000, 1));
    if (Number.isFinite(free)) assert.ok((await store.usage()).bytes >= 100_000);
  });

  check('views of a large buffer, and of a Buffer, are taken as what they show', async (store) => {
    const message = filled(50_000, 1);
    const view = (length: number, byte: number): Uint8Array => message.fill(byte, 100, 100 + length).subarray(100, 100 + length);
    await store.admitSum(PublicSigningKey(view(32, 7)), PublicEncryptKey(Buffer.from(filled(32, 8)).subarray()));
    await store.putModel('1_a', view(10_000, 6));
    message.fill(0);
    assert.deepEqual((await store.sumDict())?.get(participant(7))?.[31], 8);
    assert.deepEqual(new Uint8Array((await store.model('1_a'))!), filled(10_000, 6));
    assert.equal(message.length, 50_000, 'and nothing of the buffer was taken away');
  });

  check('after closing every method throws, closing again does not', async (store) => {
    await store.close();
    await store.close();
    await assert.rejects(store.sumDict(), { code: 'storage-failed' });
    await assert.rejects(store.admitSum(participant(1), ephemeral(1)), { code: 'storage-failed' });
    await assert.rejects(store.ready(), { code: 'storage-failed' });
    await assert.rejects(contributions(store), { code: 'storage-failed' });
  });
}
