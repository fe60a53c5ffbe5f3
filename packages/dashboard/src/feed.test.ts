// The feed of the page on a clock of its own: a stream where one passes, requests where none does, and `lost` only when neither brings anything.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Connection, Feed, TICK_MS } from './feed.ts';

/** A coordinator, and whatever lies between it and the page. */
class World {
  now = 0;
  /** A stream is: refused at once, opened and silent, or gives a document a second. */
  stream: 'refused' | 'silent' | 'gives' = 'gives';
  /** A request is: answered, refused, or never answered. */
  request: 'answered' | 'refused' | 'hangs' = 'answered';
  readonly connections: Connection[] = [];
  readonly documents: number[] = [];
  opened = 0;
  asked = 0;
  readonly open = new Set<{ give: (document: number) => void; end: () => void }>();
  readonly feed = new Feed<number>({
    now: () => this.now,
    open: (give, end) => {
      this.opened++;
      if (this.stream === 'refused') {
        end();
        return () => {};
      }
      const stream = { give, end };
      this.open.add(stream);
      return () => this.open.delete(stream);
    },
    ask: async () => {
      this.asked++;
      if (this.request === 'hangs') await new Promise((resolve) => this.#after(5000, resolve));
      return this.request === 'answered' ? this.now : undefined;
    },
    onDocument: (document) => this.documents.push(document),
    onConnection: (connection) => this.connections.push(connection),
  });
  readonly #timers: [number, (value?: unknown) => void][] = [];

  #after(ms: number, call: (value?: unknown) => void): void {
    this.#timers.push([this.now + ms, call]);
  }

  /** Lets time pass, tick by tick. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += TICK_MS;
      for (const [at, call] of this.#timers.splice(0)) at <= this.now ? call() : this.#timers.push([at, call]);
      if (this.stream === 'gives' && this.now % 1000 === 0) for (const { give } of this.open) give(this.now);
      this.feed.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get states(): string[] {
    return this.connections.map(({ state }) => state);
  }

  /** The longest time between two documents. */
  get gap(): number {
    return Math.max(...this.documents.map((at, i) => at - (this.documents[i - 1] ?? 0)), this.now - this.documents.at(-1)!);
  }
}

test('with a stream it asks once, at the beginning, so that the first document waits for no stream', async () => {
  const world = new World();
  world.feed.begin();
  await world.pass(60_000);
  assert.deepEqual([world.states, world.opened, world.asked], [['live'], 1, 1]);
  assert.equal(world.documents[0], 0);
  assert.ok(world.gap <= 1000, `${world.gap} ms`);
});

test('a stream that is refused or held back costs nobody the page: it asks, stays live, and tries streams more and more rarely', async () => {
  for (const stream of ['refused', 'silent'] as const) {
    const world = new World();
    world.stream = stream;
    world.feed.begin();
    await world.pass(600_000);
    assert.deepEqual(world.states, ['live'], stream);
    assert.ok(world.gap <= 2000, `${stream}: ${world.gap} ms without a document`);
    assert.ok(world.opened >= 5 && world.opened <= 20, `${stream}: ${world.opened} streams in ten minutes`);
    world.stream = 'gives';
    await world.pass(120_000);
    const { asked } = world;
    await world.pass(60_000);
    assert.equal(world.asked, asked, `${stream}: once a stream gives, it asks no more`);
  }
});

test('a coordinator that dies is told at once, asked for ever, with pauses, and heard as soon as it answers', async () => {
  const world = new World();
  world.feed.begin();
  await world.pass(5000);
  [world.stream, world.request] = ['refused', 'refused'];
  for (const { end } of [...world.open]) end();
  await world.pass(TICK_MS);
  assert.deepEqual(world.connections.at(-1), { state: 'lost', since: 5000 });
  const { asked } = world;
  await world.pass(60_000);
  assert.deepEqual(world.states, ['live', 'lost']);
  assert.ok(world.asked - asked >= 12 && world.asked - asked <= 30, `${world.asked - asked} requests in a minute`);
  [world.stream, world.request] = ['gives', 'answered'];
  await world.pass(4500);
  assert.deepEqual(world.states, ['live', 'lost', 'live']);
  assert.equal(world.open.size, 1, 'and the stream is read again');
});

test('one that stands still without closing anything is told after a few seconds, and back with its first answer', async () => {
  const world = new World();
  world.feed.begin();
  await world.pass(5000);
  [world.stream, world.request] = ['silent', 'hangs'];
  await world.pass(3000);
  assert.deepEqual(world.states, ['live']);
  await world.pass(60_000);
  assert.deepEqual(world.connections.at(-1), { state: 'lost', since: 5000 });
  [world.stream, world.request] = ['gives', 'answered'];
  await world.pass(5500);
  assert.deepEqual(world.states, ['live', 'lost', 'live']);
});

test('at rest it asks nobody and holds no stream; then it goes on', async () => {
  const world = new World();
  world.feed.begin();
  await world.pass(2000);
  world.feed.rest();
  const { asked, opened, documents } = world;
  const shown = documents.length;
  await world.pass(600_000);
  assert.deepEqual([world.asked, world.opened, world.open.size, documents.length], [asked, opened, 0, shown]);
  world.feed.begin();
  await world.pass(1000);
  assert.deepEqual(world.states, ['live', 'held', 'connecting', 'live']);
});
