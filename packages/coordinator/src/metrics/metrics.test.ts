// What a scrape shows: the format, read strictly; numbers that follow the events; and that scraping goes on when the store does not answer.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import type { ErrorCode } from '@xaynet/core/errors';
import { type CoordinatorEvent, EventBus } from '../events.ts';
import { SILENT_LOGGER } from '../log.ts';
import { bodyOf, EXAMPLE_UPDATES, participants, playSum, playSum2, playUpdate, Rig, sumPayload } from '../rig.test.ts';
import { parseExposition } from './exposition.test.ts';
import { CoordinatorMetrics, type MetricsStatus } from './metrics.ts';
import { METRICS_REFERENCE, metricsTable, SECONDS_BUCKETS } from './reference.ts';

const STATUS: MetricsStatus = { round: 7, phase: 'update', sums: 2, updates: 5, queued: 1, chunkBytes: 4096, failures: 0 };

async function scrape(metrics: CoordinatorMetrics): Promise<(series: string) => number | undefined> {
  const families = parseExposition(await metrics.render());
  return (series) => {
    const full = series.includes('{') ? series : `${series}{}`;
    const name = full.split('{', 1)[0]!;
    return (families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, '')))?.samples.get(full);
  };
}

it('counts a whole round, and what is refused', async () => {
  const metrics = new CoordinatorMetrics(SILENT_LOGGER);
  const rig = await Rig.start();
  for (const event of rig.events) metrics.take(event);
  let taken = rig.events.length;
  metrics.connect({ status: () => ({ ...STATUS, ...rig.driver.state }), masks: () => rig.store.maskCount() });
  const [twice] = participants(rig.params, 'sum', 1);
  assert.equal(await rig.send(bodyOf(sumPayload(twice!), twice!)), 'accepted');
  assert.equal(await rig.send(bodyOf(sumPayload(twice!), twice!)), 'sum-already-exists');
  assert.equal(await rig.send(new Uint8Array(200)), 'sealed-box-open-failed');
  const sums = await playSum(rig, 2);
  const seen = (): void => {
    for (; taken < rig.events.length; taken++) metrics.take(rig.events[taken]!);
  };
  seen();
  let value = await scrape(metrics);
  assert.deepEqual([value('xaynet_phase_number'), value('xaynet_phase{phase="update"}'), value('xaynet_phase{phase="sum"}')], [2, 1, 0]);
  assert.deepEqual([value('xaynet_messages_total{phase="sum",verdict="accepted"}'), value('xaynet_messages_total{phase="sum",verdict="rejected"}')], [3, 1]);
  assert.deepEqual([value('xaynet_refusals_total{code="sum-already-exists"}'), value('xaynet_refusals_total{code="sealed-box-open-failed"}')], [1, 1]);
  assert.deepEqual([value('xaynet_message_bytes_total{verdict="refused"}'), value('xaynet_message_bytes_total{verdict="rejected"}')], [200, 96]);
  assert.deepEqual([value('xaynet_round_sum_probability'), value('xaynet_round_update_probability')], [0.5, 0.9]);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  await rig.seconds(20);
  seen();
  value = await scrape(metrics);
  assert.equal(value('xaynet_rounds_total{outcome="model"}'), rig.events.filter((event) => event.type === 'model').length);
  assert.equal(value('xaynet_rounds_total{outcome="failure"}'), rig.events.filter((event) => event.type === 'failure').length);
  assert.ok(value('xaynet_round_failures_total{phase="sum",code="phase-timeout"}')! >= 1);
  metrics.close();
});

it('shows the gauges of the status, totals of InfluxDB, the store and the process', async () => {
  const metrics = new CoordinatorMetrics(SILENT_LOGGER);
  let status: MetricsStatus = STATUS;
  metrics.connect({ status: () => status, usage: async () => ({ bytes: 1000, free: Number.POSITIVE_INFINITY }) });
  metrics.eventClients(4);
  let value = await scrape(metrics);
  assert.deepEqual([value('xaynet_queue_messages'), value('xaynet_chunk_bytes'), value('xaynet_round_updates'), value('xaynet_paused')], [1, 4096, 5, 0]);
  assert.deepEqual([value('xaynet_store_bytes'), value('xaynet_store_free_bytes')], [1000, Number.POSITIVE_INFINITY]);
  assert.ok(value('process_resident_memory_bytes')! > 1e7 && value('process_cpu_seconds_total{mode="user"}')! > 0);
  const before = Date.now() / 1000 - value('process_start_time_seconds')!;
  assert.ok(before > 0 && before < 600);
  status = {
    ...STATUS,
    paused: true,
    workers: { busy: 1, total: 3, waiting: 2 },
    connections: 9,
    modelBytes: 68,
    influx: { sent: 5, dropped: 2, failed: 1 },
    fleet: { self: 'a', leader: 'b', members: [{}, {}, {}] },
  };
  assert.deepEqual([value('xaynet_fleet_members'), value('xaynet_fleet_leads')], [1, 1]);
  for (let i = 0; i < 2; i++) {
    value = await scrape(metrics);
    assert.deepEqual([value('xaynet_paused'), value('xaynet_connections'), value('xaynet_event_streams'), value('xaynet_model_bytes')], [1, 9, 4, 68]);
    assert.deepEqual([value('xaynet_fleet_members'), value('xaynet_fleet_leads')], [3, 0]);
    assert.deepEqual([value('xaynet_workers{state="busy"}'), value('xaynet_workers{state="idle"}'), value('xaynet_worker_queue_messages')], [1, 2, 2]);
    assert.deepEqual(
      ['sent', 'dropped', 'failed'].map((outcome) => value(`xaynet_influxdb_points_total{outcome="${outcome}"}`)),
      [5, 2, 1],
    );
  }
  assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4; charset=utf-8$/);
  metrics.close();
});

it('sorts what stages take into buckets from 10 µs to 60 s, and adds up bytes', async () => {
  const metrics = new CoordinatorMetrics(SILENT_LOGGER);
  for (const seconds of [4e-6, 3e-5, 0.2, 59, 61, -1, Number.NaN]) metrics.observe('receive', seconds, 10);
  metrics.observe('unmask', 1, 0);
  const value = await scrape(metrics);
  const bucket = (le: string): number | undefined => value(`xaynet_stage_seconds_bucket{le="${le}",stage="receive"}`);
  assert.deepEqual(['0.00001', '0.000025', '0.00005', '0.25', '60', '+Inf'].map(bucket), [3, 3, 4, 5, 6, 7]);
  assert.deepEqual([value('xaynet_received_bytes_total'), value('xaynet_stage_bytes_total{stage="receive"}')], [70, 70]);
  assert.equal(value('xaynet_stage_bytes_total{stage="unmask"}'), undefined);
  assert.deepEqual([SECONDS_BUCKETS[0], SECONDS_BUCKETS.at(-1)], [1e-5, 60]);
  metrics.close();
});

it('counts answers by route, method and status', async () => {
  const metrics = new CoordinatorMetrics(SILENT_LOGGER);
  for (const status of [200, 200, 304]) metrics.answered({ method: 'GET', route: '/params', status, seconds: 0.001 });
  const value = await scrape(metrics);
  assert.equal(value('xaynet_http_requests_total{method="GET",route="/params",status="200"}'), 2);
  assert.equal(value('xaynet_http_seconds_count{route="/params"}'), 3);
  metrics.close();
});

it('feels an event loop that is held up, and forgets it after the scrape', async () => {
  const metrics = new CoordinatorMetrics(SILENT_LOGGER);
  await new Promise((resolve) => setTimeout(resolve, 60));
  for (const end = performance.now() + 150; performance.now() < end; );
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.ok((await scrape(metrics))('xaynet_event_loop_delay_seconds{quantile="1"}')! > 0.08);
  assert.ok((await scrape(metrics))('xaynet_event_loop_delay_seconds{quantile="1"}')! < 0.08);
  metrics.close();
});

it('renders without the store when that does not answer, or fails', async () => {
  for (const usage of [() => new Promise<never>(() => {}), () => Promise.reject(new Error('disk gone'))]) {
    const metrics = new CoordinatorMetrics(SILENT_LOGGER);
    metrics.connect({ status: () => STATUS, usage, masks: () => Promise.reject(new Error('closed')) });
    metrics.take({ type: 'phase', round: 7, phase: 'unmask' });
    const value = await scrape(metrics);
    assert.equal(value('xaynet_round_number'), 7);
    metrics.close();
  }
});

it('has as many series after ten thousand participants as after ten', async () => {
  const metrics = new CoordinatorMetrics(SILENT_LOGGER);
  const bus = new EventBus();
  bus.on(metrics.take);
  const codes: ErrorCode[] = ['signature-invalid', 'message-discarded', 'message-unexpected'];
  const flood = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const participant = new Uint8Array(32).fill(i);
      bus.emit({ type: 'accepted', round: i, phase: 'sum', tag: 'sum', participant, bytes: i } as unknown as CoordinatorEvent);
      bus.emit({ type: 'refused', round: i, phase: 'sum', code: codes[i % 3]!, bytes: i });
    }
  };
  const series = async (): Promise<number> => [...parseExposition(await metrics.render()).values()].reduce((sum, { samples }) => sum + samples.size, 0);
  flood(10);
  const few = await series();
  flood(10_000);
  assert.equal(await series(), few);
  metrics.close();
});

it('several in one process do not mix', async () => {
  const [one, other] = [new CoordinatorMetrics(SILENT_LOGGER), new CoordinatorMetrics(SILENT_LOGGER)];
  one.take({ type: 'refused', round: 1, phase: 'sum', code: 'signature-invalid', bytes: 5 });
  assert.equal((await scrape(other))('xaynet_refusals_total{code="signature-invalid"}'), undefined);
  one.close();
  other.close();
});

it('docs/METRICS.md has the table of the registry, and the registry what the table says', async () => {
  const document = readFileSync(new URL('../../../../docs/METRICS.md', import.meta.url), 'utf8');
  assert.ok(document.includes(metricsTable()), 'the table of docs/METRICS.md differs: npm run metrics writes it');
  const metrics = new CoordinatorMetrics(SILENT_LOGGER);
  const families = parseExposition(await metrics.render());
  assert.deepEqual(
    [...families].map(([name, { type, help }]) => [name, type, help]).sort(),
    METRICS_REFERENCE.map(({ name, kind, help }) => [name, kind, help]).sort(),
  );
  metrics.close();
});
