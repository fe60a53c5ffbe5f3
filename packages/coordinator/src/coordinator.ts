// The coordinator as an application uses it: settings in, a URL out, status and events while it runs. It puts the parts together in the one
// order that is safe: the port is bound first, and only then is the store touched, so that a second start on the same machine cannot
// disturb the first (weakness W-10). Longer than most files: much of it is what the public members say of themselves.

import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { toHex } from '@xaynet/core/bytes';
import { detectCryptoProviders, type RandomBytes } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { maskingBackend } from '@xaynet/core/mask';
import { Buffers } from './buffers.ts';
import { type Clock, systemClock } from './clock.ts';
import { CoordinatorApi } from './coordinator-api.ts';
import { type Beginning, Driver, type DriverOptions } from './driver.ts';
import type { RoundEngine } from './engine.ts';
import { type CoordinatorEvent, EventBus } from './events.ts';
import { FleetLink } from './fleet/link.ts';
import { FleetMember } from './fleet/member.ts';
import { type AdminServer, startAdmin } from './http/admin.ts';
import { type Administered, adminRoutes } from './http/admin-routes.ts';
import { createApi } from './http/api/api.ts';
import { maskedJson } from './http/api/masked.ts';
import type { HttpPort } from './http/port.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import { Intake } from './intake/intake.ts';
import { type Logger, SILENT_LOGGER } from './log.ts';
import type { Meter } from './meter.ts';
import { Observer } from './metrics/observer.ts';
import type { Pause } from './patience.ts';
import type { Beginning as RecordedBeginning } from './recording/format.ts';
import { Recorder } from './recording/recorder.ts';
import { LiveSettings, type ReloadReport, reloadSettings } from './reload.ts';
import { Reports } from './reports.ts';
import { restoreBeginning } from './restore.ts';
import type { Counts, FailureCause, PhaseName } from './round/state.ts';
import { firstStep } from './round/step.ts';
import type { RedisSettings, Settings } from './settings/settings.ts';
import type { Store } from './stores/contract.ts';
import { openEmbeddedStore } from './stores/embedded.ts';
import { MemoryStore } from './stores/memory.ts';
import { withModelCopies } from './stores/model-copies.ts';
import { SharedRedisStore } from './stores/redis/shared-store.ts';
import { openBuckets, openModelBucket } from './stores/s3/storage.ts';
import { isSharedStore, type SharedStore } from './stores/shared.ts';

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
  /** Number of the round; the first is 1. */
  readonly round: number;
  /** Phase that it is in. */
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
  /** The processes that share the round at one store, by the last look at it; absent: this one has it to itself. */
  readonly fleet?: NonNullable<RoundEngine['fleet']>;
  /** Why no messages are taken for now, and since when: the store fails, or a round is being read back after a restart. */
  readonly paused?: Pause;
}

type Reloading = Parameters<typeof reloadSettings>[0];

interface Parts {
  readonly engine: RoundEngine;
  readonly intake: Intake;
  readonly store: Store;
  readonly recorder: Recorder | undefined;
  readonly link: FleetLink | undefined;
}

const systemRandom: RandomBytes = (length) => randomFillSync(new Uint8Array(length));

/**
 * A coordinator that serves rounds over HTTP.
 * @example
 * ```ts
 * import { Coordinator, parseSettings } from '@xaynet/coordinator';
 * const settings = parseSettings({ api: { bind_address: '127.0.0.1:0' }, model: { length: 4 }, store: { kind: 'memory' } });
 * const coordinator = await Coordinator.start(settings);
 * const params = await fetch(`${coordinator.url}/params`);
 * await params.arrayBuffer().then((body) => body.byteLength); // 136
 * await coordinator.stop();
 * ```
 */
export class Coordinator {
  readonly #bus: EventBus;
  readonly #http: HttpServer;
  readonly #parts: Parts;
  readonly #port: HttpPort;
  readonly #observer: Observer;
  readonly #reloading: Reloading;
  readonly #api: CoordinatorApi;
  readonly #reports: Reports;
  readonly #admin: AdminServer | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(
    bus: EventBus,
    http: HttpServer,
    port: HttpPort,
    parts: Parts,
    observer: Observer,
    api: CoordinatorApi,
    reports: Reports,
    reloading: Reloading,
    admin: AdminServer | undefined,
  ) {
    this.#api = api;
    this.#reports = reports;
    this.#port = port;
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
        { status: () => routes.status(), maskedUpdate: () => api.lastUpdate && maskedJson(api.lastUpdate) },
        options.onStop,
      );
      store = options.store ?? (await openStore(settings, logger));
      const crypto = await detectCryptoProviders();
      const workers = settings.intake.workers ?? Math.max(1, availableParallelism() - 1);
      // Nobody looks at single updates unless somebody may see them.
      const peek = settings.showMaskedUpdate || settings.admin !== undefined ? api.peek : undefined;
      const parts = await makeParts(settings, workers, api.version, { random, clock, logger, bus, store, meter, buffers, peek });
      port.parts = parts;
      const kind = options.store === undefined ? settings.store.kind : 'given';
      logger.info({ url: http.url, store: kind, masking: maskingBackend(), crypto }, 'coordinator listens');
      for (const notice of settings.notices) logger.warn({}, notice);
      const coordinator = new Coordinator(
        bus,
        http,
        port,
        parts,
        observer,
        api,
        new Reports({ bus, logger, store }),
        { live, logger, httpLogger, load: options.load, store },
        admin,
      );
      running = coordinator;
      observer.connect({
        status: () => ({
          ...coordinator.status(),
          paused: parts.engine.paused !== undefined,
          workers: parts.intake.workers,
          connections: http.connections,
          modelBytes: parts.engine.bulletin.model()?.length ?? 0,
        }),
        usage: () => parts.store.usage(),
        masks: () => parts.store.maskCount(),
      });
      const load = () => ({ connections: http.connections, workers: parts.intake.workers });
      api.connect({ status: () => coordinator.status(), engine: parts.engine, store: parts.store, load });
      parts.engine.start();
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

  /**
   * The five routes without HTTP, for participants in the same process: the bytes of the documents, and one verdict a message. Limits of
   * addresses are those of HTTP and do not hold here; all else that intake checks does.
   * @example
   * ```ts
   * import { Coordinator, parseSettings } from '@xaynet/coordinator';
   * const settings = parseSettings({ api: { bind_address: '127.0.0.1:0' }, model: { length: 4 }, store: { kind: 'memory' } });
   * const coordinator = await Coordinator.start(settings);
   * coordinator.direct.params().length; // 136
   * const verdict = await coordinator.direct.message(new Uint8Array(200), '');
   * verdict.accepted; // false: its code says why
   * await coordinator.stop();
   * ```
   */
  get direct(): HttpPort {
    return this.#port;
  }

  /**
   * Whether it does nothing until a message comes or its clock goes on: no message is without its verdict and nothing that a message or a deadline
   * led to is under way, a store that is waited for included. For programs whose clock jumps, such as simulations.
   */
  get isWaiting(): boolean {
    return this.#parts.engine.isWaiting && this.#parts.intake.taking === 0;
  }

  /** What it is doing now. */
  status(): CoordinatorStatus {
    const { engine, intake } = this.#parts;
    const { state } = engine;
    return {
      round: state.round,
      phase: state.phase,
      ...engine.window,
      ...('counts' in state ? { counts: state.counts } : {}),
      sums: engine.bulletin.view.sums?.size ?? 0,
      updates: engine.updates,
      queued: engine.queued,
      chunkBytes: intake.chunkBytes,
      failures: state.failures,
      ...('cause' in state ? { cause: state.cause } : {}),
      ...(engine.fleet === undefined ? {} : { fleet: engine.fleet }),
      ...(engine.paused === undefined ? {} : { paused: engine.paused }),
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

  /**
   * Tells numbers of a round that is over, the accuracy of its model above all: names of lower case letters, digits and `_ . -`, at most 16 a round; finite
   * numbers. They are kept with the round, shown on the page, in `/rounds` and `/metrics`, and told as event `report`; the same name again replaces. Rejects
   * with `report-invalid`, with `http-round-unknown` without a record of the round, and as the store does.
   * @example
   * ```ts
   * import { Coordinator, parseSettings } from '@xaynet/coordinator';
   * const settings = parseSettings({ api: { bind_address: '127.0.0.1:0' }, model: { length: 4 }, store: { kind: 'memory' } });
   * const coordinator = await Coordinator.start(settings);
   * coordinator.on((event) => {
   *   if (event.type === 'model') void coordinator.report(event.round, { accuracy: 0.91 }); // what your test set says
   * });
   * await coordinator.stop();
   * ```
   */
  report(round: number, values: Readonly<Record<string, number>>): Promise<void> {
    return this.#reports.add(round, values);
  }

  /** Answers everybody who waits, closes port and store. Resolves when all is closed; can be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#parts.engine.stop();
    await this.#admin?.close();
    await this.#http.close();
    await this.#parts.link?.close();
    await this.#parts.recorder?.close();
    await this.#parts.intake.close();
    await this.#observer.close();
    this.#api.close();
    await this.#parts.store.close();
  }
}

/** Milliseconds: a store with time limits of its own, as the embedded one, tells better what took too long, so it is given the chance. */
const STORE_GRACE = 1000;

type MakeParts = Pick<DriverOptions, 'random' | 'clock' | 'logger' | 'bus' | 'store' | 'peek'> & {
  readonly meter: Meter;
  readonly buffers: Buffers;
};

async function makeParts(settings: Settings, workers: number, version: string, given: MakeParts): Promise<Parts> {
  const { store } = given;
  const made = isSharedStore(store) ? await joinFleet(settings, version, { ...given, store }) : await makeDriver(settings, version, given);
  const { engine, recorder, sums, link } = made;
  const intake = new Intake({
    compat: settings.compat,
    digests: recorder !== undefined,
    bulletin: engine.bulletin,
    get maxSums() {
      return Math.max(settings.pet.sum.count.max, sums);
    },
    get budgets() {
      return settings.limits;
    },
    submit: (request) => engine.submit(request),
    paused: () => engine.unavailable,
    fresh: engine.fresh && (() => engine.fresh!()),
    workers,
    ...given,
    fleet: link?.chunks,
  });
  link?.connect(intake);
  return { engine, intake, store, recorder, link };
}

interface Made {
  readonly engine: RoundEngine;
  readonly recorder: Recorder | undefined;
  /** Sum participants of the round that goes on: perhaps more than the settings allow by now. */
  readonly sums: number;
  /** To the other processes of a fleet. */
  readonly link: FleetLink | undefined;
}

async function makeDriver(settings: Settings, version: string, given: MakeParts): Promise<Made> {
  const { store, random, logger } = given;
  const beginning = await restoreBeginning(store, settings, random, logger);
  const recorder = settings.record === undefined ? undefined : makeRecorder(settings, settings.record, version, { ...given, beginning });
  const record: DriverOptions['record'] = recorder && ((taken) => recorder.take(taken));
  const engine = new Driver({ ...given, beginning, settings, record, storeTimeout: settings.store.timeout * 1000 + STORE_GRACE });
  return { engine, recorder, sums: beginning.sums ?? 0, link: undefined };
}

async function joinFleet(settings: Settings, version: string, given: MakeParts & { readonly store: SharedStore }): Promise<Made> {
  const id = toHex(given.random(8));
  const link = await FleetLink.open(settings.fleet, { ...given, id });
  try {
    const self = { id, url: link.url, version };
    const engine = await FleetMember.join({ ...given, settings, self, storeTimeout: settings.store.timeout * 1000 + STORE_GRACE });
    link.members = () => engine.fleet.members;
    if (settings.record !== undefined) given.logger.warn({}, '[record]: the rounds of a fleet are not recorded');
    return { engine, recorder: undefined, sums: 0, link };
  } catch (error) {
    await link.close();
    throw error;
  }
}

function makeRecorder(rounds: Settings, settings: Settings['record'] & {}, software: string, given: MakeParts & { readonly beginning: Beginning }): Recorder {
  const { lastRound, progress } = given.beginning;
  const resumes = progress && { round: progress.round, phase: progress.phase, failures: progress.failures };
  const begins: RecordedBeginning = resumes === undefined ? { lastRound } : { resumes };
  const task = { mask: rounds.mask.name, length: rounds.modelLength };
  return new Recorder({ ...given, settings, rounds, task, software, begins, state: firstStep(lastRound, resumes).state });
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

  get mayBeStale(): boolean {
    return this.parts?.engine.fresh !== undefined;
  }

  get maxMessageBytes(): number {
    return this.parts?.intake.maxMessageBytes ?? 0;
  }

  params: HttpPort['params'] = () => this.parts!.engine.bulletin.params();
  sums: HttpPort['sums'] = () => this.parts!.engine.bulletin.sums();
  seeds: HttpPort['seeds'] = (participant) => this.parts!.engine.bulletin.seeds(participant);
  model: HttpPort['model'] = () => this.parts!.engine.bulletin.model();
  roundOf: NonNullable<HttpPort['roundOf']> = (document) => this.parts!.engine.bulletin.roundOf(document);
  message: HttpPort['message'] = (body, address) => this.parts!.intake.receive(body, address);
  fresh: NonNullable<HttpPort['fresh']> = async () => this.parts?.engine.fresh?.();
  unavailable: NonNullable<HttpPort['unavailable']> = () => this.parts?.engine.unavailable;
}

/** The admin routes, when there is an address for them. They answer 503 until the coordinator runs. */
async function openAdmin(
  settings: Settings,
  logger: Logger,
  running: () => Coordinator | undefined,
  shown: Pick<Administered, 'status' | 'maskedUpdate'>,
  onStop?: () => void,
): Promise<AdminServer | undefined> {
  if (settings.admin === undefined) return undefined;
  const { host, port, token } = settings.admin;
  const stop = onStop ?? ((): void => void running()?.stop());
  const routes = adminRoutes(() => {
    const coordinator = running();
    return coordinator && { ...shown, reload: () => coordinator.reload(), report: (round, values) => coordinator.report(round, values), stop };
  });
  return await startAdmin({ host, portNumber: port, token, routes, logger });
}

async function openStore(settings: Settings, logger: Logger): Promise<Store> {
  const { s3, store, redis } = settings;
  if (redis !== undefined) return await openRedisStore(settings, redis, logger);
  if (s3 === undefined) return await openOwnStore(settings);
  const copies = await openModelBucket({ ...s3, timeout: store.timeout, warn: (message) => logger.warn({}, message) });
  try {
    return withModelCopies(await openOwnStore(settings), copies, (models, error) => logger.warn({ models, error }, 'copies of models could not be deleted'));
  } catch (error) {
    await copies.close();
    throw error;
  }
}

/** For one process of a fleet, even if it is the only one. Large bytes are in the buckets where there are some, else in Redis with the rest. */
async function openRedisStore({ s3, store }: Settings, { url, prefix, lease, tlsCa }: RedisSettings, logger: Logger): Promise<Store> {
  const { keepModels, keepRounds, key, keyFile, timeout } = store;
  const ca = tlsCa === undefined ? undefined : readCa(tlsCa);
  const blobs = s3 && (await openBuckets({ ...s3, timeout, warn: (message) => logger.warn({}, message) }));
  try {
    return await SharedRedisStore.open({ url, prefix, lease, ca, keepModels, keepRounds, key, keyFile, timeout, blobs, logger });
  } catch (error) {
    await blobs?.close();
    throw error;
  }
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new XaynetError('tls-file-unreadable', `redis.tls_ca: ${file}: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
}

async function openOwnStore({ store, restore }: Settings): Promise<Store> {
  const { kind, path, keepModels, keepRounds, key, keyFile, timeout } = store;
  if (kind === 'memory') return new MemoryStore({ keepModels, keepRounds });
  if (path === '') throw new XaynetError('storage-unwritable', 'store.path is empty');
  return await openEmbeddedStore(path, { keepModels, keepRounds, key, keyFile, timeout, mayBeginAnew: !restore });
}
