// A store that fails as stores do: before or after it did what it was asked, by not answering in time, by dying with the whole process. And a
// world around it in which participants send again what was not taken, so that a test can ask the one thing that matters at the end: is every
// update in the model exactly once?

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { rational } from '@xaynet/core/mask';
import type { Payload } from '@xaynet/core/message';
import { decodeModel } from '@xaynet/core/round';
import fc from 'fast-check';
import { FakeClock, settle } from './clock.test.ts';
import { SILENT_LOGGER } from './log.ts';
import { restoreBeginning } from './restore.ts';
import {
  bodyOf,
  maskOf,
  participants,
  Rig,
  type RigOptions,
  seededRandom,
  sum2Payload,
  sumPayload,
  type TestParticipant,
  testSettings,
  updatePayload,
} from './rig.test.ts';
import type { Store } from './stores/contract.ts';
import { systemDisk } from './stores/files/disk.ts';
import { MemoryStore } from './stores/memory.ts';
import { SqliteStore } from './stores/sqlite.ts';

/** `before`, `after`: throws without the effect, or with it. `late`: answers and takes effect after the time limit. `die-…`: so does the process. */
export type Fault = 'before' | 'after' | 'late' | 'die-before' | 'die-after';

/** Milliseconds that a rig in these tests gives a call. */
export const TIMEOUT = 3000;

/** The store with faults: `plan` is asked at every call, by its number from 1 on and the method. Calls are carried out one after another. */
export class UnreliableStore {
  readonly store: Store;
  calls = 0;
  readonly died: Promise<void>;
  dead = false;
  #die!: () => void;
  #last: Promise<unknown> = Promise.resolve();

  constructor(target: Store, plan: (call: number, method: string) => Fault | undefined, later: (ms: number) => Promise<void>) {
    this.died = new Promise((resolve) => {
      this.#die = () => {
        this.dead = true;
        resolve();
      };
    });
    const call = async (method: string, work: () => unknown): Promise<unknown> => {
      const fault = this.dead ? 'die-before' : plan(++this.calls, method);
      if (fault === 'before') throw new Error(`${method} failed`);
      if (fault === 'die-before') return this.#end();
      const turn = this.#last.then(async () => {
        if (fault === 'late') await later(2 * TIMEOUT);
        return work();
      });
      this.#last = turn.catch(() => {});
      const result = await turn;
      if (fault === 'die-after') return this.#end();
      if (fault === 'after') throw new Error(`the answer of ${method} was lost`);
      return result;
    };
    this.store = new Proxy(target, {
      get(object, name) {
        const member = Reflect.get(object, name) as unknown;
        if (typeof member !== 'function') return member;
        const own = member.bind(object) as (...given: unknown[]) => unknown;
        if (name === 'contributions' || name === 'chunks') {
          return async function* (...given: unknown[]) {
            const iterator = (own(...given) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
            for (;;) {
              const next = (await call(String(name), () => iterator.next())) as IteratorResult<unknown>;
              if (next.done === true) return;
              yield next.value;
            }
          };
        }
        return (...given: unknown[]) => call(String(name), () => own(...given));
      },
    });
  }

  #end(): Promise<never> {
    this.#die();
    return new Promise(() => {});
  }
}

const SUMS = 3;
const UPDATES = 4;

/** One round of real messages against a coordinator that fails and dies. */
export class World {
  readonly target: Store;
  readonly #plan: (call: number, method: string) => Fault | undefined;
  readonly #options: RigOptions;
  rig!: Rig;
  unreliable!: UnreliableStore;
  restarts = 0;
  /** Calls of processes that are dead. */
  #calls = 0;

  constructor(
    plan: (call: number, method: string) => Fault | undefined,
    options: RigOptions = {},
    target: Store = new MemoryStore({ keepsContributions: true }),
  ) {
    this.#plan = plan;
    this.target = target;
    const time = { min: 4, max: 600 };
    const settings = testSettings({
      model: { length: UPDATES },
      sum: { count: { min: SUMS, max: SUMS }, time },
      update: { count: { min: UPDATES, max: UPDATES }, time },
      sum2: { count: { min: SUMS, max: SUMS }, time },
    });
    this.#options = { settings, storeTimeout: TIMEOUT, checkpointEvery: 2, ...options };
  }

  get calls(): number {
    return this.#calls + this.unreliable.calls;
  }

  /** A process on what is stored; one that dies while it reads its beginning is started again. */
  async start(): Promise<void> {
    const clock = new FakeClock(this.rig?.clock.now());
    const { settings, ...options } = this.#options;
    // What reads the beginning is not patient: whoever starts the process sees the error and starts it again.
    const beginning = await restoreBeginning(this.target, settings!, seededRandom('before'), SILENT_LOGGER);
    this.#calls += this.unreliable?.calls ?? 0;
    const before = this.#calls;
    const later = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
    this.unreliable = new UnreliableStore(this.target, (call, method) => this.#plan(before + call, method), later);
    this.rig = new Rig(settings!, this.unreliable.store, { ...options, beginning, random: seededRandom(`process ${this.restarts}`) }, clock);
    this.rig.driver.start();
    await settle();
  }

  async seconds(seconds: number): Promise<void> {
    await Promise.race([this.rig.seconds(seconds), this.unreliable.died]);
    await this.live();
  }

  /** Starts the coordinator again when it is dead. */
  async live(): Promise<void> {
    while (this.unreliable.dead) {
      this.restarts++;
      await this.start();
    }
  }

  /** Sends until it is taken, as participants do: this time, or an earlier one whose answer was lost, after which the phase may be over. */
  async send(payload: Payload, who: TestParticipant): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      await this.live();
      const { rig } = this;
      const request = { round: rig.driver.state.round, participant: who.keys.publicKey, payload, bytes: 100 };
      let code: string | undefined;
      const sent = rig.driver.submit(request).then((answer) => {
        code = answer.kind === 'accepted' ? 'accepted' : answer.code;
      });
      // A call that is late needs time to pass.
      await Promise.race([sent, this.unreliable.died, settle()]);
      for (let waited = 0; code === undefined && !this.unreliable.dead && waited < 20; waited++) await Promise.race([rig.seconds(1), this.unreliable.died]);
      if (code !== undefined && !['storage-failed', 'round-resuming'].includes(code)) return;
      await this.seconds(1);
    }
    throw new Error('a message was never taken');
  }

  async until(phase: string): Promise<void> {
    for (let waited = 0; waited < 200; waited++) {
      await this.live();
      if (this.rig.phase === phase) return;
      await this.seconds(1);
    }
    throw new Error(`${phase} was never reached; ${JSON.stringify(this.rig.driver.state)}`);
  }

  /** A whole round of one-hot models; the mean is exact if and only if every update counts once. */
  async round(): Promise<void> {
    await this.until('sum');
    const { round } = this.rig.driver.state;
    const { params } = this.rig;
    const sums = participants(params, 'sum', SUMS);
    for (const who of sums) await this.send(sumPayload(who), who);
    await this.until('update');
    for (const [i, who] of participants(params, 'update', UPDATES).entries()) {
      const weights = Array.from({ length: UPDATES }, (_, at) => (at === i ? 1 : 0));
      await this.send(updatePayload(who, this.rig.sums, { weights }), who);
    }
    await this.until('sum2');
    const masks = sums.map((who) => maskOf(who, this.rig));
    for (const [i, who] of sums.entries()) await this.send(sum2Payload(who, masks[i]!), who);
    for (let waited = 0; this.rig.driver.state.round === round; waited++) {
      assert.ok(waited < 200, 'the round never ended');
      await this.seconds(1);
    }
    await this.live();
    assert.deepEqual(
      decodeModel(this.rig.driver.bulletin.model()!),
      Array.from({ length: UPDATES }, () => rational(1, UPDATES)),
    );
    assert.equal(this.rig.failure, undefined);
    assert.equal(this.rig.driver.state.round, round + 1, 'no round was lost');
    const [record] = await this.target.records(1);
    assert.deepEqual([record!.round, record!.outcome, record!.sums, record!.updates, record!.masks], [round, 'model', SUMS, UPDATES, SUMS]);
  }
}

test('a world without faults: one round, no restart', async () => {
  const world = new World(() => undefined);
  await world.start();
  await world.round();
  assert.equal(world.restarts, 0);
  assert.ok(world.calls > 20);
});

test('killed before or after any call of the store: the same round goes on, and the model is the exact mean', async () => {
  const world = new World(() => undefined);
  await world.start();
  await world.round();
  const { calls } = world;
  for (let at = 1; at <= calls; at++) {
    for (const fault of ['die-before', 'die-after'] as const) {
      const killed = new World((call) => (call === at ? fault : undefined));
      await killed.start();
      try {
        await killed.round();
      } catch (error) {
        throw new Error(`${fault} call ${at} of ${calls}`, { cause: error });
      }
      assert.equal(killed.restarts, 1);
    }
  }
});

test('a fault at any call of the store costs a pause and no message, and the model is the exact mean', async () => {
  const world = new World(() => undefined);
  await world.start();
  await world.round();
  const { calls } = world;
  for (let at = 1; at <= calls; at++) {
    for (const fault of ['before', 'after', 'late'] as const) {
      const failing = new World((call) => (call === at ? fault : undefined));
      await failing.start();
      try {
        await failing.round();
      } catch (error) {
        throw new Error(`${fault} call ${at} of ${calls}`, { cause: error });
      }
      await failing.seconds(20); // the last calls are those that begin the next round
      assert.deepEqual([failing.rig.driver.paused, failing.rig.phase], [undefined, 'sum']);
    }
  }
});

test('property: whatever fails and dies, and however often, every update counts once', async () => {
  const fault = fc.constantFrom<Fault>('before', 'after', 'late', 'die-before', 'die-after');
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.integer({ min: 1, max: 120 }).map(String), fault, { maxKeys: 12 }), async (schedule) => {
      const world = new World((call) => schedule[call]);
      await world.start();
      await world.round();
    }),
    { numRuns: 30 },
  );
});

test('property: the same on the embedded store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-unreliable-'));
  let runs = 0;
  try {
    const fault = fc.constantFrom<Fault>('before', 'after', 'late', 'die-before', 'die-after');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.integer({ min: 1, max: 80 }).map(String), fault, { maxKeys: 12 }), async (schedule) => {
        const store = SqliteStore.open(join(folder, String(runs++)), { keepsContributions: true });
        const world = new World((call) => schedule[call], {}, store);
        await world.start();
        await world.round();
        await store.close();
      }),
      { numRuns: 5 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a disk that is full in sum: one pause until there is room, however many messages come', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-full-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]).status !== 0) return t.skip('no right to mount a file system');
  try {
    const store = SqliteStore.open(join(folder, 'data'), { keepsContributions: true });
    const settings = testSettings({ sum: { count: { min: 1000, max: 1000 }, time: { min: 4, max: 600 } } });
    const rig = await Rig.start({ store, settings });
    const [early, ...others] = participants(rig.params, 'sum', 60);
    const send = (who: TestParticipant): Promise<string> => rig.send(bodyOf(sumPayload(who), who));
    assert.equal(await send(early!), 'accepted');
    const filler = join(folder, 'filler');
    writeFileSync(filler, new Uint8Array(systemDisk.free(folder)));
    const seen: boolean[] = [];
    for (const who of others) {
      await send(who);
      await rig.seconds(0.5);
      seen.push(rig.driver.paused !== undefined);
    }
    assert.ok(seen.includes(true));
    assert.ok(!seen.slice(seen.indexOf(true)).includes(false), 'from the first failure on');
    assert.equal(rig.events.filter(({ type }) => type === 'paused').length, 1);
    assert.ok(!rig.events.some(({ type }) => type === 'resumed'));
    rmSync(filler);
    await rig.seconds(30);
    assert.equal(rig.driver.paused, undefined);
    assert.equal(await send(others.at(-1)!), 'accepted');
    await rig.driver.stop();
    await store.close();
  } finally {
    spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});
