// What the driver answers for: order, queue, failures of the store around a round, stop, replay. Whole rounds are in rounds.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import { encodeRoundParams, initialRoundSeed, nextRoundSeed } from '@xaynet/core/round';
import { settle } from './clock.test.ts';
import {
  bodyOf,
  EXAMPLE_MODEL,
  EXAMPLE_UPDATES,
  FaultyStore,
  participants,
  playSum,
  playSum2,
  playUpdate,
  Rig,
  sumPayload,
  testSettings,
  updatePayload,
  verdictText,
} from './rig.test.ts';
import type { RoundEvent, RoundState } from './round/state.ts';
import { begin, type Step, step } from './round/step.ts';
import { MemoryStore } from './stores/memory.ts';

const modelOf = (rig: Rig): string => toHex(rig.driver.bulletin.model() ?? new Uint8Array());

test('erasing fails in idle: a pause and no failure, keys and parameters stay as published, then the round begins', async () => {
  const store = new FaultyStore();
  const rig = await Rig.start({ store });
  const params = encodeRoundParams(rig.params);
  store.failing.add('eraseRound');
  await rig.seconds(20); // nobody came: failure, then idle
  assert.equal(rig.phase, 'idle');
  assert.equal(rig.failure, 'phase-timeout');
  const { code, message, since } = rig.driver.paused!;
  assert.deepEqual([code, message], ['storage-failed', 'erase: eraseRound is out of order']);
  await rig.seconds(3600);
  assert.deepEqual([rig.phase, rig.driver.paused?.since, rig.driver.paused?.retryAfter], ['idle', since, 30]);
  assert.deepEqual(rig.driver.bulletin.params(), params);
  assert.equal(rig.driver.state.round, 2, 'no number is burnt');
  store.failing.clear();
  while (rig.driver.paused !== undefined) await rig.seconds(1);
  assert.deepEqual([rig.phase, rig.driver.state.round], ['sum', 2]);
  assert.notDeepEqual(rig.driver.bulletin.params(), params);
});

test('storing the state fails in idle: nothing new is published until it works, and the seed is the one it would have been', async () => {
  const store = new FaultyStore();
  store.failing.add('setCoordinatorState');
  const rig = await Rig.start({ store });
  assert.equal(rig.phase, 'idle');
  assert.equal(toHex(rig.params.seed), '00'.repeat(32), 'the parameters are those from before the first round');
  assert.deepEqual(
    rig.events.map((event) => event.type),
    ['phase', 'paused'],
  );
  store.failing.clear();
  await rig.seconds(1);
  assert.deepEqual(
    rig.events.map((event) => event.type),
    ['phase', 'paused', 'resumed', 'round', 'phase'],
  );
  assert.equal(rig.driver.state.round, 1);
  assert.equal(store.states.length, 1);
  const { params, keys } = store.states[0]!;
  assert.deepEqual(params.seed, nextRoundSeed(initialRoundSeed(), keys.secretKey, 0.5, 0.9));
  assert.deepEqual(await store.progress(), { round: 1, phase: 'sum', failures: 0, since: rig.clock.now(), began: rig.clock.now() });
});

test('readiness fails n times: idle after pauses that grow', async () => {
  const store = new FaultyStore();
  const rig = await Rig.start({ store });
  store.failing.add('ready');
  await rig.seconds(20);
  assert.equal(rig.phase, 'failure');
  assert.equal(store.probes, 1);
  await rig.seconds(1 + 2 + 4);
  assert.equal(store.probes, 4);
  store.failing.clear();
  await rig.seconds(8);
  assert.equal(rig.phase, 'sum');
  assert.equal(rig.driver.state.round, 2);
});

test('1000 requests queued at the end of a phase are all discarded, none reaches the next phase', async () => {
  const store = new MemoryStore();
  let release = (): void => {};
  const hung = new Promise<void>((resolve) => {
    release = resolve;
  });
  const admitSum = store.admitSum.bind(store);
  store.admitSum = async (...given) => hung.then(() => admitSum(...given));
  const rig = await Rig.start({ store });
  const [who] = participants(rig.params, 'sum', 1);
  const body = bodyOf(sumPayload(who!), who!);
  const first = rig.send(body);
  await settle();
  const round = rig.driver.state.round;
  const request = { round, participant: who!.keys.publicKey, payload: sumPayload(who!), bytes: 96 };
  const others = Array.from({ length: 1000 }, () => rig.driver.submit(request));
  await rig.seconds(5);
  release();
  assert.equal(await first, 'accepted');
  const answers = await Promise.all(others);
  assert.ok(answers.every((answer) => answer.kind === 'discarded' && answer.code === 'message-discarded'));
  await settle();
  assert.equal(rig.phase, 'update');
  assert.deepEqual('counts' in rig.driver.state && rig.driver.state.counts, { accepted: 0, rejected: 0, discarded: 0 });
  assert.equal(rig.events.filter((event) => event.type === 'discarded' && event.phase === 'sum').length, 1000);
});

test('the queue is bounded in messages and in bytes', async () => {
  const store = new MemoryStore();
  store.admitSum = () => new Promise(() => {});
  const rig = await Rig.start({ store, queue: { messages: 3, bytes: 250 } });
  const [who] = participants(rig.params, 'sum', 1);
  const request = (bytes: number) => ({ round: 1, participant: who!.keys.publicKey, payload: sumPayload(who!), bytes });
  void rig.driver.submit(request(96)); // in hand
  void rig.driver.submit(request(100));
  void rig.driver.submit(request(100));
  assert.deepEqual(await rig.driver.submit(request(100)), { kind: 'discarded', code: 'queue-full' }, 'bytes');
  void rig.driver.submit(request(50));
  assert.deepEqual(await rig.driver.submit(request(0)), { kind: 'discarded', code: 'queue-full' }, 'messages');
  assert.equal(rig.driver.queued, 3);
});

test('stop answers whoever waits, after the admission under way', async () => {
  const store = new MemoryStore();
  const admitSum = store.admitSum.bind(store);
  let release = (): void => {};
  const hung = new Promise<void>((resolve) => {
    release = resolve;
  });
  store.admitSum = async (...given) => hung.then(() => admitSum(...given));
  const rig = await Rig.start({ store });
  const senders = participants(rig.params, 'sum', 2);
  const verdicts = senders.map((who) => rig.send(bodyOf(sumPayload(who), who)));
  await settle();
  const stopped = rig.driver.stop();
  release();
  await stopped;
  assert.deepEqual(await Promise.all(verdicts), ['accepted', 'shutting-down']);
  assert.equal(rig.phase, 'shutdown');
  assert.equal(rig.clock.timers, 0, 'no timer is left');
  assert.equal(verdictText(await rig.intake.receive(new Uint8Array(100))), 'shutting-down');
  await rig.driver.stop();
});

test('stop waits for the effect under way, and what it brings changes nothing any more', async () => {
  const store = new MemoryStore();
  let release = (): void => {};
  const hung = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  const rig = await Rig.start({ store });
  const [who] = participants(rig.params, 'sum', 1);
  assert.equal(await rig.send(bodyOf(sumPayload(who!), who!)), 'accepted');
  store.sumDict = () => hung;
  await rig.seconds(4);
  let stopped = false;
  const stop = rig.driver.stop().then(() => {
    stopped = true;
  });
  await settle();
  assert.equal(rig.phase, 'shutdown');
  assert.equal(stopped, false, 'the store may not be closed yet');
  release();
  await stop;
  assert.equal(rig.phase, 'shutdown');
});

test('timers that wake up early end no phase early, and none is lost', async () => {
  const rig = await Rig.start();
  const { clock } = rig;
  const setTimer = clock.setTimer.bind(clock);
  clock.setTimer = (ms, callback) => setTimer(ms > 1 ? ms / 2 : ms, callback);
  await playSum(rig); // set before the clock was made hasty
  await rig.seconds(19.999);
  assert.equal(rig.phase, 'update');
  await rig.seconds(0.001);
  assert.equal(rig.failure, 'phase-timeout');
});

test('a round is the list of its events: replayed through the pure step it goes the same way', async () => {
  const recorded: { event: RoundEvent; next: Step }[] = [];
  const rig = await Rig.start({ record: ({ event, next }) => recorded.push({ event, next: next! }) });
  const sums = await playSum(rig, 2);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  await rig.seconds(60);
  await rig.driver.stop();
  assert.ok(recorded.length > 20);
  const list = JSON.parse(JSON.stringify(recorded.map(({ event }) => event))) as RoundEvent[];
  let state: RoundState = begin(0).state;
  for (const [i, event] of list.entries()) {
    const next = step(state, event, rig.settings);
    assert.deepEqual(next, recorded[i]!.next);
    state = next.state;
  }
  assert.equal(state.phase, 'shutdown');
});

test('a store that throws for a while, in whatever way, costs a pause; messages are refused meanwhile and the round goes on', async () => {
  const store = new MemoryStore();
  const sumDict = store.sumDict.bind(store);
  store.sumDict = (() => {
    throw new TypeError('a mistake of the store');
  }) as never;
  const rig = await Rig.start({ store });
  const [who, late] = participants(rig.params, 'sum', 2);
  assert.equal(await rig.send(bodyOf(sumPayload(who!), who!)), 'accepted');
  await rig.seconds(4);
  assert.equal(rig.driver.paused?.code, 'storage-failed');
  const request = { round: 1, participant: late!.keys.publicKey, payload: sumPayload(late!), bytes: 96 };
  assert.deepEqual(await rig.driver.submit(request), { kind: 'discarded', code: 'storage-failed', retryAfter: 1 });
  await rig.seconds(100);
  assert.equal(rig.phase, 'sum');
  store.sumDict = sumDict;
  await rig.seconds(30);
  assert.deepEqual([rig.phase, rig.driver.state.round, rig.failure], ['update', 1, undefined]);
});

test('a store that cannot even be opened again is a pause too: participants are told to come again, whatever is wrong with it (W-16)', async () => {
  const store = new FaultyStore();
  const rig = await Rig.start({ store });
  const [first, second] = participants(rig.params, 'sum', 2);
  store.failing.add('ready');
  store.admitSum = () => Promise.reject(new XaynetError('storage-unwritable', 'the folder is gone'));
  assert.equal(await rig.send(bodyOf(sumPayload(first!), first!)), 'storage-failed');
  const verdict = await rig.intake.receive(bodyOf(sumPayload(second!), second!));
  assert.deepEqual(verdict, { accepted: false, code: 'storage-failed', retryAfter: 1 });
  assert.match(rig.driver.paused!.message, /the folder is gone|out of order/);
  Reflect.deleteProperty(store, 'admitSum');
  store.failing.clear();
  while (rig.driver.paused !== undefined) await rig.seconds(1);
  assert.equal(await rig.send(bodyOf(sumPayload(first!), first!)), 'accepted');
});

test('grace: the phase ends so much after it has enough, or at time.max, and who comes meanwhile is in the model (W-30)', async () => {
  const settings = testSettings({ update: { time: { min: 4, max: 20, grace: 10 } } });
  for (const [enoughAt, endsAt] of [
    [5, 15],
    [12, 20],
  ] as const) {
    const rig = await Rig.start({ settings });
    await playSum(rig);
    await rig.seconds(enoughAt);
    const senders = participants(rig.params, 'update', 5);
    const send = async (i: number): Promise<string> => rig.send(bodyOf(updatePayload(senders[i]!, rig.sums, EXAMPLE_UPDATES[i % 3]!), senders[i]!));
    for (const i of [0, 1, 2]) assert.equal(await send(i), 'accepted');
    await rig.seconds(endsAt - enoughAt - 1);
    assert.equal(rig.phase, 'update');
    assert.equal(await send(3), 'accepted');
    await rig.seconds(1);
    assert.equal(rig.phase, 'sum2');
    assert.equal(rig.driver.updates, 4);
    assert.equal(await send(4), 'message-unexpected');
  }
});

test('stop ends a pause at once, and the round is not failed', async () => {
  const store = new FaultyStore({ keepsContributions: true });
  const rig = await Rig.start({ store });
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  store.failing.add('setLatestModelId');
  await playSum2(rig, sums);
  assert.equal(rig.phase, 'unmask');
  assert.ok(rig.driver.paused);
  await rig.driver.stop();
  assert.equal(rig.phase, 'shutdown');
  assert.equal(rig.clock.timers, 0);
  assert.equal(rig.failure, undefined);
  store.failing.clear();
  const again = await Rig.start({ store });
  assert.equal(modelOf(again), EXAMPLE_MODEL);
  assert.equal(again.driver.state.round, 2);
});

test('a call of the store that hangs counts as failed after its time, and stop does not wait for ever', async () => {
  const store = new MemoryStore({ keepsContributions: true });
  store.admitSum = () => new Promise(() => {});
  const rig = await Rig.start({ store, storeTimeout: 2000 });
  const [who] = participants(rig.params, 'sum', 1);
  const sent = rig.send(bodyOf(sumPayload(who!), who!));
  await rig.seconds(2);
  assert.equal(await sent, 'storage-failed');
  assert.equal(rig.driver.paused, undefined, 'it is ready, and what it has is known');
  const again = rig.send(bodyOf(sumPayload(who!), who!));
  await settle();
  const stopped = rig.driver.stop();
  await rig.seconds(2);
  await stopped;
  assert.equal(await again, 'storage-failed');
});

test('participants see phase and documents change together', async () => {
  const rig = await Rig.start();
  const seen: string[] = [];
  rig.driver.bulletin.onChange((view) => {
    seen.push(`${view.phase}${view.sums ? ' sums' : ''}${view.seeds ? ' seeds' : ''}${view.model ? ' model' : ''}`);
  });
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  assert.deepEqual(seen, ['update sums', 'sum2 sums seeds', 'unmask', 'idle model', 'sum model']);
});
