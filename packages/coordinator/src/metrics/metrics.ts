// The metrics of one coordinator, for Prometheus: counters from its events, histograms from its meter, gauges asked for when somebody
// scrapes. The registry is its own, so several coordinators in a process never mix, and nothing of prom-client's globals is used.

import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CoordinatorEvent } from '../events.ts';
import type { Logger } from '../log.ts';
import type { Meter, Stage } from '../meter.ts';
import type { PhaseName } from '../round/state.ts';
import type { StoreUsage } from '../stores/contract.ts';
import type { InfluxCounts } from './influx.ts';
import { PHASE_NUMBERS } from './points.ts';
import { METRICS_REFERENCE, SECONDS_BUCKETS } from './reference.ts';

/** What is asked of the coordinator at each scrape; what it does not know is left out and stays as it was. */
export interface MetricsStatus {
  readonly round: number;
  readonly phase: PhaseName;
  readonly sums: number;
  readonly updates: number;
  readonly queued: number;
  readonly chunkBytes: number;
  readonly failures: number;
  readonly paused?: boolean | undefined;
  readonly workers?: { readonly busy: number; readonly total: number; readonly waiting: number } | undefined;
  readonly connections?: number | undefined;
  readonly modelBytes?: number | undefined;
  /** The processes that share the round; undefined: this one has it to itself. */
  readonly fleet?: { readonly self: string; readonly leader: string | undefined; readonly members: readonly unknown[] } | undefined;
  readonly influx?: InfluxCounts | undefined;
}

/** One answer of the HTTP server; its route is one that the server knows, or `other`. */
export interface HttpAnswer {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** Where the gauges come from. */
export interface MetricsSources {
  readonly status: () => MetricsStatus;
  readonly usage?: (() => Promise<StoreUsage>) | undefined;
  /** How many different masks the round has, asked at the start of unmask. */
  readonly masks?: (() => Promise<number>) | undefined;
}

const PHASES = Object.keys(PHASE_NUMBERS) as PhaseName[];
const VERDICTS = ['accepted', 'rejected', 'discarded', 'refused'] as const;
/** The store is asked at most so often: walking a folder is work, and scrapers may be many. */
const USAGE_MS = 5_000;
/** A store that does not answer must not keep the scraper from all the rest. */
const USAGE_WAIT_MS = 1_000;
const DELAY_RESOLUTION_MS = 20;

/** Metrics of a coordinator; give {@link CoordinatorMetrics.take} to `EventBus.on`, and it itself to whoever takes a {@link Meter}. */
export class CoordinatorMetrics implements Meter {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #delay: ReturnType<typeof monitorEventLoopDelay> = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  readonly #logger: Logger;
  #sources: MetricsSources | undefined;
  #usageAsked = Number.NEGATIVE_INFINITY;
  #asking = false;

  constructor(logger: Logger) {
    this.#logger = logger;
    for (const { name, kind, labels, help } of METRICS_REFERENCE) {
      const options = { name, help, labelNames: labels, registers: [this.#registry] };
      if (kind === 'counter') this.#counters.set(name, new Counter(options));
      else if (kind === 'gauge') this.#gauges.set(name, new Gauge(options));
      else this.#histograms.set(name, new Histogram({ ...options, buckets: [...SECONDS_BUCKETS] }));
    }
    this.#counter('xaynet_models_total').inc(0);
    for (const outcome of ['model', 'failure']) this.#counter('xaynet_rounds_total').inc({ outcome }, 0);
    for (const verdict of VERDICTS) {
      this.#counter('xaynet_message_bytes_total').inc({ verdict }, 0);
      for (const phase of ['sum', 'update', 'sum2']) this.#counter('xaynet_messages_total').inc({ phase, verdict }, 0);
    }
    this.#gauge('xaynet_start_timestamp_seconds').set(Date.now() / 1000);
    this.#gauge('process_start_time_seconds').set(performance.timeOrigin / 1000);
    this.#delay.enable();
  }

  /** Names of all metrics, in the order of the documentation. */
  static readonly names: readonly string[] = METRICS_REFERENCE.map(({ name }) => name);

  /** Value of the header Content-Type of {@link CoordinatorMetrics.render}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** From now on these are asked at each scrape. */
  connect(sources: MetricsSources): void {
    this.#sources = sources;
  }

  /** Counts one event; to be given to `EventBus.on`. */
  readonly take = (event: CoordinatorEvent): void => {
    switch (event.type) {
      case 'round':
        this.#gauge('xaynet_round_number').set(event.round);
        this.#gauge('xaynet_round_sum_probability').set(event.params.sum);
        this.#gauge('xaynet_round_update_probability').set(event.params.update);
        this.#gauge('xaynet_round_masks').set(0);
        break;
      case 'phase':
        this.#enter(event.round, event.phase);
        break;
      case 'accepted':
        this.#message(event.phase, 'accepted', event.bytes);
        break;
      case 'rejected':
      case 'discarded':
      case 'refused':
        this.#message(event.phase, event.type, event.bytes);
        this.#counter('xaynet_refusals_total').inc({ code: event.code });
        break;
      case 'model':
        this.#counter('xaynet_rounds_total').inc({ outcome: 'model' });
        this.#counter('xaynet_models_total').inc();
        this.#gauge('xaynet_model_timestamp_seconds').set(Date.now() / 1000);
        this.#gauge('xaynet_model_bytes').set(event.model.bytes.length);
        break;
      case 'report':
        for (const [name, value] of Object.entries(event.values)) this.#gauge('xaynet_report').set({ name }, value);
        break;
      case 'failure':
        this.#counter('xaynet_rounds_total').inc({ outcome: 'failure' });
        this.#counter('xaynet_round_failures_total').inc({ phase: event.phase, code: event.code });
        break;
    }
  };

  /** Counts one answer of the HTTP server. */
  readonly answered = ({ method, route, status, seconds }: HttpAnswer): void => {
    this.#counter('xaynet_http_requests_total').inc({ method, route, status: String(status) });
    this.#histogram('xaynet_http_seconds').observe({ route }, seconds >= 0 ? seconds : 0);
  };

  /** So many clients read the stream of events now. */
  readonly eventClients = (count: number): void => this.#gauge('xaynet_event_streams').set(count);

  observe(stage: Stage, seconds: number, bytes: number): void {
    this.#histogram('xaynet_stage_seconds').observe({ stage }, seconds >= 0 ? seconds : 0);
    if (bytes <= 0) return;
    this.#counter('xaynet_stage_bytes_total').inc({ stage }, bytes);
    if (stage === 'receive') this.#counter('xaynet_received_bytes_total').inc(bytes);
  }

  /** All metrics in Prometheus' text format 0.0.4. Never rejects: what cannot be asked keeps its last value. */
  async render(): Promise<string> {
    this.#pullStatus();
    this.#pullProcess();
    await this.#pullUsage();
    return this.#registry.metrics();
  }

  /** Ends the measuring of the event loop. */
  close(): void {
    this.#delay.disable();
  }

  #counter(name: string): Counter {
    return this.#counters.get(name)!;
  }

  #gauge(name: string): Gauge {
    return this.#gauges.get(name)!;
  }

  #histogram(name: string): Histogram {
    return this.#histograms.get(name)!;
  }

  #message(phase: PhaseName, verdict: (typeof VERDICTS)[number], bytes: number): void {
    this.#counter('xaynet_messages_total').inc({ phase, verdict });
    this.#counter('xaynet_message_bytes_total').inc({ verdict }, bytes);
  }

  #enter(round: number, phase: PhaseName): void {
    this.#showPhase(round, phase);
    this.#gauge('xaynet_phase_start_timestamp_seconds').set(Date.now() / 1000);
    if (phase !== 'unmask') return;
    this.#sources?.masks?.().then(
      (masks) => this.#gauge('xaynet_round_masks').set(masks),
      (error: unknown) => this.#logger.debug({ round, phase, error }, 'the masks of the round could not be counted'),
    );
  }

  #showPhase(round: number, phase: PhaseName): void {
    this.#gauge('xaynet_round_number').set(round);
    this.#gauge('xaynet_phase_number').set(PHASE_NUMBERS[phase]);
    for (const other of PHASES) this.#gauge('xaynet_phase').set({ phase: other }, other === phase ? 1 : 0);
  }

  #pullStatus(): void {
    if (this.#sources === undefined) return;
    const status = this.#sources.status();
    this.#showPhase(status.round, status.phase);
    this.#gauge('xaynet_round_sum_participants').set(status.sums);
    this.#gauge('xaynet_round_updates').set(status.updates);
    this.#gauge('xaynet_failures_in_a_row').set(status.failures);
    this.#gauge('xaynet_queue_messages').set(status.queued);
    this.#gauge('xaynet_chunk_bytes').set(status.chunkBytes);
    this.#gauge('xaynet_paused').set(status.paused === true ? 1 : 0);
    const { fleet } = status;
    this.#gauge('xaynet_fleet_members').set(fleet?.members.length ?? 1);
    this.#gauge('xaynet_fleet_leads').set(fleet === undefined || fleet.leader === fleet.self ? 1 : 0);
    if (status.workers !== undefined) {
      const { busy, total, waiting } = status.workers;
      this.#gauge('xaynet_workers').set({ state: 'busy' }, busy);
      this.#gauge('xaynet_workers').set({ state: 'idle' }, total - busy);
      this.#gauge('xaynet_worker_queue_messages').set(waiting);
    }
    if (status.connections !== undefined) this.#gauge('xaynet_connections').set(status.connections);
    if (status.modelBytes !== undefined) this.#gauge('xaynet_model_bytes').set(status.modelBytes);
    if (status.influx !== undefined) this.#setTotals('xaynet_influxdb_points_total', 'outcome', { ...status.influx });
  }

  async #pullUsage(): Promise<void> {
    const now = performance.now();
    if (this.#sources?.usage === undefined || this.#asking || now - this.#usageAsked < USAGE_MS) return;
    this.#usageAsked = now;
    this.#asking = true;
    const asked = this.#sources
      .usage()
      .then(({ bytes, free }) => {
        this.#gauge('xaynet_store_bytes').set(bytes);
        this.#gauge('xaynet_store_free_bytes').set(free);
      })
      .catch((error: unknown) => this.#logger.debug({ error }, 'the store does not tell how large it is'))
      .finally(() => {
        this.#asking = false;
      });
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, USAGE_WAIT_MS);
    });
    await Promise.race([asked, enough]);
    clearTimeout(timer);
  }

  #pullProcess(): void {
    const { user, system } = process.cpuUsage();
    this.#setTotals('process_cpu_seconds_total', 'mode', { user: user / 1e6, system: system / 1e6 });
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    this.#gauge('process_resident_memory_bytes').set(rss);
    for (const [kind, bytes] of Object.entries({ heap_used: heapUsed, heap_total: heapTotal, external, array_buffers: arrayBuffers })) {
      this.#gauge('nodejs_memory_bytes').set({ kind }, bytes);
    }
    this.#gauge('process_open_fds').set(openFiles());
    // The monitor measures from one tick to the next, so what it tells is the tick and the delay together.
    const late = (nanoseconds: number): number => (Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - DELAY_RESOLUTION_MS / 1e3) : 0);
    const some = this.#delay.count > 0;
    for (const [quantile, value] of [
      ['0.5', this.#delay.percentile(50)],
      ['0.99', this.#delay.percentile(99)],
      ['1', this.#delay.max],
    ] as const) {
      this.#gauge('xaynet_event_loop_delay_seconds').set({ quantile }, some ? late(value) : 0);
    }
    this.#delay.reset();
  }

  /** Totals that somebody else counts. */
  #setTotals(name: string, label: string, totals: Readonly<Record<string, number>>): void {
    const counter = this.#counter(name);
    counter.reset();
    for (const [value, total] of Object.entries(totals)) counter.inc({ [label]: value }, total);
  }
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
