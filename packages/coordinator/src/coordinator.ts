// The coordinator as an application uses it: settings in, a URL out, status and events while it runs. It puts the parts together in the one
// order that is safe: the port is bound first, and only then is the store touched, so that a second start on the same machine cannot
// disturb the first (weakness W-10).

import { randomFillSync } from 'node:crypto';
import { detectCryptoProviders, type RandomBytes } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { maskingBackend } from '@xaynet/core/mask';
import { type Clock, systemClock } from './clock.ts';
import { Driver } from './driver.ts';
import { type CoordinatorEvent, EventBus } from './events.ts';
import type { HttpPort } from './http/port.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import { Intake } from './intake/intake.ts';
import { type Logger, SILENT_LOGGER } from './log.ts';
import { freshBeginning, restoreBeginning } from './restore.ts';
import type { Counts, FailureCause, PhaseName } from './round/state.ts';
import type { Settings } from './settings/settings.ts';
import type { Store } from './stores/contract.ts';
import { MemoryStore } from './stores/memory.ts';
import { SqliteStore } from './stores/sqlite.ts';

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
}

/** What a coordinator is doing, as plain data. */
export interface CoordinatorStatus {
  readonly round: number;
  readonly phase: PhaseName;
  /** When the phase ends: not before `earliestEnd`, not after `latestEnd`; milliseconds of the clock. For sum, update and sum2. */
  readonly earliestEnd?: number;
  readonly latestEnd?: number;
  /** Messages of the phase. For sum, update and sum2. */
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
}

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
  #stopped: Promise<void> | undefined;

  private constructor(bus: EventBus, http: HttpServer, parts: Parts) {
    this.#bus = bus;
    this.#http = http;
    this.#parts = parts;
  }

  /**
   * Binds the port, opens the store, goes on from what it holds and begins a round. Throws `api-…` when it cannot listen and `storage-…`
   * when the store cannot be used; nothing is left open then, and nothing was changed.
   */
  static async start(settings: Settings, options: CoordinatorOptions = {}): Promise<Coordinator> {
    const { random = systemRandom, clock = systemClock, logger = SILENT_LOGGER } = options;
    const bus = new EventBus(logger);
    // Until the store is open, clients see what a fresh coordinator shows before its first round, and no message is taken.
    const before = makeParts(settings, { random, clock, logger, bus, store: new MemoryStore(), beginning: freshBeginning(settings, random) });
    const port = new LatePort(before);
    const http = await startHttp({
      host: settings.api.host,
      portNumber: settings.api.port,
      corsOrigins: settings.api.corsOrigins,
      statusCodes: settings.compat.statusCodes,
      port,
      logger: logger.child({ part: 'http' }, settings.log.http),
    });
    let store: Store | undefined;
    try {
      store = options.store ?? openStore(settings);
      const beginning = await restoreBeginning(store, settings, random, logger);
      const crypto = await detectCryptoProviders();
      const parts = makeParts(settings, { random, clock, logger, bus, store, beginning });
      port.parts = parts;
      const kind = options.store === undefined ? settings.store.kind : 'given';
      logger.info({ url: http.url, store: kind, masking: maskingBackend(), crypto }, 'coordinator listens');
      for (const notice of settings.notices) logger.warn({}, notice);
      parts.driver.start();
      return new Coordinator(bus, http, parts);
    } catch (error) {
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

  /** Answers everybody who waits, closes port and store. Resolves when all is closed; can be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#parts.driver.stop();
    await this.#http.close();
    await this.#parts.store.close();
  }
}

type MakeParts = Pick<ConstructorParameters<typeof Driver>[0], 'random' | 'clock' | 'logger' | 'bus' | 'store' | 'beginning'>;

function makeParts(settings: Settings, given: MakeParts): Parts {
  const driver = new Driver({ ...given, settings });
  const intake = new Intake({
    compat: settings.compat,
    bulletin: driver.bulletin,
    maxSums: settings.pet.sum.count.max,
    submit: (request) => driver.submit(request),
    bus: given.bus,
    logger: given.logger,
  });
  return { driver, intake, store: given.store };
}

/** What the HTTP server talks to: first to nobody much, later to the coordinator. */
class LatePort implements HttpPort {
  parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  get maxMessageBytes(): number {
    return this.parts.intake.maxMessageBytes;
  }

  params: HttpPort['params'] = () => this.parts.driver.bulletin.params();
  sums: HttpPort['sums'] = () => this.parts.driver.bulletin.sums();
  seeds: HttpPort['seeds'] = (participant) => this.parts.driver.bulletin.seeds(participant);
  model: HttpPort['model'] = () => this.parts.driver.bulletin.model();
  message: HttpPort['message'] = (body) => this.parts.intake.receive(body);
}

function openStore({ store }: Settings): Store {
  const { keepModels } = store;
  if (store.kind === 'memory') return new MemoryStore({ keepModels });
  if (store.path === '') throw new XaynetError('storage-unwritable', 'store.path is empty');
  return SqliteStore.open(store.path, { keepModels });
}
