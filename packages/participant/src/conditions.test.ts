// Conditions under which a running participant rests: nothing begins while there is a reason, what is in flight is finished, the
// state is saved before it is told, and a stop ends a pause at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyMap } from '@xaynet/core/bytes';
import type { Conditions } from './conditions.ts';
import { FakeCoordinator, keysFor, sumOnce } from './fake-coordinator.test.ts';
import { Participant } from './participant.ts';
import type { Clock, StateStore } from './ports.ts';
import { type ParticipantRun, type RunOptions, runParticipant } from './run.ts';
import type { ParticipantEvent } from './run-events.ts';

/** Conditions that a test sets, and how many listen. */
class Switch implements Conditions {
  now: readonly string[] = [];
  listeners = new Set<() => void>();
  asked = 0;
  reasons(): readonly string[] {
    this.asked++;
    return this.now;
  }
  subscribe(changed: () => void): () => void {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  }
  set(...reasons: string[]): void {
    this.now = reasons;
    for (const changed of this.listeners) changed();
  }
}

/** Runs a participant and hands out its events one by one: a test waits for what it wants to see. */
function running(options: Partial<RunOptions>): { run: ParticipantRun; seen: ParticipantEvent[]; upTo: (type: ParticipantEvent['type']) => Promise<void> } {
  const run = runParticipant({ poll: { min: 1, max: 4 }, train: (_, { length }) => new Float32Array(length), ...options } as RunOptions);
  const events = run.events();
  const seen: ParticipantEvent[] = [];
  const upTo = async (type: ParticipantEvent['type']): Promise<void> => {
    for (;;) {
      const { value, done } = await events.next();
      assert.ok(!done, `no ${type}`);
      seen.push(value);
      if (value.type === type) return;
    }
  };
  return { run, seen, upTo };
}

/** Lets everything happen that can happen without time. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

test('while there is a reason nothing is asked; it goes on when the last one is gone', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  const conditions = new Switch();
  conditions.now = ['hidden'];
  const { run, seen, upTo } = running({ transport: coordinator, conditions });
  await upTo('paused');
  conditions.set('hidden', 'offline');
  await upTo('paused');
  await settled();
  assert.deepEqual(coordinator.log, []);
  const asked = conditions.asked;
  conditions.set('hidden', 'offline'); // nothing new
  await settled();
  assert.ok(conditions.asked <= asked + 1, 'no busy loop');
  conditions.set();
  await upTo('round');
  assert.deepEqual(
    seen.map((event) => ('reasons' in event ? event.reasons : event.type)),
    [['hidden'], ['hidden', 'offline'], 'resumed', 'round'],
  );
  await run.stop();
  assert.equal(conditions.listeners.size, 0, 'nobody listens any more');
});

test('a reason that comes during a long wait is told at once, and a stop ends the pause at once; no timer runs in it', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  const conditions = new Switch();
  let timers = 0;
  const clock: Clock = {
    now: () => 0,
    after: () => {
      timers++;
      return () => timers--;
    },
  };
  const { run, upTo } = running({ transport: coordinator, conditions, clock, poll: { min: 1e6, max: 1e6 } });
  await settled();
  conditions.set('battery');
  await upTo('paused');
  assert.equal(timers, 0);
  await run.stop();
});

test('what is in flight is finished, and the state is in the store before the pause is told', async () => {
  const coordinator = new FakeCoordinator({ sum: 1 });
  const conditions = new Switch();
  let saved: Uint8Array | undefined;
  const saves: number[] = [];
  const store: StateStore = {
    load: async () => undefined,
    save: async (bytes) => {
      await new Promise(setImmediate);
      saved = bytes;
      saves.push(coordinator.posts.length);
    },
  };
  let arrived: () => void = () => undefined;
  const posting = new Promise<void>((resolve) => {
    coordinator.before = async (operation) => {
      if (operation !== 'send') return;
      resolve();
      await new Promise<void>((deliver) => {
        arrived = deliver;
      });
    };
  });
  const { run, seen, upTo } = running({ transport: coordinator, conditions, store, keys: keysFor('sum', coordinator.params_) });
  await posting;
  conditions.set('hidden');
  await settled();
  assert.ok(!seen.some(({ type }) => type === 'paused'));
  arrived();
  await upTo('paused');
  assert.deepEqual(coordinator.verdicts, ['accepted'], 'the message that was under way');
  assert.equal(saves.at(-1), 1);
  const restored = await Participant.restore(saved!, { transport: coordinator });
  assert.equal((await restored.tick()).state, 'sum2', 'nothing is sent again');
  await run.stop();
});

test('training that runs is not cut off and its model is saved; training that was to begin waits', async () => {
  const coordinator = new FakeCoordinator();
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  const keys = keysFor('update', coordinator.params_);
  const conditions = new Switch();
  let saved: Uint8Array | undefined;
  const store: StateStore = {
    load: async () => undefined,
    save: async (bytes) => {
      saved = bytes;
    },
  };
  let finish: (weights: Float32Array) => void = () => undefined;
  let trainings = 0;
  const train: RunOptions['train'] = () => {
    trainings++;
    return new Promise((resolve) => {
      finish = resolve;
    });
  };
  const { run, upTo } = running({ transport: coordinator, conditions, store, keys, train });
  await upTo('training');
  conditions.set('metered');
  await upTo('paused');
  const calls = coordinator.log.length;
  finish(Float32Array.of(1, 2, 3, 4));
  await settled();
  assert.equal(coordinator.log.length, calls);
  assert.equal((await Participant.restore(saved!, { transport: coordinator })).modelNeeded, undefined, 'the trained model is in the store');
  conditions.set();
  await upTo('resumed');
  coordinator.advance();
  await upTo('sent');
  assert.equal(coordinator.updates, 1);

  // In the next round the reason comes between the selection and the training.
  conditions.now = [];
  coordinator.before = (operation) => {
    if (operation === 'model') conditions.now = ['metered'];
  };
  coordinator.newRound({ sum: 0, update: 1 });
  coordinator.sums_ = new KeyMap([[keys.publicKey, coordinator.coordinatorKey]]);
  await upTo('paused');
  await settled();
  assert.equal(trainings, 1);
  coordinator.before = () => undefined;
  conditions.set();
  await upTo('training');
  await run.stop();
});

test('a stop during a pause starts no training', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 1 });
  const conditions = new Switch();
  coordinator.before = (operation) => {
    if (operation === 'model') conditions.set('metered');
  };
  let trainings = 0;
  const { run, upTo } = running({ transport: coordinator, conditions, train: () => new Float32Array(4 + 0 * trainings++) });
  await upTo('paused');
  await run.stop();
  await settled();
  assert.equal(trainings, 0);
});

test('conditions that throw are told and count as no reason', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  const conditions: Conditions = {
    reasons: () => {
      throw new Error('no battery here');
    },
    subscribe: () => () => undefined,
  };
  const { run, seen, upTo } = running({ transport: coordinator, conditions });
  await upTo('round');
  assert.ok(seen[0]?.type === 'error' && /conditions: no battery here/.test(seen[0].error.message));
  await run.stop();
});

test('conditions that cannot be listened to end the run with an error, and `done` does not reject', async () => {
  const subscribe = (): never => {
    throw new Error('no such event');
  };
  const { run, seen, upTo } = running({ transport: new FakeCoordinator(), conditions: { reasons: () => [], subscribe } });
  await upTo('error');
  const [error] = seen;
  assert.ok(error?.type === 'error' && error.fatal && /no such event/.test(error.error.message));
  await run.done;
});

test('what it waits for is told again after a pause, also when it is what it waited for before', { timeout: 10_000 }, async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  const conditions = new Switch();
  const { run, seen, upTo } = running({ transport: coordinator, conditions });
  await upTo('waiting');
  conditions.set('hidden');
  await upTo('paused');
  conditions.set();
  await upTo('waiting');
  assert.deepEqual(
    seen.slice(-3).map(({ type }) => type),
    ['paused', 'resumed', 'waiting'],
  );
  await run.stop();
});
