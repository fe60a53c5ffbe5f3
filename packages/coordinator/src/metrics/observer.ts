// All that watches one coordinator, put together: metrics, traces, and InfluxDB where the settings name one. The coordinator knows this one
// object; what is watched never waits for it.

import type { EventBus } from '../events.ts';
import type { Logger } from '../log.ts';
import type { MessageWatch, Meter, Stage } from '../meter.ts';
import { type InfluxCounts, InfluxRecorder } from './influx.ts';
import { CoordinatorMetrics, type MetricsSources, type MetricsStatus } from './metrics.ts';
import { RoundTraces } from './traces.ts';

/** What an {@link Observer} needs. */
export interface ObserverOptions {
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly influxdb: { readonly url: string; readonly db: string } | undefined;
}

/** Watches one coordinator from its start to its stop. */
export class Observer implements Meter {
  readonly metrics: CoordinatorMetrics;
  readonly #traces = new RoundTraces();
  readonly #influx: InfluxRecorder | undefined;
  readonly #unsubscribe: readonly (() => void)[];
  #masks: (() => Promise<number>) | undefined;

  /** Subscribes at once, so that the first round is not missed. */
  constructor({ bus, logger, influxdb }: ObserverOptions) {
    this.metrics = new CoordinatorMetrics(logger);
    const masks = (): Promise<number> => this.#masks?.() ?? Promise.resolve(0);
    this.#influx = influxdb === undefined ? undefined : new InfluxRecorder({ ...influxdb, masks, logger });
    const takers = [this.metrics.take, this.#traces.take, ...(this.#influx === undefined ? [] : [this.#influx.take])];
    this.#unsubscribe = takers.map((take) => bus.on(take));
  }

  /** Where gauges come from; to be called when there is a store. */
  connect(sources: Omit<MetricsSources, 'status'> & { readonly status: () => Omit<MetricsStatus, 'influx'> }): void {
    this.#masks = sources.masks;
    this.metrics.connect({ ...sources, status: () => ({ ...sources.status(), influx: this.influx }) });
  }

  /** What became of the points for InfluxDB; undefined without one. */
  get influx(): InfluxCounts | undefined {
    return this.#influx?.counts;
  }

  observe(stage: Stage, seconds: number, bytes: number): void {
    this.metrics.observe(stage, seconds, bytes);
    this.#traces.observe(stage, seconds, bytes);
  }

  watch(): MessageWatch | undefined {
    return this.#traces.watch(this);
  }

  /** Ends the watching; points that wait are sent, for two seconds at most. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#traces.close();
    this.metrics.close();
    await this.#influx?.stop();
  }
}
