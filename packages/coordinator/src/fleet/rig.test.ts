// What the tests of fleets share: several coordinators without HTTP at one store in memory, on one clock, each of which can be paused or lose its
// connection; and a balancer that sends every message and every question to the next one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XaynetError } from '@xaynet/core/errors';
import type { Bulletin } from '../bulletin.ts';
import { FakeClock, settle } from '../clock.test.ts';
import type { Clock } from '../clock.ts';
import { type CoordinatorEvent, EventBus } from '../events.ts';
import { Intake } from '../intake/intake.ts';
import { type Logger, SILENT_LOGGER } from '../log.ts';
import { type RigLike, seededRandom, testSettings, verdictText } from '../rig.test.ts';
import type { Settings } from '../settings/settings.ts';
import type { SharedStore } from '../stores/shared.ts';
import { SharedMemory } from '../stores/shared-memory.ts';
import { Handover, type SendChunk } from './handover.ts';
import { FleetMember } from './member.ts';
import { decodeAnswer, decodeBatch, encodeAnswer, encodeBatch, encodeHandedChunk } from './wire.ts';

/** A clock whose callbacks wait while its process is paused, as those of a stopped process do. */
class PausableClock implements Clock {
  readonly #clock: Clock;
  skew = 0;
  #held: (() => void)[] | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.skew;
  }

  setTimer(ms: number, callback: () => void): () => void {
    let isCancelled = false;
    const own = (): void => {
      if (isCancelled) return;
      if (this.#held === undefined) callback();
      else this.#held.push(own);
    };
    const cancel = this.#clock.setTimer(ms, own);
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const callback of held) callback();
  }
}

/** One process of the fleet. */
export class Node {
  readonly id: string;
  readonly clock: PausableClock;
  readonly events: CoordinatorEvent[] = [];
  readonly store: SharedStore;
  /** Calls of the store by name, in their order. */
  readonly calls: string[] = [];
  /** `held`: calls wait for the end of it; `cut`: they are never answered. */
  line: 'works' | 'held' | 'cut' | 'broken' = 'works';
  /** The next call of this name is carried out, and its answer is lost. */
  loses: string | undefined;
  /** The next call of this name fails, and is not carried out. */
  refuses: string | undefined;
  /** Calls of these names fail, as those that need large bytes do when it is cut off from their place only. */
  unable: readonly string[] = [];
  /** Calls of this name take so many milliseconds. */
  slow: { readonly name: string; readonly ms: number } | undefined;
  /** Its next look finds that the store has lost what it had acknowledged. */
  findsLoss = false;
  /** Milliseconds that an admission may take, where it is not a lease. */
  storeTimeout: number | undefined;
  /** Ids of the members that it handed chunks to, in their order. */
  readonly handed: string[] = [];
  /** What it warns of. */
  readonly warnings: string[] = [];
  readonly #others: () => readonly Node[];
  #waiting: (() => void)[] = [];
  member!: FleetMember;
  intake!: Intake;

  constructor(id: string, shared: SharedMemory, clock: FakeClock, others: () => readonly Node[]) {
    this.id = id;
    this.#others = others;
    this.clock = new PausableClock(clock);
    this.store = this.#through(shared.connect());
  }

  async join(settings: Settings, url = `http://${this.id}`): Promise<this> {
    const bus = new EventBus();
    bus.on((event) => this.events.push(event));
    const { clock, store } = this;
    const self = { id: this.id, url, version: '1' };
    const logger: Logger = { ...SILENT_LOGGER, warn: (_, text) => this.warnings.push(text) };
    this.member = await FleetMember.join({
      settings,
      store,
      clock,
      self,
      bus,
      random: seededRandom(`member ${this.id}`),
      logger,
      storeTimeout: this.storeTimeout,
    });
    const { leaseMs } = store;
    const handover = new Handover({ self: this.id, members: () => this.member.sight.members, send: this.#send, leaseMs, clock, logger: SILENT_LOGGER });
    this.intake = new Intake({
      compat: settings.compat,
      bulletin: this.member.bulletin,
      maxSums: settings.pet.sum.count.max,
      submit: (request) => this.member.submit(request),
      paused: () => this.member.unavailable,
      fresh: () => this.member.fresh(),
      fleet: { store, hand: (chunk) => handover.hand(chunk) },
      get budgets() {
        return settings.limits;
      },
      clock,
      bus,
      logger: SILENT_LOGGER,
    });
    this.member.start();
    await settle();
    return this;
  }

  /** What is shown to somebody who asks now. */
  async shown(): Promise<Bulletin> {
    await this.member.fresh();
    return this.member.bulletin;
  }

  /** As SIGSTOP. */
  pause(): void {
    this.clock.pause();
    this.line = 'held';
  }

  /** As SIGCONT. */
  async wake(): Promise<void> {
    this.line = 'works';
    for (const go of this.#waiting.splice(0)) go();
    this.clock.resume();
    await settle();
  }

  /** As SIGKILL: it never comes back. */
  kill(): void {
    this.clock.pause();
    this.line = 'cut';
  }

  /** As a connection to another process; one that is paused is connected to, and answers when it goes on. */
  readonly #send: SendChunk = async ({ id }, chunk) => {
    this.handed.push(id);
    const other = this.#others().find((node) => node.id === id)!;
    if (other.line === 'cut') throw new Error('connection refused');
    if (other.line === 'held') await new Promise<void>((resolve) => other.#waiting.push(resolve));
    const [came] = decodeBatch(encodeBatch([encodeHandedChunk(chunk)]));
    return decodeAnswer(encodeAnswer(0, await other.intake.collect(came!)).trimEnd())!.verdict;
  };

  #through(store: SharedStore): SharedStore {
    const line = async <T>(call: () => Promise<T>, name = ''): Promise<T> => {
      if (this.line === 'held') await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.line === 'cut') return await new Promise<never>(() => {});
      if (this.line === 'broken') throw new XaynetError('storage-failed', 'connection refused');
      if (this.findsLoss && name === 'look') {
        this.findsLoss = false;
        throw new XaynetError('storage-lost');
      }
      if (this.unable.includes(name)) throw new XaynetError('storage-failed', 'no route to the bucket');
      if (name === this.refuses && name !== '') {
        this.refuses = undefined;
        throw new XaynetError('storage-failed', 'connection reset');
      }
      const result = await call();
      const { slow } = this;
      if (name === slow?.name) await new Promise<void>((resolve) => this.clock.setTimer(slow.ms, resolve));
      if (name !== this.loses || name === '') return result;
      this.loses = undefined;
      return await new Promise<never>(() => {});
    };
    const wrap = <O extends object>(object: O): O =>
      new Proxy(object, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (name === 'admissions' || name === 'sums') return wrap(value as object);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            this.calls.push(String(name));
            if (name !== 'contributions' && name !== 'partials') return line(() => value.apply(target, args) as Promise<unknown>, String(name));
            return (async function* () {
              const items = (await line(async () => value.apply(target, args))) as AsyncIterable<unknown>;
              for await (const item of items) yield await line(async () => item);
            })();
          };
        },
      });
    return wrap(store);
  }
}

/** A fleet, as its participants meet it through a balancer. */
export class FleetRig implements RigLike {
  readonly clock: FakeClock = new FakeClock();
  readonly shared: SharedMemory = new SharedMemory(this.clock);
  readonly nodes: Node[] = [];
  readonly settings: Settings;
  #turn = 0;

  private constructor(settings: Settings) {
    this.settings = settings;
  }

  static async start(size: number, settings: Settings = testSettings(), storeTimeout?: number): Promise<FleetRig> {
    const rig = new FleetRig(settings);
    for (let i = 0; i < size; i++) await rig.add(settings, undefined, storeTimeout);
    await settle();
    return rig;
  }

  /** One more process. */
  async add(settings: Settings = this.settings, url?: string, storeTimeout?: number): Promise<Node> {
    const node = new Node('abcdefgh'[this.nodes.length]!, this.shared, this.clock, () => this.nodes);
    node.storeTimeout = storeTimeout;
    const joining = node.join(settings, url);
    joining.catch(() => {}); // it may be refused before anybody awaits it
    await settle();
    await this.clock.advance(this.nodes.length === 0 ? this.shared.leaseMs : 0); // where nothing is stored, others are waited for
    this.nodes.push(await joining);
    return node;
  }

  /** Those that can be reached. */
  get alive(): Node[] {
    return this.nodes.filter(({ line }) => line === 'works');
  }

  get leader(): Node {
    const [leader, second] = this.alive.filter(({ member }) => member.leads);
    assert.ok(leader !== undefined && second === undefined, 'exactly one leads');
    return leader;
  }

  /** The next one, by turns. */
  next(): Node {
    return this.alive[this.#turn++ % this.alive.length]!;
  }

  get driver(): { readonly bulletin: Bulletin } {
    return this.next().member;
  }

  get params(): RigLike['params'] {
    return this.driver.bulletin.view.params;
  }

  get sums(): RigLike['sums'] {
    return this.driver.bulletin.view.sums!;
  }

  get phase(): string {
    return this.driver.bulletin.view.phase;
  }

  async send(body: Uint8Array, node: Node = this.next(), address = ''): Promise<string> {
    return verdictText(await node.intake.receive(body, address));
  }

  /** Time goes by, and some more in which the members hear of each other; at the end of it everybody has been asked something. */
  async seconds(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1000 + this.shared.leaseMs / 5);
    await this.look();
  }

  /** The store forgets everything, as a server that is started again without its file. */
  async lose(): Promise<void> {
    await this.shared.store.eraseAll();
    this.shared.owners.clear();
    this.shared.partials.clear();
    this.shared.lease = undefined;
    this.shared.token++;
    this.shared.open = false;
    this.shared.version++;
    for (const node of this.nodes) node.findsLoss = true;
  }

  async look(): Promise<void> {
    const looks = this.alive.map(({ member }) => member.fresh());
    await settle();
    await Promise.all(looks);
  }
}

test('three join: one leads, all show the same round', async () => {
  const rig = await FleetRig.start(3);
  assert.equal(rig.leader.id, 'a');
  const shown = await Promise.all(rig.nodes.map(async (node) => Buffer.from((await node.shown()).params()).toString('hex')));
  assert.equal(new Set(shown).size, 1);
  assert.deepEqual(
    rig.nodes.map(({ member }) => member.state.phase),
    ['sum', 'sum', 'sum'],
  );
});
