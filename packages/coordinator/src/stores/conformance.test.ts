// The contracts of stores/contract.ts as tests, run over every implementation: a store is accepted by passing this one call.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EncryptedMaskSeed, EncryptKeySeed, KeyMap, PublicEncryptKey, PublicSigningKey, RoundSeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed } from '@xaynet/core/crypto';
import { equalMaskObjects, type MaskObject, parseMaskConfig } from '@xaynet/core/mask';
import type { LocalSeedDict } from '@xaynet/core/message';
import { type CoordinatorState, encodeCoordinatorState, encodeSeedDict, encodeSumDict } from '@xaynet/core/round';
import type { Store } from './contract.ts';

/** How a store is made and made again. */
export interface StoreSetup {
  /** An empty store. */
  open(): Promise<Store>;
  /** Closes `store` and opens what it left behind; undefined for a store that leaves nothing. */
  reopen?: ((store: Store) => Promise<Store>) | undefined;
}

const CONFIG = parseMaskConfig('Prime/F32/B0/M3');
const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
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

function state(roundId: number): CoordinatorState {
  const keys = encryptKeyPairFromSeed(EncryptKeySeed(filled(32, roundId)));
  const phase = { countMin: 1, countMax: 2, timeMin: 3, timeMax: 4 };
  const params = {
    publicKey: keys.publicKey,
    sum: 0.25,
    update: 0.5,
    seed: RoundSeed(filled(32, 9)),
    maskConfig: { vect: CONFIG, unit: CONFIG },
    modelLength: 2,
  };
  return { keys, roundId, params, sum: phase, update: phase, sum2: phase };
}

async function contributions(store: Store): Promise<{ participant: number; model: MaskObject }[]> {
  const found: { participant: number; model: MaskObject }[] = [];
  for await (const { participant: key, maskedModel } of store.contributions()) found.push({ participant: key[0]!, model: maskedModel });
  return found;
}

/** The suite; `name` stands in the title of each test. */
export function storeConformance(name: string, setup: StoreSetup): void {
  const opened: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = await setup.open();
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

  check('an empty store has nothing', async (store) => {
    assert.equal(await store.coordinatorState(), undefined);
    assert.equal(await store.sumDict(), undefined);
    assert.equal(await store.seedDict(), undefined);
    assert.deepEqual(await store.bestMasks(), []);
    assert.equal(await store.maskCount(), 0);
    assert.equal(await store.latestModelId(), undefined);
    assert.equal(await store.model('1_aa'), undefined);
    assert.deepEqual(await contributions(store), []);
    await store.eraseRound();
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
    assert.equal(await store.admitUpdate(update(50)), 'length-mismatch', 'no seeds at all');
    assert.equal(await store.admitUpdate(update(50, 1)), 'length-mismatch');
    assert.equal(await store.admitUpdate(update(50, 1, 2, 3)), 'length-mismatch', 'before unknown');
    assert.equal(await store.admitUpdate(update(50, 1, 3)), 'unknown-sum-participant');
    assert.deepEqual(
      [...(await store.seedDict())!].map(([, row]) => row.size),
      [0, 0],
      'refused updates leave nothing',
    );
    assert.equal(await store.admitUpdate(update(50, 1, 2)), 'ok', 'and do not count as submissions');
    assert.equal(await store.admitUpdate({ ...update(60, 1, 2), participant: participant(50) }), 'already-submitted');
    assert.equal(await store.admitUpdate(update(50, 1)), 'length-mismatch', 'before already submitted');
    assert.equal(await store.admitUpdate(update(50, 1, 3)), 'unknown-sum-participant', 'before already submitted');
    assert.equal(await store.admitUpdate(update(40, 1, 2)), 'ok');
    assert.equal(await store.admitUpdate(update(1, 1, 2)), 'ok', 'a sum participant is not told apart here');
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
    assert.equal(await store.admitUpdate(update(50, 1)), 'ok');
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
    assert.equal(updates.filter((verdict) => verdict === 'ok').length, 1);
    const masks = await Promise.all(Array.from({ length: 20 }, () => store.admitSum2(participant(1), mask(1))));
    assert.deepEqual(
      masks.filter(({ verdict }) => verdict === 'ok'),
      [{ verdict: 'ok', votes: 1 }],
    );
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
