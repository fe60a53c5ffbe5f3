// Rounds as OpenTelemetry traces: one span a round, its phases under it, messages and work under the phases. Only the API is used, so without
// a registered SDK nothing is recorded; then messages are not even watched, and an event costs one look at a flag.

import { type Attributes, ROOT_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { toHex } from '@xaynet/core/bytes';
import type { CoordinatorEvent } from '../events.ts';
import type { MessageOutcome, MessageWatch, Meter, Stage } from '../meter.ts';

/** Work of the round itself, which gets spans of its own; the other stages are attributes of their message. */
const WORK: ReadonlySet<Stage> = new Set(['checkpoint', 'unmask', 'publish']);

/** Traces of a coordinator; give {@link RoundTraces.take} to `EventBus.on`. */
export class RoundTraces {
  readonly #tracer: Tracer;
  #round: Span | undefined;
  #phase: Span | undefined;

  /** `tracer`: of the SDK that the application has registered, now or later; else one that records nothing. */
  constructor(tracer: Tracer = trace.getTracer('xaynet')) {
    this.#tracer = tracer;
  }

  /** Takes one event. */
  readonly take = (event: CoordinatorEvent): void => {
    switch (event.type) {
      case 'round':
        this.#round?.setAttributes({ 'xaynet.model.length': event.params.modelLength });
        break;
      case 'phase':
        this.#enter(event.round, event.phase);
        break;
      case 'model':
        this.#round?.setAttributes({ 'xaynet.updates': event.updates, 'xaynet.model.bytes': event.model.bytes.length });
        this.#round?.setStatus({ code: SpanStatusCode.OK });
        break;
      case 'failure':
        for (const span of [this.#phase, this.#round]) {
          span?.setAttributes({ 'xaynet.code': event.code });
          span?.setStatus({ code: SpanStatusCode.ERROR, message: event.message });
        }
        break;
    }
  };

  /** A span for work of the round that has just ended and took so long; stages of messages make none. */
  observe(stage: Stage, seconds: number, bytes: number): void {
    if (!WORK.has(stage) || this.#phase?.isRecording() !== true) return;
    const end = Date.now();
    this.#child(`xaynet ${stage}`, { 'xaynet.bytes': bytes }, end - seconds * 1000)?.end(end);
  }

  /** Watches one message; undefined when nothing would be recorded. `meter` is told what the watch is told. */
  watch(meter: Meter): MessageWatch | undefined {
    const phase = this.#phase;
    if (phase?.isRecording() !== true) return undefined;
    const began = Date.now();
    const attributes: Record<string, number | string> = {};
    return {
      observe: (stage, seconds, bytes) => {
        meter.observe(stage, seconds, bytes);
        attributes[`xaynet.stage.${stage}.seconds`] = seconds;
      },
      end: (about) => {
        const span = this.#tracer.startSpan(
          'xaynet message',
          { startTime: began, attributes: { ...attributes, ...outcomeAttributes(about) } },
          trace.setSpan(ROOT_CONTEXT, phase),
        );
        if (about.verdict !== 'accepted' && about.verdict !== 'incomplete') span.setStatus({ code: SpanStatusCode.ERROR, message: about.verdict });
        span.end();
      },
    };
  }

  /** Ends what is open; nothing begins afterwards unless an event says so. */
  close(): void {
    this.#phase?.end();
    this.#round?.end();
    this.#phase = undefined;
    this.#round = undefined;
  }

  #enter(round: number, phase: string): void {
    this.#phase?.end();
    this.#phase = undefined;
    if (phase === 'idle' || phase === 'shutdown') this.close();
    if (phase === 'shutdown') return;
    const attributes = { 'xaynet.round': round, 'xaynet.phase': phase };
    this.#round ??= this.#tracer.startSpan('xaynet round', { attributes: { 'xaynet.round': round }, root: true }, ROOT_CONTEXT);
    if (!this.#round.isRecording()) return;
    this.#phase = this.#tracer.startSpan(`xaynet phase ${phase}`, { attributes }, trace.setSpan(ROOT_CONTEXT, this.#round));
  }

  #child(name: string, attributes: Attributes, startTime: number): Span | undefined {
    return this.#phase === undefined ? undefined : this.#tracer.startSpan(name, { attributes, startTime }, trace.setSpan(ROOT_CONTEXT, this.#phase));
  }
}

function outcomeAttributes({ round, phase, tag, participant, bytes, verdict }: MessageOutcome): Attributes {
  return {
    'xaynet.round': round,
    'xaynet.phase': phase,
    'xaynet.bytes': bytes,
    'xaynet.verdict': verdict === 'accepted' || verdict === 'incomplete' ? verdict : 'refused',
    ...(verdict === 'accepted' || verdict === 'incomplete' ? {} : { 'xaynet.code': verdict }),
    ...(tag === undefined ? {} : { 'xaynet.tag': tag }),
    ...(participant === undefined ? {} : { 'xaynet.participant': toHex(participant.subarray(0, 4)) }),
  };
}
