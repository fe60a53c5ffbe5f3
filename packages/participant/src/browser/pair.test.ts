// Both ends of the port in Node, over a real MessageChannel, against a coordinator in memory: what arrives in the page is what
// runParticipant gives, and engines that die are followed by others that go on, one at a time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { rational } from '@xaynet/core/mask';
import { FakeCoordinator, keysFor, seedOf, sumOnce, updateOnce } from '../fake-coordinator.test.ts';
import type { StateStore } from '../ports.ts';
import type { ParticipantRun, RunOptions } from '../run.ts';
import type { ParticipantEvent } from '../run-events.ts';
import { TransportError } from '../transport-error.ts';
import { watchConditions } from './conditions.ts';
import type { EngineLink } from './connection.ts';
import type { BrowserOptions } from './options.ts';
import { BrowserRun, type PageHost } from './page.ts';
import { joined } from './run-browser.ts';
import { type LockManager, type Scope, scope } from './scope.ts';

/** Locks of Node: real ones. */
const locks = scope.navigator!.locks as LockManager;
let names = 0;

/** A page whose engines talk to a coordinator in memory. */
class Page {
  readonly coordinator: FakeCoordinator;
  /** Engines that were started, and what was done to each. */
  readonly engines: { readonly link: EngineLink; lose(reason: string): void; ended: boolean }[] = [];
  sleep: () => void = () => undefined;
  wake: () => void = () => undefined;
  readonly host: PageHost;
  /** Why no worker can be started. */
  trouble: string | undefined;
  readonly saved: Uint8Array[] = [];
  readonly store: StateStore = {
    load: async () => this.saved.at(-1),
    save: async (bytes) => {
      this.saved.push(bytes);
    },
  };

  constructor(coordinator: FakeCoordinator, engine: Partial<RunOptions> = {}) {
    this.coordinator = coordinator;
    const start = (): EngineLink => {
      const link = joined({ locks, store: () => assert.fail('no IndexedDB in Node'), options: { url: undefined, transport: coordinator, ...engine } });
      const entry: (typeof this.engines)[number] = { link, lose: () => undefined, ended: false };
      this.engines.push(entry);
      assert.ok(this.engines.filter(({ ended }) => !ended).length <= 1, 'one engine at a time');
      return {
        post: (message, transfer) => link.post(message, transfer),
        listen: (listener) => {
          entry.lose = (reason) => listener.ended(reason);
          link.listen(listener);
        },
        terminate: () => {
          entry.ended = true;
          link.terminate();
        },
      };
    };
    this.host = {
      inWorker: () => {
        if (this.trouble !== undefined) throw new Error(this.trouble);
        return start();
      },
      inPage: start,
      locks,
      watch: (changed) => watchConditions({}, {} as Scope, changed),
      lifecycle: (sleep, wake) => {
        this.sleep = sleep;
        this.wake = wake;
        return () => undefined;
      },
    };
  }

  run(options: Partial<BrowserOptions>): Watched {
    const all: BrowserOptions = {
      url: 'http://127.0.0.1:9',
      name: `test ${names++}`,
      store: this.store,
      poll: { min: 1, max: 4 },
      train: (_, { length }) => new Float32Array(length),
      ...options,
    };
    return new Watched(new BrowserRun(all, this.host));
  }
}

/** A run whose events are waited for one after the other. */
class Watched {
  readonly run: ParticipantRun;
  readonly seen: ParticipantEvent[] = [];
  readonly #events: AsyncIterator<ParticipantEvent>;

  constructor(run: ParticipantRun) {
    this.run = run;
    this.#events = run.events();
  }

  async upTo<T extends ParticipantEvent['type']>(
    type: T,
    is: (event: Extract<ParticipantEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<ParticipantEvent, { type: T }>> {
    for (;;) {
      const { value, done } = await this.#events.next();
      assert.ok(!done, `no ${type} after ${this.seen.map((event) => event.type).join(', ')}`);
      this.seen.push(value);
      const event = value as Extract<ParticipantEvent, { type: T }>;
      if (value.type === type && is(event)) return event;
    }
  }

  get types(): string[] {
    return this.seen.map(({ type }) => type);
  }
}

/** A coordinator in its update phase, and keys that are selected for it. */
async function updatePhase(
  round: ConstructorParameters<typeof FakeCoordinator>[0] = {},
): Promise<{ coordinator: FakeCoordinator; keys: ReturnType<typeof keysFor> }> {
  const coordinator = new FakeCoordinator(round);
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  coordinator.advance();
  return { coordinator, keys: keysFor('update', coordinator.params_) };
}

test('training gets the context and the global model that runParticipant gives, and its weights, which stay the application’s, are masked', async () => {
  const { coordinator, keys } = await updatePhase();
  coordinator.globalModel = [rational(1, 2), rational(-1, 4), rational(1, 3), rational(0)];
  const mine = Float32Array.of(0.5, -0.25, 0.75, 0);
  const asked: string[] = [];
  let model: Parameters<BrowserOptions['train']>[0];
  const page = new Page(coordinator);
  const watched = page.run({
    keys,
    shouldTrain: (context) => asked.push(context.round) > 0,
    onGlobalModel: (given, { dataType }) => {
      asked.push(`${dataType} ${given?.length}`);
    },
    scalar: ({ length }) => rational(1, length),
    train: (given, { params, participant, round, length, signal }) => {
      model = given;
      assert.deepEqual(params, coordinator.params_);
      assert.equal(params.maskConfig.vect, coordinator.params_.maskConfig.vect, 'the same configuration, not a copy');
      assert.deepEqual([participant, length, signal.aborted], [keys.publicKey, 4, false]);
      asked.push(round);
      return mine;
    },
  });
  const { model: told } = await watched.upTo('global-model');
  const { tag } = await watched.upTo('sent');
  assert.equal(tag, 'update');
  assert.equal(coordinator.updates, 1);
  assert.equal(told, model, 'the event and the function are given one model');
  assert.deepEqual(model!.weights, Float32Array.of(0.5, -0.25, 1 / 3, 0));
  assert.equal(model!.weights, model!.weights);
  assert.deepEqual(model!.toWeights('F64'), Float64Array.of(0.5, -0.25, 1 / 3, 0));
  assert.notEqual(model!.toWeights('F32'), model!.weights, 'a copy at each call');
  assert.deepEqual(model!.model[2], rational(1, 3));
  assert.deepEqual([model!.matchesRound, model!.dataType, model!.length], [true, 'F32', 4]);
  assert.deepEqual(mine, Float32Array.of(0.5, -0.25, 0.75, 0), 'not moved away');
  assert.deepEqual(asked, ['F32 4', watched.seen.find((event) => event.type === 'round')!.round, model!.round]);
  const snapshot = await watched.run.stop();
  await watched.run.done;
  assert.ok(snapshot.length > 100 && page.saved.length > 0);
});

test('what user code throws is the cause of the event that tells of it, the very object', async () => {
  const { coordinator, keys } = await updatePhase();
  const thrown = new RangeError('no data');
  const watched = new Page(coordinator).run({
    keys,
    train: () => {
      throw thrown;
    },
  });
  const { error, fatal } = await watched.upTo('error');
  assert.ok(isXaynetError(error, 'callback-failed') && !fatal);
  assert.match(error.message, /train: no data/);
  assert.equal(error.cause, thrown);
  await watched.upTo('idle');
  await watched.run[Symbol.asyncDispose]();
});

test('a result that cannot be sent, or is no model, is the error of that training', async () => {
  for (const [result, code] of [
    [{ weights: () => 1 }, 'callback-failed'],
    [[1, 2, 3, 4], 'option-invalid'],
    [new Float32Array(3), 'model-length'],
    [Float32Array.of(1, 2, Number.NaN, 4), 'weight-not-finite'],
  ] as const) {
    const { coordinator, keys } = await updatePhase();
    const watched = new Page(coordinator).run({ keys, train: () => result as never });
    const { error } = await watched.upTo('error');
    assert.equal(error.code, code);
    await watched.run[Symbol.asyncDispose]();
  }
});

test('errors of the transport arrive with status and address', async () => {
  const coordinator = new FakeCoordinator();
  coordinator.before = () => {
    throw new TransportError('transport-busy', 'no', { url: 'http://there/', status: 503, retryAfter: 20 });
  };
  const watched = new Page(coordinator).run({});
  const { error } = await watched.upTo('error');
  assert.ok(error instanceof TransportError);
  assert.deepEqual([error.code, error.status, error.url, error.retryAfter], ['transport-busy', 503, 'http://there/', 20]);
  assert.match(error.message, /\(no\)$/);
  await watched.run[Symbol.asyncDispose]();
});

test('the signal of a training aborts when its round is over, and when the participant stops', async () => {
  const { coordinator, keys } = await updatePhase();
  const reasons: string[] = [];
  let began = (): void => undefined;
  const train: BrowserOptions['train'] = (_, { round, signal }) =>
    new Promise((resolve) => {
      began();
      signal.addEventListener('abort', () => {
        reasons.push(round);
        resolve(new Float32Array(4));
      });
    });
  const watched = new Page(coordinator).run({ keys, train });
  const first = await watched.upTo('training');
  coordinator.newRound({ sum: 0, update: 1 });
  await watched.upTo('round');
  await new Promise<void>((resolve) => {
    began = resolve;
  });
  const second = await watched.upTo('training');
  await watched.run.stop();
  await new Promise(setImmediate);
  assert.deepEqual(reasons, [first.round, second.round]);
});

test('an engine that dies in mid-round is followed by one that goes on from the store; nothing is sent in two ways', async () => {
  const coordinator = new FakeCoordinator();
  const keys = keysFor('sum', coordinator.params_);
  const page = new Page(coordinator);
  const watched = page.run({ keys });
  await watched.upTo('sent');
  page.engines[0]!.lose('out of memory');
  const { error, round } = await watched.upTo('error');
  assert.ok(error.code === 'worker-lost' && /out of memory/.test(error.message) && round !== undefined);
  await watched.upTo('selected', ({ task }) => task === 'sum');
  coordinator.advance();
  for (const name of ['a', 'b', 'c']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
  coordinator.advance();
  await watched.upTo('sent', ({ tag }) => tag === 'sum2');
  assert.equal(coordinator.delivered.filter(({ payload }) => payload.tag === 'sum2').length, 1);
  assert.equal(page.engines.length, 2);
  await watched.run.stop();
  assert.ok(page.engines.every(({ ended }) => ended));
});

test('a training of an engine that died is aborted and awaited before the next begins', async () => {
  const { coordinator, keys } = await updatePhase();
  let running = 0;
  const trainings: Promise<void>[] = [];
  let release: () => void = () => undefined;
  const page = new Page(coordinator);
  const watched = page.run({
    keys,
    train: async (_, { signal }) => {
      assert.equal(++running, 1, 'never two at a time');
      if (trainings.length === 0) {
        const held = new Promise<void>((resolve) => {
          release = resolve;
        });
        trainings.push(held);
        await held;
        assert.ok(signal.aborted);
      }
      running--;
      return new Float32Array(4);
    },
  });
  await watched.upTo('training');
  await new Promise(setImmediate);
  page.engines[0]!.lose('killed');
  await watched.upTo('training');
  release();
  await watched.upTo('sent');
  assert.equal(coordinator.updates, 1);
  await watched.run.stop();
});

test('where no worker can be started the page does it itself and says why; so too when the worker ends before it runs', async () => {
  for (const how of ['throws', 'ends'] as const) {
    const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
    const page = new Page(coordinator);
    if (how === 'throws') page.trouble = 'forbidden by policy';
    else {
      const { inWorker } = page.host;
      let first = true;
      Object.assign(page.host, {
        inWorker: () => {
          if (!first) return inWorker();
          first = false;
          return {
            post: () => undefined,
            terminate: () => undefined,
            listen: ({ ended }: { ended(reason: string): void }) => setImmediate(() => ended('forbidden by policy')),
          };
        },
      });
    }
    const watched = page.run({});
    const { place, reason, store, oneTab, unseen } = await watched.upTo('engine');
    assert.deepEqual([place, reason, store, oneTab], ['page', 'forbidden by policy', 'own', true]);
    assert.deepEqual(unseen, ['offline', 'saveData', 'metered', 'battery'], 'nothing is known of this page');
    await watched.upTo('round');
    await watched.run.stop();
  }
});

test('one at a time under a name: the other waits, and takes over with the stored state', async () => {
  const coordinator = new FakeCoordinator();
  const keys = keysFor('sum', coordinator.params_);
  const page = new Page(coordinator);
  const other = new Page(coordinator);
  Object.assign(other, { store: page.store });
  const name = 'the one';
  const first = page.run({ keys, name });
  await first.upTo('sent');
  const second = other.run({ name, store: page.store });
  assert.equal((await second.upTo('waiting')).waitingFor, 'tab');
  page.engines[0]!.link.terminate(); // as when its tab crashes: nobody says goodbye
  await second.upTo('selected', ({ task }) => task === 'sum');
  assert.deepEqual(second.seen.find((event) => event.type === 'round')!.participant, keys.publicKey);
  await second.run.stop();
  const third = other.run({ name, store: page.store });
  await third.upTo('round');
  await third.run.stop();
});

test('a page that is put away lets go of its turn, and goes on when it is back', async () => {
  const coordinator = new FakeCoordinator();
  const keys = keysFor('sum', coordinator.params_);
  const page = new Page(coordinator);
  const watched = page.run({ keys, name: 'put away' });
  await watched.upTo('sent');
  page.sleep();
  assert.ok(page.engines[0]!.ended);
  const other = new Page(coordinator).run({ name: 'put away', store: page.store });
  await other.upTo('selected');
  page.wake();
  await watched.upTo('waiting', ({ waitingFor }) => waitingFor === 'tab');
  await other.run.stop();
  await watched.upTo('selected', ({ task }) => task === 'sum');
  page.sleep();
  const stopped = watched.run.stop();
  await assert.rejects(stopped, { code: 'not-started' });
});

test('a run that finds another state stored than its own goes on from that', async () => {
  const coordinator = new FakeCoordinator();
  const keys = keysFor('sum', coordinator.params_);
  const page = new Page(coordinator);
  const { save } = page.store;
  let conflicts = 0;
  const store: StateStore = {
    load: page.store.load,
    save: async (bytes) => {
      if (coordinator.phase === 'sum2' && conflicts++ === 0) throw new XaynetError('store-conflict', 'test');
      await save(bytes);
    },
  };
  const watched = page.run({ keys, store });
  await watched.upTo('sent');
  coordinator.advance();
  for (const name of ['a', 'b', 'c']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
  coordinator.advance();
  const { fatal } = await watched.upTo('error', ({ error }) => error.code === 'store-conflict');
  assert.equal(fatal, false);
  await watched.upTo('sent', ({ tag }) => tag === 'sum2');
  assert.equal(coordinator.delivered.filter(({ payload }) => payload.tag === 'sum2').length, 1);
  assert.equal(page.engines.length, 1, 'no new engine is needed for that');
  await watched.run.stop();
});

test('a stop while another tab has the turn ends at once', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  const first = new Page(coordinator).run({ name: 'busy' });
  await first.upTo('round');
  const second = new Page(coordinator).run({ name: 'busy' });
  await second.upTo('waiting');
  await assert.rejects(second.run.stop(), { code: 'not-started' });
  const controller = new AbortController();
  controller.abort();
  const third = new Page(coordinator).run({ name: 'busy', signal: controller.signal });
  await third.run.done;
  await first.run.stop();
});

test('a stop right after the start gives a snapshot or says that there was nothing to take one of, not that user code failed', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  const outcome = await new Page(coordinator)
    .run({})
    .run.stop()
    .then(
      (snapshot) => snapshot.length > 100, // the engine had begun before it heard of it
      (error) => error.code === 'not-started',
    );
  assert.ok(outcome);
});

test('options that cannot work throw at once', () => {
  const page = new Page(new FakeCoordinator());
  const keys = signingKeyPairFromSeed(SigningKeySeed(seedOf('a')));
  for (const [options, code] of [
    [{ url: 'ftp://x' }, 'transport-url'],
    [{ url: 'http://example.org' }, 'transport-insecure'],
    [{ train: 1 }, 'option-invalid'],
    [{ shouldTrain: 1 }, 'option-invalid'],
    [{ scalar: -1 }, 'scalar-invalid'],
    [{ poll: { min: 0 } }, 'option-invalid'],
    [{ fetch: () => undefined }, 'option-invalid'],
    [{ keys: { ...keys, publicKey: new Uint8Array(32) } }, 'option-invalid'],
  ] as const) {
    assert.throws(
      () => page.run(options as Partial<BrowserOptions>),
      (error) => error instanceof XaynetError && error.code === code,
      JSON.stringify(options),
    );
  }
  assert.equal(page.engines.length, 0);
});

test('what user code throws may be anything, also what cannot become a text or be cloned', async () => {
  const message = Object.assign(new Error(), { message: () => 'not a text' });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  for (const thrown of [Object.create(null), message, Symbol('no'), { toString: () => ({}) }, revoked.proxy]) {
    const { coordinator, keys } = await updatePhase();
    const watched = new Page(coordinator).run({
      keys,
      train: () => {
        throw thrown;
      },
    });
    const { error } = await watched.upTo('error');
    assert.equal(error.code, 'callback-failed');
    assert.equal(error.cause, thrown);
    await watched.upTo('idle');
    await watched.run.stop();
  }
});
