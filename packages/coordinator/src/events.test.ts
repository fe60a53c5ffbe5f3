// The event bus: order, listeners that throw, iterators that lag, end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rational } from '@xaynet/core/mask';
import { readModel } from '@xaynet/core/round';
import { type CoordinatorEvent, EventBus } from './events.ts';

const phase = (round: number, name: 'sum' | 'shutdown' = 'sum'): CoordinatorEvent => ({ type: 'phase', round, phase: name });
const model = (round: number): CoordinatorEvent => ({
  type: 'model',
  round,
  model: readModel(new Uint8Array(8)),
  weights: 0,
  updates: 3,
  scalarSum: rational(1),
  masked: { elements: 0, bytesPerElement: 7, hex: '', levels: new Uint8Array(0), histogram: [] },
});

async function take(events: AsyncIterable<CoordinatorEvent>, count = Number.POSITIVE_INFINITY): Promise<CoordinatorEvent[]> {
  const taken: CoordinatorEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length >= count) break;
  }
  return taken;
}

test('listeners hear every event at once and in order, until they unsubscribe; one that throws hurts nobody', () => {
  const bus = new EventBus();
  const heard: number[] = [];
  const off = bus.on((event) => heard.push('round' in event ? event.round : -1));
  bus.on(() => {
    throw new Error('a careless listener');
  });
  const again: number[] = [];
  bus.on((event) => again.push('round' in event ? event.round : -1));
  bus.emit(phase(1));
  off();
  bus.emit(phase(2));
  assert.deepEqual(heard, [1]);
  assert.deepEqual(again, [1, 2]);
});

test('the same listener twice hears twice', () => {
  const bus = new EventBus();
  let heard = 0;
  const listener = (): void => void heard++;
  bus.on(listener);
  const off = bus.on(listener);
  bus.emit(phase(1));
  off();
  bus.emit(phase(2));
  assert.equal(heard, 3);
});

test('an iterator gets what comes after it was made, also while it waits, and ends with the shutdown', async () => {
  const bus = new EventBus();
  bus.emit(phase(1));
  const taken = take(bus.events());
  await Promise.resolve();
  bus.emit(phase(2));
  bus.emit(phase(3));
  bus.emit(phase(3, 'shutdown'));
  bus.emit(phase(4));
  assert.deepEqual(await taken, [phase(2), phase(3), phase(3, 'shutdown')]);
});

test('an iterator ends by break, by its signal, and by a signal that was aborted before', async () => {
  const bus = new EventBus();
  const first = take(bus.events(), 1);
  bus.emit(phase(1));
  assert.deepEqual(await first, [phase(1)]);
  const controller = new AbortController();
  const second = take(bus.events({ signal: controller.signal }));
  bus.emit(phase(2));
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  assert.deepEqual(await second, [phase(2)]);
  assert.deepEqual(await take(bus.events({ signal: controller.signal })), []);
});

test('a consumer that does not take its events loses the oldest and is told how many; memory stays bounded', async () => {
  const bus = new EventBus();
  const events = bus.events();
  for (let round = 1; round <= 2000; round++) bus.emit(phase(round));
  const taken = await take(events, 1025);
  assert.deepEqual(taken.slice(0, 2), [{ type: 'dropped', count: 976 }, phase(977)]);
  assert.deepEqual(taken.at(-1), phase(2000));
});

test('models weigh more: at most eight of them wait', async () => {
  const bus = new EventBus();
  const events = bus.events();
  for (let round = 1; round <= 20; round++) bus.emit(model(round));
  const [dropped, first] = await take(events, 2);
  assert.deepEqual(dropped, { type: 'dropped', count: 12 });
  assert.ok(first?.type === 'model' && first.round === 13);
});
