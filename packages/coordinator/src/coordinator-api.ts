// The running coordinator as its HTTP API sees it. The server listens before the store is open, so that a second start disturbs nobody: until then
// the API says that the coordinator is starting, and asks nothing of it.

import { readFileSync } from 'node:fs';
import { toHex } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import { type MaskObject, maskingBackend } from '@xaynet/core/mask';
import type { Clock } from './clock.ts';
import type { RoundEngine } from './engine.ts';
import type { CoordinatorEvent, EventBus } from './events.ts';
import type { SettingsJson } from './http/api/documents.ts';
import type { ApiHealth, ApiPort, ApiStatus, MetricsSource, Readiness } from './http/api/port.ts';
import { type MaskedSample, sampleOf } from './masked-sample.ts';
import { ProcessWatch } from './process-health.ts';
import type { Settings } from './settings/settings.ts';
import { settingsDocument } from './settings-document.ts';
import type { Store } from './stores/contract.ts';

/** What there is once the coordinator runs. */
export interface Running {
  readonly status: () => ApiStatus;
  readonly engine: Pick<RoundEngine, 'bulletin' | 'unavailable'>;
  readonly store: Pick<Store, 'ready' | 'records' | 'reports' | 'models' | 'model' | 'latestModelId' | 'usage'>;
  /** Open connections, and the threads of the intake. */
  readonly load: () => Pick<ApiHealth, 'connections' | 'workers'>;
}

export interface CoordinatorApiOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly metrics: MetricsSource;
}

const NOT_YET: ApiStatus = { round: 0, phase: 'idle', sums: 0, updates: 0, queued: 0, chunkBytes: 0, failures: 0 };

/** Implements {@link ApiPort}. */
export class CoordinatorApi implements ApiPort {
  readonly version: string = packageVersion();
  readonly began: number;
  readonly task: ApiPort['task'];
  readonly metrics: MetricsSource;
  readonly maskedUpdate: ApiPort['maskedUpdate'];
  readonly #watch = new ProcessWatch();
  #update: MaskedSample | undefined;
  readonly #options: CoordinatorApiOptions;
  #running: Running | undefined;
  /** The model that was published last, which is in memory anyhow. */
  #published: { readonly id: string; readonly bytes: Uint8Array } | undefined;

  constructor(options: CoordinatorApiOptions) {
    const { settings, clock, bus, metrics } = options;
    this.#options = options;
    this.began = clock.now();
    this.task = { modelLength: settings.modelLength, mask: settings.mask, dataType: settings.mask.data };
    this.metrics = metrics;
    this.maskedUpdate = settings.showMaskedUpdate ? () => this.#update : undefined;
    bus.on((event) => this.#remember(event));
  }

  /** From now on it is asked. */
  connect(running: Running): void {
    this.#running = running;
  }

  get masking(): ReturnType<typeof maskingBackend> {
    return maskingBackend();
  }

  now(): number {
    return this.#options.clock.now();
  }

  status(): ApiStatus {
    return this.#running?.status() ?? { ...NOT_YET, paused: { since: this.began, code: 'starting-up' } };
  }

  health(): ApiHealth {
    const load = this.#running?.load() ?? { connections: 0, workers: { busy: 0, total: 0, waiting: 0 } };
    return { ...this.#watch.read(), ...load };
  }

  settings(): SettingsJson {
    return settingsDocument(this.#options.settings);
  }

  /** Remembers a look at an update, for administrators and for whom `maskedUpdate` shows it to. */
  readonly peek = (maskedModel: MaskObject): void => {
    this.#update = sampleOf(maskedModel);
  };

  /** The look that was remembered last, whoever may see it. */
  get lastUpdate(): MaskedSample | undefined {
    return this.#update;
  }

  /** Ends what measures. */
  close(): void {
    this.#watch.close();
  }

  async ready(): Promise<Readiness> {
    if (this.#running === undefined) return { ready: false, code: 'starting-up', retryAfter: 1 };
    const { engine, store } = this.#running;
    const { unavailable } = engine;
    if (unavailable !== undefined) return { ready: false, code: unavailable.code, retryAfter: unavailable.retryAfter };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Readiness>((resolve) => {
      timer = setTimeout(() => resolve({ ready: false, code: 'storage-timeout', retryAfter: 5 }), this.#options.settings.store.timeout * 1000);
    });
    const asked = store.ready().then(
      (): Readiness => ({ ready: true }),
      (): Readiness => ({ ready: false, code: 'storage-failed', retryAfter: 5 }),
    );
    const answer = await Promise.race([asked, late]);
    clearTimeout(timer);
    return answer;
  }

  on(listener: (event: CoordinatorEvent) => void): () => void {
    return this.#options.bus.on(listener);
  }

  records: ApiPort['records'] = async (limit, before) => this.#store.records(limit, before);
  reports: ApiPort['reports'] = async (limit, before) => (await this.#store.reports?.(limit, before)) ?? [];
  models: ApiPort['models'] = async () => this.#store.models();
  model: ApiPort['model'] = async (id) => (id === this.#published?.id ? this.#published.bytes : this.#store.model(id));
  latestModelId: ApiPort['latestModelId'] = async () => this.#store.latestModelId();
  usage: ApiPort['usage'] = async () => this.#store.usage();

  get #store(): Running['store'] {
    if (this.#running === undefined) throw new XaynetError('starting-up');
    return this.#running.store;
  }

  /** A model's id is made of round and round seed (coordinator 4.7). Were it another, the store would be asked. */
  #remember(event: CoordinatorEvent): void {
    if (event.type !== 'model' || this.#running === undefined) return;
    const { params } = this.#running.engine.bulletin.view;
    this.#published = { id: `${event.round}_${toHex(params.seed)}`, bytes: event.model.bytes };
  }
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
