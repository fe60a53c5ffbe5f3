// Traces as an SDK receives them, and that without one nothing is done. The SDK is given by argument, so no test disturbs another's.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { PublicSigningKey, toHex } from '@xaynet/core/bytes';
import type { CoordinatorEvent } from '../events.ts';
import type { Meter } from '../meter.ts';
import { bodyOf, EXAMPLE_UPDATES, participants, playSum, playSum2, playUpdate, Rig, updatePayload } from '../rig.test.ts';
import { RoundTraces } from './traces.ts';

function recording(): { tracer: Tracer; spans: () => ReadableSpan[] } {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return { tracer: provider.getTracer('test'), spans: () => exporter.getFinishedSpans() };
}

const participant = PublicSigningKey(new Uint8Array(32).fill(0xab));

it('a round is a trace: phases under it, in their order, ended with it', async () => {
  const { tracer, spans } = recording();
  const traces = new RoundTraces(tracer);
  const rig = await Rig.start();
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  for (const event of rig.events) traces.take(event);
  traces.close();
  const [round, next] = spans().filter((span) => span.name === 'xaynet round');
  assert.deepEqual([round!.attributes['xaynet.round'], next!.attributes['xaynet.round']], [1, 2]);
  assert.deepEqual([round!.status.code, round!.attributes['xaynet.updates'], round!.attributes['xaynet.model.bytes']], [SpanStatusCode.OK, 3, 68]);
  const phases = spans().filter((span) => span.parentSpanContext?.spanId === round!.spanContext().spanId);
  assert.deepEqual(
    phases.map((span) => span.name),
    ['idle', 'sum', 'update', 'sum2', 'unmask'].map((phase) => `xaynet phase ${phase}`),
  );
  assert.ok(phases.every((span) => span.spanContext().traceId === round!.spanContext().traceId && span.ended));
  assert.notEqual(next!.spanContext().traceId, round!.spanContext().traceId);
});

it('a message is a span with its stages, its verdict and a prefix of the key', () => {
  const { tracer, spans } = recording();
  const traces = new RoundTraces(tracer);
  const observed: string[] = [];
  const meter: Meter = { observe: (stage) => observed.push(stage) };
  assert.equal(traces.watch(meter), undefined, 'between rounds');
  traces.take({ type: 'phase', round: 4, phase: 'idle' });
  traces.take({ type: 'phase', round: 4, phase: 'sum' });
  const good = traces.watch(meter)!;
  good.observe('open', 0.001, 144);
  good.observe('store', 0.02, 96);
  good.end({ round: 4, phase: 'sum', tag: 'sum', participant, bytes: 144, verdict: 'accepted' });
  traces.watch(meter)!.end({ round: 4, phase: 'sum', bytes: 9, verdict: 'sealed-box-open-failed' });
  traces.close();
  assert.deepEqual(observed, ['open', 'store']);
  const [accepted, refused] = spans().filter((span) => span.name === 'xaynet message');
  assert.deepEqual(accepted!.attributes, {
    'xaynet.stage.open.seconds': 0.001,
    'xaynet.stage.store.seconds': 0.02,
    'xaynet.round': 4,
    'xaynet.phase': 'sum',
    'xaynet.bytes': 144,
    'xaynet.verdict': 'accepted',
    'xaynet.tag': 'sum',
    'xaynet.participant': 'abababab',
  });
  assert.equal(accepted!.status.code, SpanStatusCode.UNSET);
  assert.deepEqual(
    [refused!.attributes['xaynet.verdict'], refused!.attributes['xaynet.code'], refused!.status.code],
    ['refused', 'sealed-box-open-failed', SpanStatusCode.ERROR],
  );
  const phase = spans().find((span) => span.name === 'xaynet phase sum')!;
  assert.equal(accepted!.parentSpanContext?.spanId, phase.spanContext().spanId);
});

it('an update that goes through intake, queue, store and aggregate tells of all of them in its span, one that is refused of what came before', async () => {
  const { tracer, spans } = recording();
  const traces = new RoundTraces(tracer);
  const observed: string[] = [];
  const meter: Meter = { observe: (stage) => observed.push(stage), watch: () => traces.watch(meter) };
  const rig = await Rig.start({ intake: { meter } });
  await playSum(rig);
  for (const event of rig.events) traces.take(event);
  const [who] = participants(rig.params, 'update', 1);
  const body = bodyOf(updatePayload(who!, rig.sums, { weights: [0.25, -0.5] }), who!);
  const broken = new Uint8Array(body).fill(1, 60, 70);
  assert.equal(await rig.send(new Uint8Array(body)), 'accepted');
  assert.equal(await rig.send(body), 'update-already-submitted');
  assert.equal(await rig.send(broken), 'sealed-box-open-failed');
  traces.close();
  const messages = spans().filter((span) => span.name === 'xaynet message');
  const stages = messages.map(({ attributes }) => Object.keys(attributes).flatMap((name) => /^xaynet\.stage\.(.+)\.seconds$/.exec(name)?.[1] ?? []));
  const judged = ['open', 'verify', 'eligibility', 'check', 'queue', 'store'];
  for (const stage of [...judged, 'aggregate', 'message']) assert.ok(stages[0]!.includes(stage), `${stage}: ${stages[0]}`);
  for (const stage of [...judged, 'message']) assert.ok(stages[1]!.includes(stage), `${stage}: ${stages[1]}`);
  assert.ok(!stages[1]!.includes('aggregate') && !stages[2]!.includes('verify') && stages[2]!.includes('message'), String(stages));
  for (const stage of stages[0]!) assert.ok(observed.includes(stage), `${stage} is observed for all, too`);
  assert.deepEqual(
    messages.map(({ attributes }) => attributes['xaynet.code']),
    [undefined, 'update-already-submitted', 'sealed-box-open-failed'],
  );
  const prefix = toHex(who!.keys.publicKey).slice(0, 8);
  assert.deepEqual(
    messages.map(({ attributes }) => attributes['xaynet.participant']),
    [prefix, prefix, undefined],
  );
});

it('work of the round is a span of its own, with the time it took; a failure marks phase and round', () => {
  const { tracer, spans } = recording();
  const traces = new RoundTraces(tracer);
  traces.take({ type: 'phase', round: 4, phase: 'idle' });
  traces.take({ type: 'phase', round: 4, phase: 'unmask' });
  traces.observe('unmask', 2, 700);
  traces.observe('open', 1, 700);
  traces.take({ type: 'failure', round: 4, phase: 'unmask', code: 'mask-ambiguous', message: 'two masks' });
  traces.take({ type: 'phase', round: 4, phase: 'failure' });
  traces.take({ type: 'phase', round: 5, phase: 'shutdown' });
  const by = (name: string): ReadableSpan => spans().find((span) => span.name === name)!;
  const { startTime, endTime } = by('xaynet unmask');
  assert.equal(Math.round(endTime[0] - startTime[0] + (endTime[1] - startTime[1]) / 1e9), 2);
  for (const name of ['xaynet phase unmask', 'xaynet round']) {
    assert.deepEqual([by(name).status, by(name).attributes['xaynet.code']], [{ code: SpanStatusCode.ERROR, message: 'two masks' }, 'mask-ambiguous']);
  }
  assert.equal(by('xaynet phase failure').status.code, SpanStatusCode.UNSET);
  assert.equal(spans().length, 5);
});

it('without an SDK no message is watched and no span is made', () => {
  let spans = 0;
  const silent = { startSpan: () => ({ isRecording: () => false, setAttributes() {}, setStatus() {}, end() {} }) } as unknown as Tracer;
  const counting: Tracer = {
    ...silent,
    startSpan: (...args) => {
      spans++;
      return silent.startSpan(...args);
    },
  };
  for (const traces of [new RoundTraces(counting), new RoundTraces()]) {
    traces.take({ type: 'phase', round: 1, phase: 'idle' });
    traces.take({ type: 'phase', round: 1, phase: 'sum' });
    const event = { type: 'accepted', round: 1, phase: 'sum', tag: 'sum', participant, bytes: 144 } as CoordinatorEvent;
    for (let i = 0; i < 1000; i++) traces.take(event);
    traces.observe('unmask', 1, 1);
    assert.equal(traces.watch({ observe() {} }), undefined);
    traces.close();
  }
  assert.equal(spans, 1, 'the round is asked for once, to see whether it would be recorded');
});
