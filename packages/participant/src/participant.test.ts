// A participant driven by its application: models bound to rounds, global models, budgets, concurrency. What hostile coordinators try is
// among the attackers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { parseMaskConfig, rational } from '@xaynet/core/mask';
import { chooseRole } from '@xaynet/core/round';
import { countingRandom, FakeCoordinator, keysFor, seedOf, updateOnce } from './fake-coordinator.test.ts';
import type { ParticipantOptions } from './options.ts';
import { Participant } from './participant.ts';
import type { Clock } from './ports.ts';
import { decodeSnapshot } from './snapshot.ts';
import { create, inSum2, inUpdate, ticks } from './stages.test.ts';

test('options that cannot work are refused when the participant is made', async () => {
  const transport = new FakeCoordinator();
  const code = async (options: ParticipantOptions): Promise<unknown> =>
    Participant.create(options).then(
      () => 'ok',
      (error) => error.code,
    );
  assert.equal(await code({}), 'option-invalid');
  assert.equal(await code({ transport, url: 'https://x' }), 'option-invalid');
  assert.equal(await code({ url: 'x' }), 'transport-url');
  assert.equal(await code({ url: 'http://x' }), 'transport-insecure');
  assert.equal(await code({ url: 'http://x', allowInsecure: true }), 'ok');
  for (const scalar of [-1, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(await code({ transport, scalar }), 'scalar-invalid', String(scalar));
  for (const size of [1, 185, 193]) assert.equal(await code({ transport, maxMessageSize: size }), 'message-size-too-small', String(size));
  for (const size of [-1, 194.5]) assert.equal(await code({ transport, maxMessageSize: size }), 'option-invalid');
  for (const size of [0, 194]) assert.equal(await code({ transport, maxMessageSize: size }), 'ok');
  for (const name of ['minUpdates', 'minSums', 'maxModelLength', 'maxSums', 'maxUpdates'] as const) {
    for (const value of [0, -1, 1.5, Number.NaN]) assert.equal(await code({ transport, [name]: value }), 'option-invalid', `${name} ${value}`);
  }
  const [a, b] = [keysFor('sum', transport.params_), keysFor('update', transport.params_)];
  assert.equal(await code({ transport, keys: { publicKey: a.publicKey, secretKey: b.secretKey } }), 'option-invalid');
});

test('a fresh participant: random keys, scalar 1, no round, nothing wanted', async () => {
  const transport = new FakeCoordinator();
  const [a, b] = [await Participant.create({ transport }), await Participant.create({ transport })];
  assert.notDeepEqual(a.publicKey, b.publicKey);
  assert.deepEqual(
    [a.round, a.params, a.task, a.state, a.waitingFor, a.modelNeeded, a.newGlobalModel],
    [undefined, undefined, 'none', 'awaiting', undefined, undefined, false],
  );
  assert.deepEqual(a.scalar, rational(1));
  assert.deepEqual((await Participant.create({ transport, scalar: 0.5 })).scalar, rational(1, 2));
});

test('eligible for both: sum', async () => {
  const coordinator = new FakeCoordinator({ sum: 1, update: 1 });
  const keys = keysFor('sum', coordinator.params_);
  assert.equal(chooseRole({ ...coordinator.params_, sum: 0 }, keys).role, 'update');
  const participant = await create(coordinator, keys);
  await ticks(participant, 2);
  assert.equal(participant.task, 'sum');
});

test('a model is bound to its round and checked at once (Q-03, Q-15, Q-16)', async () => {
  const { coordinator, participant } = await inUpdate();
  const { modelNeeded } = participant;
  assert.deepEqual(modelNeeded, { round: participant.round, dataType: 'F32', length: 4 });
  const { round } = modelNeeded!;
  assert.throws(
    () => participant.setModel(new Float32Array(3), { round }),
    (error: Error) => /3 weights given, the round takes 4/.test(error.message),
  );
  assert.throws(() => participant.setModel(new Float32Array(5), { round }), { code: 'model-length' });
  assert.throws(() => participant.setModel(Float32Array.of(0, 1, Number.NaN, 0), { round }), { code: 'weight-not-finite' });
  assert.throws(() => participant.setModel(new Float32Array(4), { round: '00'.repeat(32) }), { code: 'model-round' });
  assert.throws(() => participant.setModel(new Float32Array(4), { round, scalar: -1 }), { code: 'scalar-invalid' });
  assert.throws(() => participant.setModel([0, 1, 2, 3] as never, { round }), { code: 'option-invalid', message: /Float32Array\.from/ });
  assert.ok(participant.modelNeeded, 'a refused model leaves the wish');
  const weights = Float32Array.of(1, 0, 0, 0);
  participant.setModel(weights, { round });
  assert.equal(participant.modelNeeded, undefined);
  weights[0] = Number.NaN; // the participant has its own copy
  await ticks(participant, 3);
  assert.throws(() => participant.setModel(weights, { round }), { code: 'model-not-wanted' }, 'taken already');
  await ticks(participant, 4);
  assert.equal(coordinator.verdicts.at(-1), 'accepted');
  assert.throws(() => participant.setModel(new Float32Array(4)), { code: 'model-not-wanted' });
});

test('a model that was set too late is gone with its round', async () => {
  const { coordinator, participant } = await inUpdate();
  const { round } = participant;
  participant.setModel(new Float32Array(4), { round });
  coordinator.newRound({ sum: 0 });
  await ticks(participant, 2);
  assert.equal(participant.state, 'update');
  assert.ok(participant.modelNeeded);
  assert.throws(() => participant.setModel(new Float32Array(4), { round }), { code: 'model-round' });
  assert.equal(decodeSnapshot(participant.snapshot()).waiting, undefined, 'nothing of it is kept');
});

test('a model set before the first tick is kept for the first update, and its length checked there (Q-22)', async () => {
  const coordinator = new FakeCoordinator({ sum: 0 });
  const participant = await create(coordinator, keysFor('update', coordinator.params_), { minSums: 1 });
  participant.setModel(new Float32Array(5));
  await ticks(participant, 2);
  coordinator.sums_.set(participant.publicKey, coordinator.coordinatorKey);
  coordinator.advance();
  await participant.tick();
  const { waitingFor, error } = await participant.tick();
  assert.deepEqual([waitingFor, error?.code], ['model', 'model-length']);
  assert.equal((await participant.tick()).error, undefined, 'told once');
  participant.setModel(new Float32Array(4));
  assert.equal((await participant.tick()).outcome, 'progress');
});

test('a model source with a bad model: told, asked again', async () => {
  const { participant } = await inUpdate({ models: { load: () => ({ weights: new Float32Array(3) }) } });
  assert.equal(participant.modelNeeded, undefined);
  assert.throws(() => participant.setModel(new Float32Array(4)), { code: 'model-not-wanted' });
  await participant.tick();
  for (let i = 0; i < 2; i++) {
    const { outcome, waitingFor, error } = await participant.tick();
    assert.deepEqual([outcome, waitingFor, error?.code], ['pending', 'model', 'model-length']);
  }
});

test('weights of every type and exact fractions are masked; bounded mode takes infinities', async () => {
  const third = rational(1, 3);
  for (const [weights, mode] of [
    [Float64Array.of(0.1, 0, -1, 1)],
    [Int32Array.of(0, 1, -1, 0)],
    [BigInt64Array.of(0n, 1n, -1n, 0n)],
    [[third, third, third, third]],
    [Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 0, 0), 'bounded'],
  ] as const) {
    let { coordinator, participant } = await inUpdate();
    participant.setModel(weights, { round: participant.round, mode: mode ?? 'strict' });
    for (let i = 0; i < 8; i++) {
      participant = await Participant.restore(participant.snapshot(), { transport: coordinator });
      await participant.tick();
    }
    assert.equal(coordinator.verdicts.at(-1), 'accepted');
  }
});

test('the tick that masks tells what was cut off, and only that one', async () => {
  for (const [weights, scalar, expected] of [
    [Float32Array.of(0, 1, -1, 0.5), 1, undefined],
    [Float32Array.of(0, 1, -3, 0.5), 1, { count: 1, length: 4, share: 0.25, largest: 3, bound: 1, scalarClamped: false }],
    [Float32Array.of(0, 1, -3, 0.5), 0.25, undefined],
    [Float32Array.of(0, 0, 0, 0.5), 2, { count: 0, length: 4, share: 0, largest: 0.5, bound: 1, scalarClamped: true }],
  ] as const) {
    const { participant } = await inUpdate();
    participant.setModel(weights, { round: participant.round, scalar });
    const reports = [];
    for (let i = 0; i < 8; i++) reports.push((await participant.tick()).clamped);
    const told = reports.filter((report) => report !== undefined);
    assert.deepEqual(
      told.map(({ hint: _, ...numbers }) => numbers),
      expected === undefined ? [] : [expected],
    );
  }
});

test('the global model comes as typed array and as fractions, its flag survives failure and restart (Q-18, Q-20)', async () => {
  const { coordinator, participant } = await inUpdate();
  assert.ok(participant.newGlobalModel);
  coordinator.failures.model = 1;
  await assert.rejects(participant.globalModel(), /fake: model fails/);
  assert.ok((await Participant.restore(participant.snapshot(), { transport: coordinator })).newGlobalModel);
  assert.equal(await participant.globalModel(), undefined);
  assert.ok(!participant.newGlobalModel);
  assert.ok(!(await Participant.restore(participant.snapshot(), { transport: coordinator })).newGlobalModel);
  coordinator.globalModel = [rational(1, 10), rational(-1), rational(0), rational(3)];
  const global = (await participant.globalModel())!;
  assert.deepEqual([global.round, global.dataType, global.length, global.matchesRound], [participant.round, 'F32', 4, true]);
  assert.deepEqual(global.weights, Float32Array.of(0.1, -1, 0, 3));
  assert.deepEqual(global.model, coordinator.globalModel);
  coordinator.globalModel = [rational(1)];
  assert.equal((await participant.globalModel())!.matchesRound, false);
  // A round that begins while a model is fetched may bring another one: the flag stays.
  coordinator.before = async (operation) => {
    if (operation !== 'model') return;
    coordinator.before = () => undefined;
    coordinator.newRound();
    await participant.tick();
  };
  await participant.globalModel();
  assert.ok(participant.newGlobalModel);
  const fresh = await Participant.create({ transport: coordinator });
  assert.equal((await fresh.globalModel())!.length, 1, 'also before the first tick');
});

test('a round of the whole protocol: two sum, four update participants, weighted mean', async () => {
  const coordinator = new FakeCoordinator({ modelLength: 2 });
  const sums = await Promise.all(['s', 't'].map((name) => create(coordinator, keysFor('sum', coordinator.params_, name), { random: countingRandom(name) })));
  const updates = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => create(coordinator, keysFor('update', coordinator.params_, name), { random: countingRandom(name) })),
  );
  for (const [i, participant] of updates.entries()) participant.setModel(Float32Array.of(i / 4, -1), { scalar: i === 3 ? 0.5 : 1 });
  const all = async (): Promise<void> => {
    for (const participant of [...sums, ...updates]) await participant.runFor({ ms: 1e6 });
  };
  await all();
  assert.deepEqual(
    sums.map(({ waitingFor }) => waitingFor),
    ['seeds', 'seeds'],
  );
  coordinator.advance();
  await all();
  coordinator.advance();
  await all();
  assert.deepEqual([coordinator.updates, coordinator.masks], [4, 2]);
  coordinator.advance();
  const { weights } = (await sums[0]!.globalModel())!;
  assert.ok(Math.abs(Number(weights[0]) - (0 + 0.25 + 0.5 + 0.375) / 3.5) < 1e-7);
  assert.ok(Math.abs(Number(weights[1]) + 1) < 1e-7);
});

test('runFor stops at its budget, at an abort, and when nothing can be done', async () => {
  const coordinator = new FakeCoordinator();
  let now = 0;
  const clock: Clock = { now: () => now, after: () => () => undefined };
  const participant = await create(coordinator, keysFor('sum', coordinator.params_), { clock });
  coordinator.before = () => {
    now += 10;
  };
  await participant.runFor({ ms: 10 });
  assert.equal(participant.state, 'new-round', 'one tick with one call');
  const tick = await participant.runFor({ ms: 1000 });
  assert.deepEqual([tick.state, tick.waitingFor], ['sum2', 'seeds']);
  await assert.rejects(participant.runFor({ ms: 10, signal: AbortSignal.abort(new Error('stop')) }), /stop/);
});

test('one tick at a time; an aborted tick leaves the participant as it was', async () => {
  const coordinator = new FakeCoordinator();
  const participant = await create(coordinator, keysFor('sum', coordinator.params_));
  await ticks(participant, 3);
  const before = participant.snapshot();
  const controller = new AbortController();
  coordinator.send = async (_, signal) => {
    await new Promise((_, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason));
      setTimeout(() => controller.abort(new Error('gone')));
    });
  };
  const first = participant.tick({ signal: controller.signal });
  await assert.rejects(participant.tick(), { code: 'participant-busy' });
  assert.throws(() => participant.skipRound(), { code: 'participant-busy' });
  await assert.rejects(first, /gone/);
  assert.deepEqual(participant.snapshot(), before);
});

test('a new round in the middle of an upload drops the rest', async () => {
  const { coordinator, participant } = await inUpdate({ maxMessageSize: 250 });
  participant.setModel(new Float32Array(4), { round: participant.round });
  await ticks(participant, 5);
  assert.equal(participant.state, 'sending-update');
  coordinator.posts = [];
  const { sent, sending } = await participant.tick();
  assert.equal(sent!.part, 1);
  assert.deepEqual(sending, { tag: 'update', part: 1, parts: Math.ceil((132 + 42 + 112) / 58) });
  coordinator.newRound({ sum: 0, update: 0 });
  assert.equal((await participant.tick()).state, 'new-round');
  await ticks(participant, 2);
  assert.equal(coordinator.posts.length, 1);
  assert.equal(participant.state, 'awaiting');
});

test('sealed parts obey the maximum size, at the boundaries of one, two and three parts (participant 3.5)', async () => {
  const length = 4;
  const payload = 128 + 12 + (length + 1) * 6 + 4 + 112;
  const half = payload / 2;
  for (const [size, parts] of [
    [0, 1],
    [payload + 185, 1],
    [payload + 184, 1],
    [payload + 183, 2],
    [half + 193, 2],
    [half + 192, 2],
    [half + 191, 3],
    [194, half],
  ] as const) {
    const { coordinator, participant } = await inUpdate({ maxMessageSize: size });
    participant.setModel(new Float32Array(length), { round: participant.round });
    coordinator.posts = [];
    await participant.runFor({ ms: 60_000 });
    assert.equal(coordinator.posts.length, parts, `maximum ${size}`);
    if (parts > 1) for (const post of coordinator.posts.slice(0, -1)) assert.equal(post.length, size);
    assert.equal(coordinator.verdicts.at(-1), 'accepted');
  }
});

test('skipRound leaves the task until the next round', async () => {
  const { coordinator, participant } = await inUpdate();
  participant.skipRound();
  assert.deepEqual([participant.state, participant.task, participant.modelNeeded], ['awaiting', 'none', undefined]);
  assert.equal((await participant.tick()).waitingFor, 'round');
  coordinator.newRound({ sum: 0 });
  await ticks(participant, 2);
  assert.equal(participant.task, 'update');
});

test('rounds that ask for too much, or for nothing, are refused before anything is allocated', async () => {
  const wide = parseMaskConfig('Prime/F64/Bmax/M12');
  const lowOrder = PublicEncryptKey(new Uint8Array(32));
  for (const round of [
    { modelLength: 50_000_001 },
    { modelLength: 2 ** 52 },
    { modelLength: 0 },
    { modelLength: 40_000_000, maskConfig: { vect: wide, unit: wide } },
    { publicKey: lowOrder },
  ]) {
    const coordinator = new FakeCoordinator();
    coordinator.params_ = { ...coordinator.params_, sum: 1, ...round };
    const participant = await Participant.create({ transport: coordinator });
    await participant.tick();
    const { outcome, state, failure } = await participant.tick();
    assert.deepEqual([outcome, state, failure?.code], ['progress', 'awaiting', 'round-refused']);
    assert.equal((await participant.tick()).waitingFor, 'round');
  }
  const coordinator = new FakeCoordinator({ modelLength: 5 });
  const participant = await Participant.create({ transport: coordinator, maxModelLength: 4 });
  await participant.tick();
  assert.match((await participant.tick()).failure!.message, /model length 5, at most 4 allowed by maxModelLength/);
});

test('more updates than the configuration adds up end the task before one is opened (wire 4.5)', async () => {
  const { coordinator, participant } = await inSum2();
  const entry = (_: unknown, i: number): [PublicSigningKey, EncryptedMaskSeed] => [PublicSigningKey(seedOf(`${i}`)), EncryptedMaskSeed(new Uint8Array(80))];
  coordinator.seedsOverride = new KeyMap(Array.from({ length: 1001 }, entry));
  assert.equal((await participant.tick()).failure?.code, 'aggregate-too-many-models');
  assert.equal(participant.state, 'awaiting');
});

test('the same participant goes on through rounds, with a fresh ephemeral key each', async () => {
  const coordinator = new FakeCoordinator({ sum: 1 });
  const participant = await create(coordinator, keysFor('sum', coordinator.params_));
  const keys = new Set<string>();
  for (let round = 0; round < 3; round++) {
    await participant.runFor({ ms: 60_000 });
    assert.equal(participant.waitingFor, 'seeds');
    keys.add(coordinator.sums_.get(participant.publicKey)!.join());
    coordinator.newRound({ sum: 1 });
  }
  assert.equal(keys.size, 3);
});

test('updates of others count like mine', async () => {
  const coordinator = new FakeCoordinator();
  const participant = await create(coordinator, keysFor('sum', coordinator.params_));
  await participant.runFor({ ms: 60_000 });
  coordinator.advance();
  for (const name of ['a', 'b', 'c']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
  coordinator.advance();
  const tick = await participant.runFor({ ms: 60_000 });
  assert.deepEqual([tick.waitingFor, coordinator.masks], ['round', 1]);
});
