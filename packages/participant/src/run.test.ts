// Participants that drive themselves, against the coordinator in memory: whole rounds, the order of events, user code that fails,
// is slow or declines, networks that come and go, stores, and stopping.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { rational } from '@xaynet/core/mask';
import { chooseRole, roundIdOf } from '@xaynet/core/round';
import { type Delivered, FakeCoordinator, keysFor, seedOf, sumOnce } from './fake-coordinator.test.ts';
import type { GlobalModel } from './global-model.ts';
import { Participant } from './participant.ts';
import type { StateStore } from './ports.ts';
import { type ParticipantRun, type RunOptions, runParticipant } from './run.ts';
import type { ParticipantEvent } from './run-events.ts';

const poll = { min: 1, max: 4 };

/** A test that fails leaves its participants running: they are stopped here, or the process would never end. */
const running = new Set<ParticipantRun>();
afterEach(async () => {
  await Promise.all([...running].map((run) => run.stop().catch(() => undefined)));
  running.clear();
});

function start(coordinator: FakeCoordinator, options: Partial<RunOptions> = {}): ParticipantRun {
  const run = runParticipant({ transport: coordinator, poll, train: (_, { length }) => new Float32Array(length), ...options });
  running.add(run);
  return run;
}

/** Waits until `condition` holds; fails after a minute, which interpreters on a busy machine need. */
async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 1))) assert.ok(Date.now() < end, `never: ${what}`);
}

/** Keeps all events of a run in an array that grows. */
function record(run: ParticipantRun): ParticipantEvent[] {
  const events: ParticipantEvent[] = [];
  void (async () => {
    for await (const event of run.events()) events.push(event);
  })();
  return events;
}

const types = (events: readonly ParticipantEvent[]): string[] =>
  events.map((event) => ('waitingFor' in event ? `waiting for ${event.waitingFor}` : 'task' in event ? `selected ${event.task}` : event.type));
const codes = (events: readonly ParticipantEvent[]): string[] => events.flatMap((event) => (event.type === 'error' ? [event.error.code] : []));

/** A coordinator in the update phase with one sum participant, and keys that are selected for update in every round. */
async function updateRound(): Promise<FakeCoordinator> {
  const coordinator = new FakeCoordinator();
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  coordinator.advance();
  return coordinator;
}

test('whole rounds: everybody trains from the global model of the round before', async () => {
  const coordinator = new FakeCoordinator({ sum: 0.4 });
  const globals: (GlobalModel | undefined)[] = [];
  const trained = new Map<string, number>();
  const keys = Array.from({ length: 12 }, (_, i) => signingKeyPairFromSeed(SigningKeySeed(seedOf(`run ${i}`))));
  const runs = keys.map((pair, i) =>
    start(coordinator, {
      keys: pair,
      scalar: () => 0.5,
      train: async (global, { round, length }) => {
        globals.push(global);
        trained.set(`${round} ${i}`, (trained.get(`${round} ${i}`) ?? 0) + 1);
        return Float32Array.from({ length }, (_, j) => Number(global?.weights[j] ?? 0) + 0.25);
      },
    }),
  );
  for (let round = 1; round <= 2; round++) {
    const summers = keys.filter((pair) => chooseRole(coordinator.params_, pair).role === 'sum').length;
    assert.ok(summers > 0 && summers < 10, 'change the names of the keys');
    await until(() => coordinator.sums_.size === summers, 'all sum messages');
    coordinator.advance();
    await until(() => coordinator.updates === 12 - summers, 'all updates');
    coordinator.advance();
    await until(() => coordinator.masks === summers, 'all masks');
    coordinator.advance();
    assert.ok(coordinator.globalModel!.every(({ numerator, denominator }) => Math.abs(Number(numerator) / Number(denominator) - 0.25 * round) < 1e-8));
    if (round === 1) coordinator.newRound({ sum: 0.4 });
  }
  await Promise.all(runs.map((run) => run.stop()));
  assert.ok([...trained.values()].every((times) => times === 1));
  assert.ok(globals.some((global) => global === undefined) && globals.some((global) => Math.abs(Number(global?.weights[0]) - 0.25) < 1e-6));
});

test('a model beyond the bound is told once a round, with what would hold it', async () => {
  const coordinator = await updateRound();
  const run = start(coordinator, { keys: keysFor('update', coordinator.params_), train: () => Float32Array.of(0.5, -2, 0, 1) });
  const events = record(run);
  await until(() => types(events).includes('sent'), 'an update');
  await run.stop();
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'clamped' ? [[event.round, event.clamped.count, event.clamped.hint]] : [])),
    [[roundIdOf(coordinator.params_), 1, 'Prime/F32/B2/M3 would hold all; so would scalars divided by 10 by every participant, with 1 decimal less']],
  );
});

test('the events of an update participant, in order', async () => {
  const coordinator = await updateRound();
  const run = start(coordinator, { keys: keysFor('update', coordinator.params_), maxMessageSize: 362 });
  const events = record(run);
  await until(() => coordinator.updates === 1, 'update');
  await until(() => types(events).includes('waiting for round'), 'waiting');
  await run.stop();
  const order = types(events).filter((type) => type !== 'waiting for model');
  assert.deepEqual(order, [
    'round',
    'selected update',
    'model-needed',
    'global-model',
    'training',
    'sending',
    'sending',
    'sending',
    'sent',
    'idle',
    'waiting for round',
  ]);
  const sending = events.filter((event) => event.type === 'sending');
  assert.deepEqual(
    sending.map(({ part, parts, bytes }) => [part, parts, bytes]),
    [
      [0, 2, 0],
      [1, 2, 362],
      [2, 2, 362 + (286 - 170) + 192],
    ],
  );
  assert.deepEqual(
    events.find((event) => event.type === 'sent'),
    { type: 'sent', round: sending[0]!.round, tag: 'update', parts: 2, bytes: 670, accepted: undefined },
  );
});

test('the events of a sum participant, and of one that is not selected', async () => {
  const coordinator = new FakeCoordinator();
  const run = start(coordinator, { keys: keysFor('sum', coordinator.params_) });
  const events = record(run);
  await until(() => types(events).includes('waiting for seeds'), 'seeds');
  coordinator.newRound({ sum: 0, update: 0 });
  await until(() => types(events).includes('idle'), 'idle');
  await until(() => types(events).includes('waiting for round'), 'waiting');
  await run.stop();
  assert.deepEqual(types(events), [
    'round',
    'selected sum',
    'sending',
    'sending',
    'sent',
    'waiting for seeds',
    'round',
    'selected none',
    'idle',
    'waiting for round',
  ]);
});

test('shouldTrain is asked once a round, and no means no', async () => {
  const coordinator = await updateRound();
  let asked = 0;
  const run = start(coordinator, {
    keys: keysFor('update', coordinator.params_),
    shouldTrain: async () => ++asked > 1,
    train: (_, { length }) => new Float32Array(length),
  });
  const events = record(run);
  await until(() => types(events).includes('idle'), 'idle');
  await until(() => types(events).includes('waiting for round'), 'waiting');
  assert.equal(asked, 1);
  assert.ok(!types(events).includes('training') && !types(events).includes('global-model'));
  coordinator.newRound({ sum: 0 });
  await until(() => types(events).includes('training'), 'training in the next round');
  assert.equal(asked, 2);
  await run.stop();
});

test('user code that throws, or returns what is no model of the round, is an error event and costs the round, not the loop', async () => {
  const throws = (): never => {
    throw new TypeError('user code');
  };
  for (const [options, code, message] of [
    [{ train: throws }, 'callback-failed', /train: user code/],
    [{ train: async () => throws() }, 'callback-failed', /train: user code/],
    [{ shouldTrain: throws }, 'callback-failed', /shouldTrain: user code/],
    [{ scalar: throws }, 'callback-failed', /scalar: user code/],
    [{ scalar: () => -1 }, 'scalar-invalid', /./],
    [{ train: () => new Float32Array(3) }, 'model-length', /3 weights given, the round takes 4/],
    [{ train: () => Float32Array.of(1, 2, Number.NaN, 3) }, 'weight-not-finite', /weight 2/],
    [{ train: () => [1, 2, 3, 4] as never }, 'option-invalid', /weights/],
    [{ train: () => undefined as never }, 'option-invalid', /weights/],
  ] as const) {
    const coordinator = await updateRound();
    let trained = 0;
    const { train } = { train: undefined, ...options } as Partial<RunOptions>;
    const run = start(coordinator, {
      keys: keysFor('update', coordinator.params_),
      ...options,
      train: (global, context) => {
        trained++;
        return train === undefined ? new Float32Array(4) : train(global, context);
      },
    });
    const events = record(run);
    await until(() => types(events).includes('waiting for round'), `idle after ${code}`);
    assert.deepEqual(codes(events), [code]);
    assert.match((events.find(({ type }) => type === 'error') as ParticipantEvent & { type: 'error' }).error.message, message);
    assert.ok(trained <= 1);
    coordinator.newRound({ sum: 0 });
    await until(() => types(events).filter((type) => type === 'model-needed').length === 2, 'the next round');
    await run.stop();
    assert.equal(coordinator.updates, 0);
  }
});

test('an exception in onGlobalModel is told, and training goes on', async () => {
  const coordinator = await updateRound();
  coordinator.globalModel = [rational(1), rational(2), rational(3), rational(4)];
  const given: unknown[] = [];
  const run = start(coordinator, {
    keys: keysFor('update', coordinator.params_),
    onGlobalModel: (global) => {
      given.push(global?.length);
      throw new Error('shown nowhere');
    },
  });
  const events = record(run);
  await until(() => coordinator.updates === 1, 'update');
  await run.stop();
  assert.deepEqual(given, [4]);
  assert.deepEqual(codes(events), ['callback-failed']);
});

test('a global model of another length is reported, and training starts from initial weights', async () => {
  const coordinator = await updateRound();
  coordinator.globalModel = [rational(1)];
  const given: unknown[] = [];
  const run = start(coordinator, {
    keys: keysFor('update', coordinator.params_),
    train: (global, { length }) => {
      given.push(global);
      return new Float32Array(length);
    },
  });
  const events = record(run);
  await until(() => coordinator.updates === 1, 'update');
  await run.stop();
  assert.deepEqual(given, [undefined]);
  assert.deepEqual(codes(events), ['model-length']);
  assert.match((events.find(({ type }) => type === 'error') as ParticipantEvent & { type: 'error' }).error.message, /has 1 weights, the round takes 4/);
});

test('training that outlives its round is told so by its signal, and its result is dropped', async () => {
  const coordinator = await updateRound();
  const finish: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  let trainings = 0;
  let atOnce = 0;
  const run = start(coordinator, {
    keys: keysFor('update', coordinator.params_),
    train: async (_, { signal }) => {
      atOnce = Math.max(atOnce, ++trainings);
      signals.push(signal as AbortSignal);
      await new Promise<void>((resolve) => finish.push(resolve));
      trainings--;
      return Float32Array.of(1, 1, 1, 1);
    },
  });
  const events = record(run);
  await until(() => signals.length === 1, 'training');
  coordinator.newRound({ sum: 0 });
  await until(() => signals[0]!.aborted, 'the signal');
  await until(() => types(events).filter((type) => type === 'model-needed').length === 2, 'selected again');
  assert.equal(signals.length, 1, 'the second training waits for the first');
  finish[0]!();
  await until(() => signals.length === 2, 'second training');
  assert.equal(atOnce, 1, 'never two at the same time');
  assert.deepEqual(codes(events), ['model-round']);
  const { params_ } = coordinator;
  coordinator.sums_.set(keysFor('sum', { ...params_, sum: 1 }, 's').publicKey, coordinator.coordinatorKey);
  coordinator.advance();
  finish[1]!();
  await until(() => coordinator.delivered.some(({ tag }: Delivered) => tag === 'update'), 'the update of the second round');
  await run.stop();
  assert.equal(coordinator.updates, 1);
  assert.equal(types(events).filter((type) => type === 'model-needed').length, 2, 'asked once a round, however long it takes');
});

test('a network that is down is told once, waited for, and the round goes on when it is back', async () => {
  const coordinator = await updateRound();
  coordinator.failures = { params: 3, sums: 2, model: 2, send: 2 };
  const run = start(coordinator, { keys: keysFor('update', coordinator.params_) });
  const events = record(run);
  await until(() => coordinator.updates === 1, 'update');
  await run.stop();
  assert.ok(codes(events).every((code) => code === 'transport-unreachable'));
  assert.ok(codes(events).length >= 3 && codes(events).length <= 6, codes(events).join());
  assert.ok(types(events).includes('waiting for network'));
});

test('stop aborts a training, gives a snapshot to go on from, and can be called again', async () => {
  const coordinator = await updateRound();
  let training = false;
  const run = start(coordinator, {
    keys: keysFor('update', coordinator.params_),
    train: (_, { signal }) => {
      training = true;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    },
  });
  const events = record(run);
  await until(() => training, 'training');
  const snapshot = await run.stop();
  await run.done;
  assert.deepEqual(await run.stop(), snapshot);
  assert.deepEqual(codes(events), [], 'an abort that the training obeys is no error');
  const calls = coordinator.log.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(coordinator.log.length, calls, 'nothing happens after stop');
  const restored = await Participant.restore(snapshot, { transport: coordinator });
  assert.equal(restored.task, 'update');
  restored.setModel(new Float32Array(4), { round: restored.round });
  await restored.runFor({ ms: 60_000 });
  assert.equal(coordinator.updates, 1);
});

test('stop does not wait for a training that never ends', async () => {
  const coordinator = await updateRound();
  let training = false;
  const run = start(coordinator, {
    keys: keysFor('update', coordinator.params_),
    train: () => {
      training = true;
      return new Promise(() => undefined);
    },
  });
  await until(() => training, 'training');
  await run.stop();
});

test('the signal stops it, await using stops it, and events end', async () => {
  const coordinator = new FakeCoordinator();
  const controller = new AbortController();
  const run = start(coordinator, { signal: controller.signal });
  setTimeout(() => controller.abort(), 5);
  for await (const _ of run.events());
  await run.done;
  const second = start(coordinator);
  await second[Symbol.asyncDispose]();
  await second.done;
  await start(coordinator, { signal: AbortSignal.abort() }).done;
  const third = start(coordinator);
  const listening = new AbortController();
  setTimeout(() => listening.abort(), 5);
  for await (const _ of third.events({ signal: listening.signal }));
  await third.stop();
});

test('a store makes it one participant across runs; one that cannot be read ends the run at once', async () => {
  const coordinator = await updateRound();
  let bytes: Uint8Array | undefined;
  const store: StateStore = {
    load: async () => bytes,
    save: async (snapshot) => {
      bytes = snapshot;
    },
  };
  const first = start(coordinator, { store });
  const events = record(first);
  await until(() => events.length > 0, 'a round');
  await first.stop();
  const { publicKey } = await Participant.restore(bytes!, { transport: coordinator });
  const second = start(coordinator, { store });
  const [round] = await firstEvents(second, 1);
  assert.ok(round?.type === 'round');
  assert.deepEqual(round.participant, publicKey);
  await second.stop();

  bytes = new Uint8Array(9);
  const third = start(coordinator, { store });
  const [error] = await firstEvents(third, 1);
  assert.ok(error?.type === 'error' && error.fatal);
  assert.equal(error.error.code, 'snapshot-format');
  await third.done;
  await assert.rejects(third.stop(), { code: 'snapshot-format' });

  store.load = async () => {
    throw new Error('no permission');
  };
  await assert.rejects(start(coordinator, { store }).stop(), { code: 'store-failed' });
});

async function firstEvents(run: ParticipantRun, count: number): Promise<ParticipantEvent[]> {
  const events: ParticipantEvent[] = [];
  for await (const event of run.events()) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

test('options that cannot work are thrown at once', () => {
  const transport = new FakeCoordinator();
  const train = (): Float32Array => new Float32Array(4);
  const call = (options: object) => (): unknown => runParticipant({ transport, train, ...options } as RunOptions);
  assert.throws(call({ train: undefined }), { code: 'option-invalid' });
  assert.throws(call({ transport: undefined }), { code: 'option-invalid' });
  assert.throws(call({ transport: undefined, url: 'http://coordinator.example' }), { code: 'transport-insecure' });
  assert.throws(call({ transport: undefined, url: 'coordinator.example' }), { code: 'transport-url' });
  assert.throws(call({ scalar: -1 }), { code: 'scalar-invalid' });
  assert.throws(call({ maxMessageSize: 193 }), { code: 'message-size-too-small' });
  assert.throws(call({ poll: { min: 0 } }), { code: 'option-invalid' });
  assert.throws(call({ poll: { min: 5, max: 4 } }), { code: 'option-invalid' });
});

test('events before the first reader wait for it; a slow reader loses the oldest and is told how many', async () => {
  const { EventHub, MAX_QUEUED_EVENTS } = await import('./run-events.ts');
  const hub = new EventHub();
  const idle = (round: number): ParticipantEvent => ({ type: 'idle', round: String(round) });
  for (let i = 0; i < 1000; i++) hub.emit(idle(i));
  const reader = hub.read();
  const late = hub.read();
  hub.emit(idle(1000));
  assert.deepEqual((await reader.next()).value, { type: 'missed', count: 1001 - MAX_QUEUED_EVENTS });
  assert.deepEqual((await reader.next()).value, idle(1001 - MAX_QUEUED_EVENTS));
  assert.deepEqual((await late.next()).value, idle(1000));
  hub.end();
  let rest = 0;
  for await (const _ of reader) rest++;
  assert.equal(rest, MAX_QUEUED_EVENTS - 1);
  assert.ok((await late.next()).done);
});

test('of global models a slow reader keeps the last two: rounds go by, and each may be of a hundred megabytes', async () => {
  const { EventHub, MAX_QUEUED_EVENTS } = await import('./run-events.ts');
  const hub = new EventHub();
  const model = (round: number): ParticipantEvent => ({ type: 'global-model', round: String(round), model: undefined });
  const idle = (round: number): ParticipantEvent => ({ type: 'idle', round: String(round) });
  for (let round = 0; round < 5; round++) for (const event of [model(round), idle(round)]) hub.emit(event);
  const reader = hub.read();
  hub.end();
  const seen: ParticipantEvent[] = [];
  for await (const event of reader) seen.push(event);
  assert.deepEqual(seen, [{ type: 'missed', count: 3 }, idle(0), idle(1), idle(2), model(3), idle(3), model(4), idle(4)]);
  const full = new EventHub();
  for (let round = 0; round <= MAX_QUEUED_EVENTS; round++) full.emit(idle(round));
  for (let round = 0; round < 3; round++) full.emit(model(round));
  const late = full.read();
  full.end();
  let rest = 0;
  for await (const event of late) if (event.type !== 'missed') rest++;
  assert.equal(rest, MAX_QUEUED_EVENTS, 'both bounds hold');
});
