// A sum message that came too early is lost without a word (quirk Q-13). What the participant does about it: it looks for itself in the sum
// dictionary, and while there is none, sends the same message again, seldom, a few times, and never with another key.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyMap, toHex } from '@xaynet/core/bytes';
import { countingRandom, FakeCoordinator, keysFor, updateOnce } from './fake-coordinator.test.ts';
import type { ParticipantOptions } from './options.ts';
import { Participant } from './participant.ts';
import { runParticipant } from './run.ts';
import type { ParticipantEvent } from './run-events.ts';
import { VirtualClock } from './virtual-clock.test.ts';

/** A participant whose sum message arrives before the sum phase. */
async function early(options: Partial<ParticipantOptions> = {}, speaks = false) {
  const coordinator = new FakeCoordinator();
  coordinator.phase = 'idle';
  coordinator.speaks = speaks;
  const clock = new VirtualClock();
  const keys = keysFor('sum', coordinator.params_);
  const participant = await Participant.create({ transport: coordinator, clock, keys, random: countingRandom('early'), ...options });
  await participant.runFor({ ms: 1e9 });
  assert.deepEqual([participant.state, coordinator.verdicts], ['sum2', ['wrong phase']]);
  const ticksFor = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      await clock.pass(1000);
      await participant.runFor({ ms: 1e9 });
    }
  };
  return { coordinator, participant, clock, keys, ticksFor };
}

const ephemeralKeys = (coordinator: FakeCoordinator): Set<string> =>
  new Set(coordinator.delivered.flatMap(({ payload }) => (payload.tag === 'sum' ? [toHex(payload.ephemeralKey)] : [])));

test('Q-13: the same key again when the phase has begun, and the round is finished with it', async () => {
  for (const speaks of [false, true]) {
    const { coordinator, participant, ticksFor } = await early({}, speaks);
    coordinator.phase = 'sum';
    await ticksFor(2);
    assert.deepEqual(coordinator.verdicts, ['wrong phase', 'accepted']);
    await ticksFor(60);
    // Who is told that the message counts is quiet; who is not told repeats it until there is a dictionary.
    assert.deepEqual(coordinator.verdicts.slice(2), speaks ? [] : ['duplicate', 'duplicate', 'duplicate']);
    assert.equal(ephemeralKeys(coordinator).size, 1);
    coordinator.advance();
    for (const name of ['a', 'b', 'c']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
    coordinator.advance();
    await participant.runFor({ ms: 1e9 });
    assert.equal(coordinator.masks, 1);
  }
});

test('Q-13: five times in all, ever more seldom, also when it is restarted in between', async () => {
  const made = await early();
  const { coordinator, clock } = made;
  let { participant } = made;
  const at: number[] = [];
  coordinator.before = (operation) => {
    if (operation === 'send') at.push(Math.round(clock.now() / 1000));
  };
  await made.ticksFor(600);
  assert.deepEqual(at, [1, 4, 13, 40, 121]);
  // A restart does not know the time, but how often it was.
  participant = await Participant.restore(participant.snapshot(), { transport: coordinator, clock });
  for (let i = 0; i < 300; i++) {
    await clock.pass(1000);
    await participant.runFor({ ms: 1e9 });
  }
  assert.equal(at.length, 5);
  assert.equal(participant.waitingFor, 'seeds');

  const other = await early();
  for (let i = 0; i < 20; i++) {
    await other.clock.pass(1000);
    await other.participant.runFor({ ms: 1e9 });
    const again = await Participant.restore(other.participant.snapshot(), { transport: other.coordinator, clock: other.clock });
    for (let j = 0; j < 3; j++) {
      await again.tick();
      await other.clock.pass(1000);
    }
    await again.runFor({ ms: 1e9 });
    other.participant = again;
  }
  assert.ok(other.coordinator.posts.length <= 6, `${other.coordinator.posts.length} messages`);
  assert.equal(new Set(other.coordinator.posts.map(toHex)).size, other.coordinator.posts.length, 'sealed afresh each time');
});

test('Q-13: who is not in the dictionary leaves the round instead of asking for seeds until the next', async () => {
  const { coordinator, participant, clock } = await early();
  coordinator.phase = 'update';
  coordinator.sums_ = new KeyMap([[keysFor('sum', coordinator.params_, 'other').publicKey, coordinator.coordinatorKey]]);
  assert.equal((await participant.tick()).waitingFor, 'seeds', 'not before a second has gone by');
  await clock.pass(1000);
  const left = await participant.tick();
  assert.deepEqual([left.failure?.code, left.state, left.notifications], ['sum-not-counted', 'awaiting', ['idle']]);
  assert.equal(coordinator.posts.length, 1, 'nothing is sent when there is a dictionary');

  // A dictionary that has the participant with another key: seeds sealed to it would not open.
  const second = await early();
  second.coordinator.phase = 'update';
  second.coordinator.sums_ = new KeyMap([[second.participant.publicKey, second.coordinator.coordinatorKey]]);
  await second.clock.pass(1000);
  const { failure } = await second.participant.tick();
  assert.equal(failure?.code, 'sum-key-replaced');
});

test('Q-13: who is in the dictionary asks for it once, and then for seeds alone', async () => {
  const coordinator = new FakeCoordinator();
  const clock = new VirtualClock();
  const participant = await Participant.create({ transport: coordinator, clock, keys: keysFor('sum', coordinator.params_) });
  await participant.runFor({ ms: 1e9 });
  coordinator.advance();
  coordinator.log = [];
  for (let i = 0; i < 100; i++) {
    await clock.pass(1000);
    await participant.runFor({ ms: 1e9 });
  }
  assert.equal(coordinator.log.filter((call) => call.startsWith('sums')).length, 1);
  assert.equal(coordinator.posts.length, 1);
});

test('Q-13: nothing of this when it is switched off, or parameters are asked for at every step', async () => {
  for (const options of [{ resendSum: false }, { freshness: 'every-step' }] as const) {
    const { coordinator, participant, ticksFor } = await early(options);
    coordinator.phase = 'sum';
    await ticksFor(300);
    assert.equal(coordinator.posts.length, 1);
    assert.ok(!coordinator.log.some((call) => call.startsWith('sums')));
    assert.equal(participant.waitingFor, 'seeds');
  }
  // Then a refusal is final, even of a message that came too early.
  const coordinator = new FakeCoordinator();
  coordinator.phase = 'idle';
  coordinator.speaks = true;
  const participant = await Participant.create({ transport: coordinator, keys: keysFor('sum', coordinator.params_), resendSum: false });
  await participant.runFor({ ms: 1e9 });
  assert.equal(participant.state, 'awaiting');
});

test('a refusal is told with code and reason, ends the task, and is not repeated; an acceptance is told too', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 1 });
  coordinator.speaks = true;
  coordinator.phase = 'update';
  coordinator.sums_ = new KeyMap([[keysFor('none', { ...coordinator.params_, update: 0 }).publicKey, coordinator.coordinatorKey]]);
  const clock = new VirtualClock();
  let refuse = true;
  coordinator.before = (operation) => {
    if (operation === 'send' && refuse) coordinator.phase = 'sum2'; // it is too late for the update
  };
  const run = runParticipant({ transport: coordinator, clock, train: () => new Float32Array(4) });
  const events: ParticipantEvent[] = [];
  void (async () => {
    for await (const event of run.events()) events.push(event);
  })();
  await clock.pass(60_000);
  const told = events.filter(({ type }) => ['sent', 'refused', 'idle', 'error'].includes(type));
  assert.deepEqual(
    told.map((event) => (event.type === 'refused' ? [event.tag, event.code, event.reason] : event.type)),
    [['update', 'message-unexpected', 'wrong phase'], 'idle'],
  );
  assert.equal(coordinator.posts.length, 1);
  refuse = false;
  coordinator.newRound({ sum: 0, update: 1 });
  coordinator.phase = 'update';
  coordinator.sums_ = new KeyMap([[keysFor('none', { ...coordinator.params_, update: 0 }).publicKey, coordinator.coordinatorKey]]);
  await clock.pass(60_000);
  const sent = events.find((event) => event.type === 'sent');
  assert.ok(sent?.type === 'sent' && sent.accepted === true);
  const stopped = run.stop();
  await clock.pass(1);
  await stopped;
});

test('a sum message that the dictionary is without is told as refused, not as an error: others were drawn; with another key it is an error', async () => {
  for (const replaced of [false, true]) {
    const coordinator = new FakeCoordinator();
    const clock = new VirtualClock();
    const keys = keysFor('sum', coordinator.params_);
    coordinator.phase = 'update'; // too late, and this coordinator does not say so
    const listed = replaced ? keys : keysFor('sum', coordinator.params_, 'other');
    coordinator.sums_ = new KeyMap([[listed.publicKey, coordinator.coordinatorKey]]);
    const run = runParticipant({ transport: coordinator, clock, keys, train: () => new Float32Array(4) });
    const events: ParticipantEvent[] = [];
    void (async () => {
      for await (const event of run.events()) events.push(event);
    })();
    await clock.pass(10_000);
    const told = events.flatMap((event) => (event.type === 'refused' ? [`${event.tag} ${event.code}`] : event.type === 'error' ? [event.error.code] : []));
    assert.deepEqual(told, replaced ? ['sum-key-replaced'] : ['sum sum-not-counted']);
    assert.equal(events.at(-1)?.type === 'waiting' && events.at(-2)?.type, 'idle');
    const stopped = run.stop();
    await clock.pass(1);
    await stopped;
  }
});

test('that a message counts already is no failure: the answer to it was lost, not the message', async () => {
  const coordinator = new FakeCoordinator();
  coordinator.speaks = true;
  const keys = keysFor('sum', coordinator.params_);
  const participant = await Participant.create({ transport: coordinator, keys });
  for (let i = 0; i < 3; i++) await participant.tick();
  const send = coordinator.send.bind(coordinator);
  coordinator.send = async (bytes) => {
    await send(bytes);
    coordinator.send = send;
    throw new Error('connection reset');
  };
  assert.equal((await participant.tick()).waitingFor, 'network');
  const { verdict, failure, state } = await participant.tick();
  assert.deepEqual([verdict, failure, state], [{ accepted: false, code: 'sum-already-exists', reason: 'duplicate' }, undefined, 'sending-sum']);
  await participant.tick();
  assert.equal(participant.state, 'sum2');
});
