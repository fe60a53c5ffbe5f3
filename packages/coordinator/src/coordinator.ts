// The coordinator as an application uses it: settings in, a URL out, status and events while it runs. It puts the parts together in the one
// order that is safe: the port is bound first, and only then is the store touched, so that a second start on the same machine cannot
// disturb the first (weakness W-10).

import { randomFillSync } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { detectCryptoProviders, type RandomBytes } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { maskingBackend } from '@xaynet/core/mask';
import { Buffers } from './buffers.ts';
import { type Clock, systemClock } from './clock.ts';
import { CoordinatorApi } from './coordinator-api.ts';
import { Driver } from './driver.ts';
import { type CoordinatorEvent, EventBus } from './events.ts';
import { type AdminServer, startAdmin } from './http/admin.ts';
import { adminRoutes } from './http/admin-routes.ts';
import { createApi } from './http/api/api.ts';
import type { HttpPort } from './http/port.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import { Intake } from './intake/intake.ts';
import { type Logger, SILENT_LOGGER } from './log.ts';
import type { Meter } from './meter.ts';
import { Observer } from './metrics/observer.ts';
import type { Pause } from './patience.ts';
import { LiveSettings, type ReloadReport, reloadSettings } from './reload.ts';
import { restoreBeginning } from './restore.ts';
import type { Counts, FailureCause, PhaseName } from './round/state.ts';
import type { Settings } from './settings/settings.ts';
import type { Store } from './stores/contract.ts';
import { openEmbeddedStore } from './stores/embedded.ts';
import { MemoryStore } from './stores/memory.ts';

/** What a coordinator takes from outside; everything has a default. */
export interface CoordinatorOptions {
  /** Source of key pairs; the system's. */
  readonly random?: RandomBytes | undefined;
  /** The machine's clock. */
  readonly clock?: Clock | undefined;
  /** Silent when left out. */
  readonly logger?: Logger | undefined;
  /** Where the round is kept, instead of what `settings.store` says. The coordinator closes it when it stops. */
  readonly store?: Store | undefined;
  /** Takes the measurements of {@link Meter}, instead of {@link Coordinator.metrics}. */
  readonly meter?: Meter | undefined;
  /** Reads the settings again, for {@link Coordinator.reload}: the file and the environment they came from. */
  readonly load?: (() => Settings) | undefined;
  /** Called when an administrator asks for a stop; it stops by itself when left out. */
  readonly onStop?: (() => void) | undefined;
}

/** What a coordinator is doing, as plain data. */
export interface CoordinatorStatus {
  readonly round: number;
  readonly phase: PhaseName;
  /** When the phase ends: not before `earliestEnd`, not after `latestEnd`; milliseconds of the clock. For sum, update and sum2. */
  readonly earliestEnd?: number;
  readonly latestEnd?: number;
  /** Messages of the phase; in sum the accepted ones are candidates, among whom `sum.count.max` are drawn at its end. For sum, update and sum2. */
  readonly counts?: Counts;
  /** Entries of the published sum dictionary, 0 while there is none. */
  readonly sums: number;
  /** Updates in the aggregate. */
  readonly updates: number;
  /** Messages that wait for the round, and bytes kept of messages of which chunks are missing. */
  readonly queued: number;
  readonly chunkBytes: number;
  /** Rounds that failed in a row until now. */
  readonly failures: number;
  /** Why the last round failed, while the phase is failure. */
  readonly cause?: FailureCause;
  /** Why no messages are taken for now, and since when: the store fails, or a round is being read back after a restart. */
  readonly paused?: Pause;
}

type Reloading = Parameters<typeof reloadSettings>[0];

interface Parts {
  readonly driver: Driver;
  readonly intake: Intake;
  readonly store: Store;
}

const systemRandom: RandomBytes = (length) => randomFillSync(new Uint8Array(length));

/**
 * A coordinator that serves rounds over HTTP.
 * @example
 * ```ts
 * import { Coordinator, parseSettings } from '@xaynet/coordinator';
 * const settings = parseSettings({ api: { bind_address: '127.0.0.1:0' }, model: { length: 4 }, store: { kind: 'memory' } });
 * const coordinator = await Coordinator.start(settings);
 * const params = await fetch(`${coordinator.url}/params`); // 136 bytes
 * await coordinator.stop();
 * ```
 */
export class Coordinator {
  readonly #bus: EventBus;
  readonly #http: HttpServer;
  readonly #parts: Parts;
  readonly #observer: Observer;
  readonly #reloading: Reloading;
  readonly #admin: AdminServer | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(bus: EventBus, http: HttpServer, parts: Parts, observer: Observer, reloading: Reloading, admin: AdminServer | undefined) {
    this.#admin = admin;
    this.#reloading = reloading;
    this.#observer = observer;
    this.#bus = bus;
    this.#http = http;
    this.#parts = parts;
  }

  /**
   * Binds the port, opens the store, goes on from what it holds and begins a round. Throws `api-…` when it cannot listen and `storage-…`
   * when the store cannot be used; nothing is left open then, and nothing was changed.
   */
  static async start(given: Settings, options: CoordinatorOptions = {}): Promise<Coordinator> {
    const { random = systemRandom, clock = systemClock, logger = SILENT_LOGGER } = options;
    const live = new LiveSettings(given);
    const { settings } = live;
    const bus = new EventBus(logger);
    bus.on((event) => event.type === 'phase' && event.phase === 'idle' && live.betweenRounds());
    const observer = new Observer({ bus, logger, influxdb: settings.influxdb });
    const meter = options.meter ?? observer;
    const api = new CoordinatorApi({ settings, clock, bus, metrics: observer.metrics });
    const routes = createApi(api, { onEventClients: observer.metrics.eventClients });
    const port = new LatePort();
    const buffers = new Buffers({ clock: systemClock });
    const httpLogger = logger.child({ part: 'http' }, settings.log.http);
    const http = await startHttp({
      host: settings.api.host,
      portNumber: settings.api.port,
      corsOrigins: settings.api.corsOrigins,
      statusCodes: settings.compat.statusCodes,
      port,
      api: routes,
      tls: settings.api.tls,
      meter,
      answered: observer.metrics.answered,
      addresses: { ...settings.limits, trustedProxies: settings.api.trustedProxies },
      logger: httpLogger,
      buffers,
    }).catch(async (error: unknown) => {
      await observer.close();
      throw error;
    });
    let admin: AdminServer | undefined;
    let running: Coordinator | undefined;
    let store: Store | undefined;
    try {
      admin = await openAdmin(
        settings,
        httpLogger,
        () => running,
        () => routes.status(),
        options.onStop,
      );
      store = options.store ?? (await openStore(settings));
      const beginning = await restoreBeginning(store, settings, random, logger);
      const crypto = await detectCryptoProviders();
      const workers = settings.intake.workers ?? Math.max(1, availableParallelism() - 1);
      const parts = makeParts(settings, workers, { random, clock, logger, bus, store, beginning, meter, buffers });
      port.parts = parts;
      const kind = options.store === undefined ? settings.store.kind : 'given';
      logger.info({ url: http.url, store: kind, masking: maskingBackend(), crypto }, 'coordinator listens');
      for (const notice of settings.notices) logger.warn({}, notice);
      const coordinator = new Coordinator(bus, http, parts, observer, { live, logger, httpLogger, load: options.load, store }, admin);
      running = coordinator;
      observer.connect({
        status: () => ({
          ...coordinator.status(),
          paused: parts.driver.paused !== undefined,
          workers: parts.intake.workers,
          connections: http.connections,
          modelBytes: parts.driver.bulletin.model()?.length ?? 0,
        }),
        usage: () => parts.store.usage(),
        masks: () => parts.store.maskCount(),
      });
      api.connect({ status: () => coordinator.status(), driver: parts.driver, store: parts.store });
      parts.driver.start();
      return coordinator;
    } catch (error) {
      await observer.close();
      await admin?.close();
      await http.close();
      if (options.store === undefined) await store?.close();
      throw error;
    }
  }

  /** Where it serves, for example `http://127.0.0.1:8081`. */
  get url(): string {
    return this.#http.url;
  }

  /** The address and port it listens on. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#http.host, port: this.#http.portNumber };
  }

  /** Where the admin routes are served; undefined without `admin.bind_address`. */
  get adminUrl(): string | undefined {
    return this.#admin?.url;
  }

  /** What it is doing now. */
  status(): CoordinatorStatus {
    const { driver, intake } = this.#parts;
    const { state } = driver;
    return {
      round: state.round,
      phase: state.phase,
      ...driver.window,
      ...('counts' in state ? { counts: state.counts } : {}),
      sums: driver.bulletin.view.sums?.size ?? 0,
      updates: driver.updates,
      queued: driver.queued,
      chunkBytes: intake.chunkBytes,
      failures: state.failures,
      ...('cause' in state ? { cause: state.cause } : {}),
      ...(driver.paused === undefined ? {} : { paused: driver.paused }),
    };
  }

  /** Calls `listener` with every event from now on; returns what ends that. */
  on(listener: (event: CoordinatorEvent) => void): () => void {
    return this.#bus.on(listener);
  }

  /** The events from now on, until `signal` or the shutdown; a slow consumer is told by `dropped` how many it missed. */
  events(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<CoordinatorEvent> {
    return this.#bus.events(options);
  }

  /** What Prometheus scrapes: `render()` gives all metrics in its text format and never rejects (docs/METRICS.md). */
  get metrics(): { readonly contentType: string; render(): Promise<string> } {
    return this.#observer.metrics;
  }

  /**
   * Takes over from `next` what may change while it runs: the log's level, origins, proxies and limits at once, counts, times and probabilities
   * with the next round; reads the files of TLS again. What else is new is named in the report and in a warning. Without `next` the settings are
   * loaded as {@link CoordinatorOptions.load} says. Throws what loading throws, `settings-invalid` above all, and what reading TLS throws; it is
   * logged, and the old settings stay.
   */
  reload(next?: Settings): ReloadReport {
    return reloadSettings(this.#reloading, this.#http, next);
  }

  /** Answers everybody who waits, closes port and store. Resolves when all is closed; can be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#parts.driver.stop();
    await this.#admin?.close();
    await this.#http.close();
    await this.#parts.intake.close();
    await this.#observer.close();
    await this.#parts.store.close();
  }
}

/** Milliseconds: a store with time limits of its own, as the embedded one, tells better what took too long, so it is given the chance. */
const STORE_GRACE = 1000;

type MakeParts = Pick<ConstructorParameters<typeof Driver>[0], 'random' | 'clock' | 'logger' | 'bus' | 'store' | 'beginning' | 'meter'> & {
  readonly buffers: Buffers;
};

function makeParts(settings: Settings, workers: number, given: MakeParts): Parts {
  const driver = new Driver({ ...given, settings, storeTimeout: settings.store.timeout * 1000 + STORE_GRACE });
  const intake = new Intake({
    compat: settings.compat,
    bulletin: driver.bulletin,
    get maxSums() {
      return Math.max(settings.pet.sum.count.max, given.beginning.sums ?? 0);
    },
    get budgets() {
      return settings.limits;
    },
    submit: (request) => driver.submit(request),
    paused: () => driver.unavailable,
    workers,
    ...given,
  });
  return { driver, intake, store: given.store };
}

/**
 * What the HTTP server talks to: nobody until the store is open. A participant that saw the parameters of a fresh coordinator meanwhile would
 * take them for a new round and throw away what it has of the one that goes on.
 */
class LatePort implements HttpPort {
  parts: Parts | undefined;

  get starting(): boolean {
    return this.parts === undefined;
  }

  get maxMessageBytes(): number {
    return this.parts?.intake.maxMessageBytes ?? 0;
  }

  params: HttpPort['params'] = () => this.parts!.driver.bulletin.params();
  sums: HttpPort['sums'] = () => this.parts!.driver.bulletin.sums();
  seeds: HttpPort['seeds'] = (participant) => this.parts!.driver.bulletin.seeds(participant);
  model: HttpPort['model'] = () => this.parts!.driver.bulletin.model();
  roundOf: NonNullable<HttpPort['roundOf']> = (document) => this.parts!.driver.bulletin.roundOf(document);
  message: HttpPort['message'] = (body, address) => this.parts!.intake.receive(body, address);
  unavailable: NonNullable<HttpPort['unavailable']> = () => this.parts?.driver.unavailable;
}

/** The admin routes, when there is an address for them. They answer 503 until the coordinator runs. */
async function openAdmin(
  settings: Settings,
  logger: Logger,
  running: () => Coordinator | undefined,
  status: () => Promise<object>,
  onStop?: () => void,
): Promise<AdminServer | undefined> {
  if (settings.admin === undefined) return undefined;
  const { host, port, token } = settings.admin;
  const stop = onStop ?? ((): void => void running()?.stop());
  const routes = adminRoutes(() => {
    const coordinator = running();
    return coordinator && { status, reload: () => coordinator.reload(), stop };
  });
  return await startAdmin({ host, portNumber: port, token, routes, logger });
}

async function openStore({ store, restore }: Settings): Promise<Store> {
  const { kind, path, keepModels, keepRounds, key, keyFile, timeout } = store;
  if (kind === 'memory') return new MemoryStore({ keepModels, keepRounds });
  if (path === '') throw new XaynetError('storage-unwritable', 'store.path is empty');
  return await openEmbeddedStore(path, { keepModels, keepRounds, key, keyFile, timeout, mayBeginAnew: !restore });
}
