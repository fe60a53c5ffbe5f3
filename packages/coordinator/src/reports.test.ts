// What an application may report: finite numbers under few names of rounds that have a record; added to what was there, told, kept in order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '@xaynet/core/errors';
import { type CoordinatorEvent, EventBus } from './events.ts';
import { record } from './http/api/rig.test.ts';
import { SILENT_LOGGER } from './log.ts';
import { Reports } from './reports.ts';
import { MemoryStore } from './stores/memory.ts';

async function rig(): Promise<{ store: MemoryStore; reports: Reports; told: CoordinatorEvent[] }> {
  const store = new MemoryStore();
  for (const round of [1, 3]) await store.putRecord(record(round));
  const bus = new EventBus();
  const told: CoordinatorEvent[] = [];
  bus.on((event) => told.push(event));
  return { store, reports: new Reports({ store, bus, logger: SILENT_LOGGER }), told };
}

test('numbers are added to those of the round, in the order in which they were told, and replace those of their name', async () => {
  const { store, reports, told } = await rig();
  await Promise.all([reports.add(3, { accuracy: 0.5 }), reports.add(3, { loss: 2 }), reports.add(1, { loss: 9 }), reports.add(3, { accuracy: 0.75 })]);
  assert.deepEqual(await store.reports(10), [
    { round: 3, values: { accuracy: 0.75, loss: 2 } },
    { round: 1, values: { loss: 9 } },
  ]);
  assert.deepEqual(
    told.map((event) => event.type === 'report' && [event.round, event.values]),
    [
      [3, { accuracy: 0.5 }],
      [3, { loss: 2 }],
      [1, { loss: 9 }],
      [3, { accuracy: 0.75 }],
    ],
  );
});

test('what is no number, no name, too much or of no round is refused, and nothing of it is kept', async () => {
  const { store, reports, told } = await rig();
  const refused = (round: number, values: object, code: ErrorCode) =>
    assert.rejects(reports.add(round, values as Record<string, number>), { code }, JSON.stringify(values));
  for (const round of [0, 2, 4, -1, 1.5, Number.NaN]) await refused(round, { loss: 1 }, 'http-round-unknown');
  for (const name of ['', 'Loss', '1a', 'a b', 'ä', `a${'b'.repeat(40)}`, '__proto__', '{x="y"}']) await refused(3, { [name]: 1 }, 'report-invalid');
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '1', null]) await refused(3, { good: 1, loss: value }, 'report-invalid');
  await refused(3, {}, 'report-invalid');
  assert.deepEqual([await store.reports(10), told], [[], []]);
  const names = (count: number, from = 0) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${from + i}`, i]));
  await refused(3, names(17), 'report-invalid');
  await reports.add(3, names(16));
  await refused(3, { another: 1 }, 'report-invalid');
});

test('different names are at most 64, however many rounds there are', async () => {
  const { store, reports } = await rig();
  for (let round = 4; round < 12; round++) await store.putRecord(record(round));
  for (let i = 0; i < 64; i++) await reports.add(4 + (i >> 4), { [`n${i}`]: i });
  await assert.rejects(reports.add(11, { more: 1 }), { code: 'report-invalid' });
  await reports.add(11, { n63: 1 });
});

test('a store that keeps no reports is told of', async () => {
  const { store } = await rig();
  const reports = new Reports({ store: { records: (limit, before) => store.records(limit, before) }, bus: new EventBus(), logger: SILENT_LOGGER });
  await assert.rejects(reports.add(3, { loss: 1 }), /keeps no reports/);
});
