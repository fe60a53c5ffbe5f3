// Whole rounds in one process, with real messages and a clock that stands still until it is moved: what machine, material and store come to
// together, when all is well, when participants lie, and when the store fails in the middle.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyMap, toHex } from '@xaynet/core/bytes';
import { parseMaskConfig, rational } from '@xaynet/core/mask';
import type { Payload, UpdatePayload } from '@xaynet/core/message';
import { decodeModel, encodeRoundParams, nextRoundSeed, type SumDict } from '@xaynet/core/round';
import { settle } from './clock.test.ts';
import type { CoordinatorEvent } from './events.ts';
import {
  bodyOf,
  EXAMPLE_MODEL,
  EXAMPLE_UPDATES,
  FaultyStore,
  maskOf,
  participants,
  playSum,
  playSum2,
  playUpdate,
  Rig,
  seededRandom,
  sum2Payload,
  sumPayload,
  testSettings,
  updatePayload,
} from './rig.test.ts';
import { MemoryStore } from './stores/memory.ts';

const modelOf = (rig: Rig): string => toHex(rig.driver.bulletin.model() ?? new Uint8Array());
const phases = (events: readonly CoordinatorEvent[]): string[] => events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []));
const THREE = [{ weights: [0.25, -0.5] }, { weights: [0.5, -0.5] }, { weights: [0.75, -0.5] }];

test('a fresh start soon publishes a seed that is not zero, in round 1', async () => {
  const rig = await Rig.start();
  assert.equal(rig.driver.state.round, 1);
  assert.notEqual(toHex(rig.params.seed), '00'.repeat(32));
  assert.deepEqual(phases(rig.events), ['idle', 'sum']);
});

test('the published example, number by number, through a whole round (coordinator A.5)', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig, 3);
  await playUpdate(rig, EXAMPLE_UPDATES);
  assert.equal(rig.phase, 'sum2');
  assert.equal(toHex(maskOf(sums[0]!, rig).vect), '04397daa890c5aa4c327a90c');
  await playSum2(rig, sums);
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
  const event = rig.events.find((one) => one.type === 'model');
  assert.ok(event?.type === 'model');
  assert.deepEqual(event.model.toModel(), [rational(4999999999, 9999999999), rational(-1666666667, 3333333333)]);
  assert.deepEqual([event.round, event.weights, event.updates, event.scalarSum], [1, 2, 3, rational(9999999999n, 10000000000n)]);
  assert.deepEqual(phases(rig.events), ['idle', 'sum', 'update', 'sum2', 'unmask', 'idle', 'sum']);
  assert.equal(rig.driver.state.round, 2);
});

test('two stored states in a row satisfy the seed formula with the key of the second', async () => {
  const store = new FaultyStore();
  const rig = await Rig.start({ store });
  await rig.seconds(20);
  const [first, second] = store.states;
  assert.deepEqual(second!.params.seed, nextRoundSeed(first!.params.seed, second!.keys.secretKey, 0.5, 0.9));
  assert.deepEqual(second!.params.publicKey, second!.keys.publicKey);
  assert.deepEqual(encodeRoundParams(rig.params), encodeRoundParams(second!.params));
});

test('in the order of arrival, sum with max 2: a third eligible message before time.min is discarded, and the phase still ends at time.min', async () => {
  const rig = await Rig.start({
    settings: testSettings({ sum: { count: { min: 1, max: 2 } }, sum2: { count: { min: 1, max: 2 } }, compat: { arrival_order: true } }),
  });
  const [one, two, three] = participants(rig.params, 'sum', 3);
  for (const who of [one!, two!]) assert.equal(await rig.send(bodyOf(sumPayload(who), who)), 'accepted');
  assert.equal(await rig.send(bodyOf(sumPayload(three!), three!)), 'message-discarded');
  await rig.seconds(3.999);
  assert.equal(rig.phase, 'sum');
  await rig.seconds(0.001);
  assert.equal(rig.phase, 'update');
  assert.equal(rig.sums.size, 2);
});

test('time.min = 0, min = 3: exactly three updates are aggregated', async () => {
  const rig = await Rig.start({ settings: testSettings({ update: { time: { min: 0, max: 20 } } }) });
  const sums = await playSum(rig);
  const senders = participants(rig.params, 'update', 5);
  const bodies = senders.map((who) => bodyOf(updatePayload(who, rig.sums, { weights: [0.5, 0.25] }), who));
  const verdicts = await Promise.all(bodies.map((body) => rig.send(body)));
  assert.deepEqual(verdicts, ['accepted', 'accepted', 'accepted', 'message-discarded', 'message-discarded']);
  assert.equal(rig.driver.updates, 3);
  await settle();
  await playSum2(rig, sums);
  const event = rig.events.find((one) => one.type === 'model');
  assert.equal(event?.type === 'model' && event.updates, 3);
});

test('fewer than min by time.max: failure, then idle with a new key, a new seed and the next number; the model stays', async () => {
  const rig = await Rig.start();
  const first = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, first);
  const before = rig.params;
  await playSum(rig);
  rig.events.length = 0;
  await rig.seconds(19.999);
  assert.equal(rig.phase, 'update');
  await rig.seconds(0.001);
  assert.equal(rig.failure, 'phase-timeout');
  assert.deepEqual(phases(rig.events), ['failure', 'idle', 'sum']);
  assert.equal(rig.driver.state.round, 3);
  assert.notDeepEqual(rig.params.publicKey, before.publicKey);
  assert.notDeepEqual(rig.params.seed, before.seed);
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
});

test('duplicates are rejected and change nothing else: sum, update, sum2', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  assert.equal(await rig.send(bodyOf(sumPayload(who!), who!)), 'accepted');
  assert.equal(await rig.send(bodyOf(sumPayload(who!), who!)), 'sum-already-exists');
  assert.deepEqual('counts' in rig.driver.state && rig.driver.state.counts, { accepted: 1, rejected: 1, discarded: 0 });
  await rig.seconds(4);
  const [updater] = participants(rig.params, 'update', 1);
  const update = (): Uint8Array => bodyOf(updatePayload(updater!, rig.sums, { weights: [1, 1] }), updater!);
  assert.equal(await rig.send(update()), 'accepted');
  assert.equal(await rig.send(update()), 'update-already-submitted');
  assert.equal(rig.driver.updates, 1);
  await playUpdate(rig, [{ weights: [0, 0] }, { weights: [0, 0] }]);
  assert.equal(await rig.send(bodyOf(sum2Payload(who!, maskOf(who!, rig)), who!)), 'accepted');
  assert.equal(await rig.send(bodyOf(sum2Payload(who!, maskOf(who!, rig)), who!)), 'mask-already-submitted');
  await rig.seconds(4);
  const model = decodeModel(rig.driver.bulletin.model()!);
  assert.deepEqual(model, [rational(1, 3), rational(1, 3)]);
});

test('an update with a wrong length or configuration, or with other seeds than the sum dictionary has, leaves nothing behind', async () => {
  const rig = await Rig.start();
  await playSum(rig, 2);
  const [who] = participants(rig.params, 'update', 1);
  const payload = updatePayload(who!, rig.sums, { weights: [1, 1] });
  assert.ok(payload.tag === 'update');
  const wrong = (params: object) => updatePayload({ ...who!, params: { ...rig.params, ...params } }, rig.sums, { weights: [1, 1] });
  const longer = updatePayload(who!, rig.sums, { weights: [1] });
  const other = parseMaskConfig('Power2/F32/B0/M3');
  assert.equal(await rig.send(bodyOf(longer, who!)), 'aggregate-model-mismatch');
  assert.equal(await rig.send(bodyOf(wrong({ maskConfig: { vect: other, unit: rig.params.maskConfig.unit } }), who!)), 'aggregate-model-mismatch');
  assert.equal(await rig.send(bodyOf(wrong({ maskConfig: { vect: rig.params.maskConfig.vect, unit: other } }), who!)), 'aggregate-scalar-mismatch');
  const invalid = { ...payload, maskedModel: { ...payload.maskedModel, unit: new Uint8Array(6).fill(255) } };
  assert.equal(await rig.send(bodyOf(invalid, who!)), 'aggregate-invalid-object');
  const seedsFor = (sums: SumDict): Payload => {
    const { localSeedDict } = updatePayload(who!, sums, { weights: [1, 1] }) as UpdatePayload;
    return { ...payload, localSeedDict };
  };
  const [first] = [...rig.sums];
  const { keys, ephemeral } = participants(rig.params, 'sum', 1)[0]!;
  assert.equal(await rig.send(bodyOf(seedsFor(new KeyMap([first!])), who!)), 'seed-dict-mismatch', 'one is missing');
  assert.equal(await rig.send(bodyOf(seedsFor(new KeyMap([first!, [keys.publicKey, ephemeral.publicKey]])), who!)), 'seed-dict-mismatch', 'one is unknown');
  assert.equal(rig.driver.updates, 0);
  assert.deepEqual(
    [...(await rig.store.seedDict())!].map(([, row]) => row.size),
    [0, 0],
  );
  assert.deepEqual('counts' in rig.driver.state && rig.driver.state.counts, { accepted: 0, rejected: 6, discarded: 0 });
  assert.equal(await rig.send(bodyOf(payload, who!)), 'accepted', 'the refused ones do not count as submissions');
});

test('masks are checked on arrival: sender, configuration, length, range (W-13)', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig, 2);
  await playUpdate(rig, THREE);
  const [stranger] = participants(rig.params, 'sum', 1);
  const mask = maskOf(sums[0]!, rig);
  const send = (given: object, who = sums[0]!): Promise<string> => rig.send(bodyOf(sum2Payload(who, { ...mask, ...given }), who));
  const other = parseMaskConfig('Power2/F32/B0/M3');
  assert.equal(await send({}, stranger), 'mask-unknown-participant');
  assert.equal(await send({ config: { ...mask.config, vect: other } }), 'mask-mismatch');
  assert.equal(await send({ config: { ...mask.config, unit: other } }), 'mask-mismatch');
  assert.equal(await send({ length: 1, vect: mask.vect.subarray(0, 6) }), 'mask-mismatch');
  assert.equal(await send({ vect: new Uint8Array(12).fill(255) }), 'mask-invalid');
  assert.equal(await send({ unit: new Uint8Array(6).fill(255) }), 'mask-invalid');
  assert.equal(await rig.store.maskCount(), 0);
  assert.equal(await send({}), 'accepted');
});

test('a tie of masks fails the round, and the next one works', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig, 2);
  await playUpdate(rig, THREE);
  const honest = maskOf(sums[0]!, rig);
  assert.equal(await rig.send(bodyOf(sum2Payload(sums[0]!, honest), sums[0]!)), 'accepted');
  assert.equal(await rig.send(bodyOf(sum2Payload(sums[1]!, { ...honest, unit: new Uint8Array(6) }), sums[1]!)), 'accepted');
  await rig.seconds(4);
  assert.equal(rig.failure, 'mask-ambiguous');
  assert.equal(rig.driver.bulletin.model(), undefined);
  const next = await playSum(rig, 1);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, next);
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
});

test('no mask by time.max fails the round', async () => {
  const rig = await Rig.start();
  await playSum(rig);
  await playUpdate(rig, THREE);
  await rig.seconds(20);
  assert.equal(rig.failure, 'phase-timeout');
});

test('scalars that are all zero fail the round; the process lives and the next round works (W-02, T8)', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig);
  await playUpdate(
    rig,
    THREE.map((update) => ({ ...update, scalar: rational(0) })),
  );
  await playSum2(rig, sums);
  assert.equal(rig.failure, 'unmask-scalar-sum');
  const next = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, next);
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
});

test('a forged mask gives a model out of range: the round fails and the previous model stays (T11)', async () => {
  const rig = await Rig.start();
  const first = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, first);
  const sums = await playSum(rig);
  await playUpdate(rig, THREE);
  const honest = maskOf(sums[0]!, rig);
  const vect = honest.vect.slice();
  vect.set(moved(vect.subarray(0, 6), 10n ** 11n)); // the sum of the first weights moves by 10, beyond what three updates can come to
  assert.equal(await rig.send(bodyOf(sum2Payload(sums[0]!, { ...honest, vect }), sums[0]!)), 'accepted');
  await rig.seconds(4);
  assert.equal(rig.failure, 'model-out-of-range');
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
});

/** An element of the group, moved by `by`. */
function moved(element: Uint8Array, by: bigint): Uint8Array {
  let value = (BigInt(`0x${toHex(element.toReversed())}`) + by) % parseMaskConfig('Prime/F32/B0/M3').order;
  return Uint8Array.from(element, () => {
    const byte = Number(value & 255n);
    value >>= 8n;
    return byte;
  });
}

test('a store that fails before it stores: the sender is told to come again, and the round goes on', async () => {
  const store = new FaultyStore({ keepsContributions: true });
  const rig = await Rig.start({ store });
  const sums = await playSum(rig);
  const [who, ...others] = participants(rig.params, 'update', 3);
  store.failing.add('admitUpdate').add('ready');
  const body = bodyOf(updatePayload(who!, rig.sums, EXAMPLE_UPDATES[0]!), who!);
  assert.equal(await rig.send(body), 'storage-failed');
  assert.match(rig.driver.paused!.message, /admitUpdate|ready/);
  assert.equal(await rig.send(body), 'storage-failed', 'refused at once');
  store.failing.clear();
  await rig.seconds(1);
  assert.equal(rig.driver.paused, undefined);
  assert.equal(await rig.send(body), 'accepted');
  for (const [i, one] of others.entries()) assert.equal(await rig.send(bodyOf(updatePayload(one, rig.sums, EXAMPLE_UPDATES[i + 1]!), one)), 'accepted');
  await rig.seconds(4);
  await playSum2(rig, sums);
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
});

test('a store whose reply is lost after it stored: the update is in seeds and aggregate, once (W-11)', async () => {
  const store = new FaultyStore({ keepsContributions: true });
  const rig = await Rig.start({ store });
  const sums = await playSum(rig, 2);
  const [who, ...others] = participants(rig.params, 'update', 3);
  store.failing.add('reply of admitUpdate');
  const body = bodyOf(updatePayload(who!, rig.sums, EXAMPLE_UPDATES[0]!), who!);
  assert.equal(await rig.send(body), 'storage-failed');
  store.failing.clear();
  await rig.seconds(1);
  assert.equal(rig.driver.updates, 1);
  assert.equal(await rig.send(body), 'update-already-submitted');
  assert.deepEqual('counts' in rig.driver.state && rig.driver.state.counts, { accepted: 1, rejected: 1, discarded: 0 });
  for (const [i, one] of others.entries()) assert.equal(await rig.send(bodyOf(updatePayload(one, rig.sums, EXAMPLE_UPDATES[i + 1]!), one)), 'accepted');
  await rig.seconds(4);
  assert.deepEqual(
    [...rig.driver.bulletin.view.seeds!].map(([, row]) => row.size),
    [3, 3],
  );
  await playSum2(rig, sums);
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
});

test('a store that keeps no contributions and fails in an update loses the round, loudly, and the next one works (W-11)', async () => {
  const store = new FaultyStore();
  const rig = await Rig.start({ store });
  await playSum(rig);
  const [who] = participants(rig.params, 'update', 1);
  store.failing.add('reply of admitUpdate');
  assert.equal(await rig.send(bodyOf(updatePayload(who!, rig.sums, { weights: [1, 1] }), who!)), 'storage-failed');
  assert.equal(rig.failure, 'storage-failed');
  store.failing.clear();
  await rig.seconds(1);
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
});

test('a store that lost seeds of the aggregate fails the round instead of publishing garbage', async () => {
  const store = new MemoryStore();
  const rig = await Rig.start({ store });
  await playSum(rig);
  const seedDict = store.seedDict.bind(store);
  store.seedDict = async () => {
    const dict = (await seedDict())!;
    for (const [, row] of dict) row.delete(row.keys()[0]!);
    return dict;
  };
  await playUpdate(rig, THREE);
  assert.equal(rig.failure, 'seed-dict-damaged');
});

test('the model id cannot be stored: nothing is published until it is, and the round is not lost (W-33)', async () => {
  const store = new FaultyStore();
  const rig = await Rig.start({ store });
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  store.failing.add('setLatestModelId');
  await playSum2(rig, sums);
  await rig.seconds(600);
  assert.deepEqual([rig.phase, rig.driver.bulletin.model()], ['unmask', undefined]);
  store.failing.clear();
  while (rig.driver.paused !== undefined) await rig.seconds(1);
  assert.equal(modelOf(rig), EXAMPLE_MODEL);
  assert.equal(rig.failure, undefined);
});

test('more sum participants than places: as many are drawn, the others learn it from the dictionary, and the round is theirs (T6)', async () => {
  const settings = testSettings({ sum: { count: { min: 1, max: 2 } }, sum2: { count: { min: 1, max: 2 } } });
  const chosen = new Set<string>();
  for (let i = 0; i < 6; i++) {
    const store = new MemoryStore({ keepsContributions: true });
    const rig = await Rig.start({ settings, store, random: seededRandom(`draw ${i}`) });
    const came = participants(rig.params, 'sum', 5);
    for (const who of came) assert.equal(await rig.send(bodyOf(sumPayload(who), who)), 'accepted');
    await rig.seconds(4);
    assert.equal(rig.sums.size, 2);
    assert.deepEqual((await store.sumDict())!.keys(), rig.sums.keys(), 'stored as it is published');
    for (const [at, who] of came.entries()) if (rig.sums.has(who.keys.publicKey)) chosen.add(String(at));
    const again = await Rig.start({ settings, store, random: seededRandom(`another ${i}`) });
    assert.deepEqual([again.phase, again.sums.keys()], ['update', rig.sums.keys()], 'a restart finds the draw done');
    const drawn = came.filter((who) => rig.sums.has(who.keys.publicKey));
    await playUpdate(again, EXAMPLE_UPDATES);
    await playSum2(again, drawn);
    assert.equal(modelOf(again), EXAMPLE_MODEL);
  }
  assert.ok(chosen.size > 2, 'not always the first two');
});

test('what a phase shows is stored before it is shown', async () => {
  const store = new MemoryStore({ keepsContributions: true });
  const rig = await Rig.start({ store });
  const stored: (string | undefined)[] = [];
  const setProgress = store.setProgress.bind(store);
  const closeSum = store.closeSum.bind(store);
  store.setProgress = (progress) => setProgress(progress).then(() => void stored.push(progress?.phase));
  store.closeSum = (chosen, progress) => closeSum(chosen, progress).then(() => void stored.push(progress.phase));
  const order: unknown[] = [];
  rig.driver.bulletin.onChange(({ phase }) => order.push([phase, stored.at(-1)]));
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  assert.deepEqual(order.slice(0, 3), [
    ['update', 'update'],
    ['sum2', 'sum2'],
    ['unmask', 'unmask'],
  ]);
});

test('a call that was given up and comes true much later is counted when the next update arrives, or at the end', async () => {
  for (const others of [2, 3]) {
    const store = new MemoryStore({ keepsContributions: true });
    const rig = await Rig.start({ store, storeTimeout: 1000 });
    const sums = await playSum(rig);
    const [late, ...rest] = participants(rig.params, 'update', others + 1);
    const admitUpdate = store.admitUpdate.bind(store);
    let comeTrue = async (): Promise<unknown> => undefined;
    store.admitUpdate = (update) => {
      comeTrue = () => admitUpdate(update);
      return new Promise(() => {});
    };
    const sent = rig.send(bodyOf(updatePayload(late!, rig.sums, EXAMPLE_UPDATES[0]!), late!));
    await rig.seconds(1);
    assert.equal(await sent, 'storage-failed');
    store.admitUpdate = admitUpdate;
    const send = (i: number): Promise<string> => rig.send(bodyOf(updatePayload(rest[i]!, rig.sums, EXAMPLE_UPDATES[i % 2]!), rest[i]!));
    if (others === 2) {
      await comeTrue();
      assert.equal(await send(1), 'storage-failed', 'who sends it again learns that it counts');
      await rig.seconds(1); // a pause soon after another begins with a wait
      assert.equal(await send(1), 'update-already-submitted');
      assert.equal(rig.driver.updates, 2);
      assert.equal(await send(0), 'accepted');
    } else {
      for (let i = 0; i < others; i++) assert.equal(await send(i), 'accepted');
      await comeTrue();
    }
    await rig.seconds(4);
    await playSum2(rig, sums);
    assert.equal(rig.failure, undefined);
    const model = rig.events.find((event) => event.type === 'model');
    assert.equal(model?.type === 'model' && model.updates, others + 1);
  }
});
