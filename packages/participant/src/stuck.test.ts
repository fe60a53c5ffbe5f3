// States in which an original participant can be stuck until somebody looks: each ends by itself, at the latest with the round, says meanwhile
// what it waits for, and costs a bounded number of requests (participant 1.7, 10).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyMap } from '@xaynet/core/bytes';
import { countingRandom, FakeCoordinator, keysFor, sumOnce } from './fake-coordinator.test.ts';
import type { FetchResponse } from './http-body.ts';
import { HttpTransport } from './http-transport.ts';
import { type RunOptions, runParticipant } from './run.ts';
import type { ParticipantEvent } from './run-events.ts';
import { create } from './stages.test.ts';
import { VirtualClock } from './virtual-clock.test.ts';

interface Hour {
  readonly clock: VirtualClock;
  readonly coordinator: FakeCoordinator;
  readonly events: ParticipantEvent[];
  /** Requests made so far. */
  requests(): number;
  waiting(): (string | undefined)[];
}

/** A running participant in virtual time; `use` sees it, then it is stopped. */
async function hour(coordinator: FakeCoordinator, options: Partial<RunOptions>, use: (hour: Hour) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  let requests = 0;
  coordinator.before = () => {
    requests++;
  };
  const events: ParticipantEvent[] = [];
  const run = runParticipant({
    transport: coordinator,
    clock,
    random: countingRandom('stuck'),
    train: (_, { length }) => new Float32Array(length),
    ...options,
  });
  void (async () => {
    for await (const event of run.events()) events.push(event);
  })();
  const waiting = (): (string | undefined)[] => events.flatMap((event) => (event.type === 'waiting' ? [event.waitingFor] : []));
  await use({ clock, coordinator, events, requests: () => requests, waiting });
  const stopped = run.stop();
  await clock.pass(1);
  await stopped;
}

/** Requests in an hour of waiting at 10 s: the parameters and one document, each time; jitter makes it up to twice as many. */
const MOST_AN_HOUR = 2 * 2 * 360 + 40;

test('sums that never come, seeds that never come, a message that never goes out: each ends with the round', async () => {
  const update = new FakeCoordinator({ sum: 0, update: 1 });
  const sum = new FakeCoordinator({ sum: 1 });
  const sending = new FakeCoordinator({ sum: 1 });
  for (const [coordinator, reason, failures] of [
    [update, 'sums', {}],
    [sum, 'seeds', {}],
    [sending, 'network', { send: Number.POSITIVE_INFINITY }],
  ] as const) {
    coordinator.failures = { ...failures };
    await hour(coordinator, {}, async ({ clock, events, requests, waiting }) => {
      await clock.pass(3_600_000);
      assert.equal(waiting().at(-1), reason);
      assert.ok(requests() < MOST_AN_HOUR, `${reason}: ${requests()} requests`);
      coordinator.failures = {};
      coordinator.newRound({ sum: 0, update: 0 });
      await clock.pass(20_000);
      assert.equal(events.at(-1)?.type === 'waiting' && waiting().at(-1), 'round');
      assert.equal(events.filter(({ type }) => type === 'round').length, 2);
    });
  }
});

test('a training that never returns: the model is waited for until the round is over, sum duties go on, and it is told that it still runs', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 1 });
  coordinator.phase = 'update';
  coordinator.sums_ = new KeyMap([[keysFor('none', { ...coordinator.params_, update: 0 }).publicKey, coordinator.coordinatorKey]]);
  const signals: AbortSignal[] = [];
  const train: RunOptions['train'] = (_, { signal }) => {
    signals.push(signal as AbortSignal);
    return new Promise(() => undefined);
  };
  await hour(coordinator, { train }, async ({ clock, events, requests, waiting }) => {
    await clock.pass(3_600_000);
    assert.equal(waiting().at(-1), 'model');
    assert.ok(requests() < MOST_AN_HOUR, `${requests()} requests`);
    assert.equal(signals[0]!.aborted, false);
    coordinator.newRound({ sum: 0, update: 1 });
    await clock.pass(30_000);
    assert.equal(signals[0]!.aborted, true);
    const told = events.filter((event) => event.type === 'error' && /still runs/.test(event.error.message));
    assert.equal(told.length, 1);
    coordinator.newRound({ sum: 1 });
    await clock.pass(30_000);
    assert.equal(coordinator.sums_.size, 1, 'as a sum participant it goes on');
    assert.equal(signals.length, 1);
  });
});

test('user code that never answers at all (shouldTrain, onGlobalModel) costs its round, not the next', async () => {
  for (const name of ['shouldTrain', 'onGlobalModel'] as const) {
    const coordinator = new FakeCoordinator({ sum: 0, update: 1 });
    let called = 0;
    let trained = 0;
    const options: Partial<RunOptions> = {
      [name]: () => (++called === 1 ? new Promise(() => undefined) : true),
      train: () => {
        trained++;
        return new Float32Array(4);
      },
    };
    await hour(coordinator, options, async ({ clock }) => {
      await clock.pass(60_000);
      assert.deepEqual([called, trained], [1, 0], name);
      coordinator.newRound({ sum: 0, update: 1 });
      await clock.pass(60_000);
      assert.deepEqual([called, trained], [2, 1], name);
    });
  }
});

test('a network that never answers: each request ends by its time-out, and the loop goes on when it is back', async () => {
  const clock = new VirtualClock();
  let dead = true;
  let asked = 0;
  const transport = new HttpTransport({
    url: 'https://coordinator.example',
    clock,
    fetch: (_, { signal }): Promise<FetchResponse> => {
      asked++;
      if (dead) return new Promise(() => undefined);
      assert.equal(signal.aborted, false);
      return Promise.resolve({ status: 204, url: '', headers: { get: () => null }, arrayBuffer: async () => new ArrayBuffer(0) });
    },
  });
  const run = runParticipant({ transport, clock, train: () => new Float32Array(4) });
  const codes: string[] = [];
  void (async () => {
    for await (const event of run.events()) if (event.type === 'error') codes.push(event.error.code);
  })();
  await clock.pass(3_600_000);
  assert.ok(asked >= 80 && asked <= 120, `${asked} requests in an hour, each given 30 s`);
  dead = false;
  await clock.pass(60_000);
  assert.deepEqual([codes[0], codes.at(-1)], ['transport-timeout', 'transport-status']);
  const stopped = run.stop();
  await clock.pass(1);
  await stopped;
});

test('Retry-After is honoured for every request, and for the global model too', async () => {
  const clock = new VirtualClock();
  const at: Record<string, number[]> = {};
  const { params_ } = new FakeCoordinator({ sum: 0, update: 1 });
  const { encodeRoundParams } = await import('@xaynet/core/round');
  const transport = new HttpTransport({
    url: 'https://coordinator.example',
    clock,
    fetch: async (url) => {
      const path = new URL(url).pathname.slice(1);
      at[path] ??= [];
      at[path].push(clock.now());
      const good = path === 'params';
      return {
        status: good ? 200 : 503,
        url: '',
        headers: { get: (name) => (name === 'retry-after' && !good ? '45' : null) },
        arrayBuffer: async () => encodeRoundParams(params_).slice().buffer as ArrayBuffer,
      };
    },
  });
  const run = runParticipant({ transport, clock, train: () => new Float32Array(4) });
  await clock.pass(600_000);
  for (const path of ['sums', 'model']) {
    const times = at[path]!;
    assert.ok(times.length >= 3, `${path}: ${times}`);
    for (let i = 1; i < times.length; i++) assert.ok(times[i]! - times[i - 1]! >= 45_000, `${path}: ${times}`);
  }
  const stopped = run.stop();
  await clock.pass(1);
  await stopped;
});

test('a store that never works keeps everything back and says so, and when it works again all goes on', async () => {
  const coordinator = new FakeCoordinator({ sum: 1 });
  const store = {
    load: async () => undefined,
    save: async () => {
      throw new Error('read-only');
    },
  };
  await hour(coordinator, { store }, async ({ clock, waiting, requests }) => {
    await clock.pass(3_600_000);
    assert.equal(waiting().at(-1), 'store');
    assert.equal(coordinator.posts.length, 0);
    assert.ok(requests() < MOST_AN_HOUR);
    store.save = async () => undefined as never;
    await clock.pass(20_000);
    assert.equal(coordinator.verdicts[0], 'accepted');
  });
});

test('runFor with a budget that is none, or none at all', async () => {
  const coordinator = new FakeCoordinator();
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  const participant = await create(coordinator, keysFor('update', coordinator.params_));
  for (const ms of [Number.NaN, -1]) await assert.rejects(participant.runFor({ ms }), { code: 'option-invalid' });
  await participant.runFor({ ms: 0 });
  assert.equal(participant.state, 'new-round', 'one tick');
});
