// GET /status: what the coordinator is doing, as one JSON object whose members are always all there. What only the store knows is asked beside
// it, at most every few seconds, and told when it is known; only for the latest model it waits a moment, until the store has once named it.

import type { RoundRecord, StoreUsage } from '../../stores/contract.ts';
import type { FleetJson } from './documents.ts';
import { cause, isCode } from './event-json.ts';
import type { LatestModel } from './latest-model.ts';
import { roundOf } from './model-formats.ts';
import type { ApiPort, ApiStatus } from './port.ts';
import { json } from './responses.ts';
import type { ApiRoute } from './route.ts';

const USAGE_MS = 10_000;
/** How long a store that hangs may keep those waiting who ask what is going on. */
const MODEL_MS = 500;

/** `GET /status`. */
export function statusRoute(status: StatusDocument): ApiRoute {
  return {
    path: '/status',
    methods: ['GET', 'HEAD'],
    summary: 'What the coordinator is doing now',
    parameters: [],
    responses: { 200: { description: 'The state of the round and of the process.', content: { 'application/json': 'Status' } } },
    codes: [],
    answer: async () => json(await status.read()),
  };
}

/** What `GET /status` and `GET /admin/status` say. */
export class StatusDocument {
  readonly #port: ApiPort;
  readonly #latest: LatestModel;
  #failure: object | null = null;
  #model: { id: string; round: number | null } | null = null;
  #asked: Promise<void> = Promise.resolve();
  #usage: StoreUsage | undefined;
  #usageAsked = Number.NEGATIVE_INFINITY;

  constructor(port: ApiPort, latest: LatestModel) {
    this.#port = port;
    this.#latest = latest;
    port.on((event) => {
      if (event.type === 'failure') this.#failure = { round: event.round, phase: event.phase, ...cause(event.code), at: Math.round(port.now()) };
      if (event.type === 'ended') this.#ended(event.record);
      if (event.type === 'model') this.#askModel();
    });
    this.#askModel();
  }

  /** The document of now; never rejects. */
  async read(): Promise<object> {
    if (this.#model === null) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, MODEL_MS);
      });
      this.#askModel();
      await Promise.race([this.#asked, late]);
      clearTimeout(timer);
    }
    return this.#now();
  }

  #now(): object {
    const port = this.#port;
    const { version, task, masking, began } = port;
    const { round, phase, earliestEnd, latestEnd, counts, sums, updates, queued, chunkBytes, paused, failures, fleet } = port.status();
    const at = port.now();
    this.#askUsage(at);
    return {
      version,
      now: Math.round(at),
      began: Math.round(began),
      uptime: Math.max(0, Math.floor((at - began) / 1000)),
      round,
      phase,
      window: earliestEnd === undefined || latestEnd === undefined ? null : { earliestEnd: Math.round(earliestEnd), latestEnd: Math.round(latestEnd) },
      counts: counts ?? null,
      sums,
      updates,
      queued,
      chunkBytes,
      paused: paused === undefined ? null : { since: Math.round(paused.since), ...cause(paused.code) },
      failures,
      lastFailure: this.#failure,
      model: this.#model,
      task: { modelLength: task.modelLength, mask: task.mask.name },
      fleet: fleet === undefined ? null : fleetJson(fleet),
      masking: { kernel: masking.kernel, keystream: masking.keystream },
      // No disk, no limit: JSON has no number for that.
      store: this.#usage === undefined ? null : { bytes: this.#usage.bytes, free: Number.isFinite(this.#usage.free) ? this.#usage.free : null },
    };
  }

  /** Another process of the fleet led the round. */
  #ended({ round, outcome, phase, code, ended }: RoundRecord): void {
    if (outcome === 'model') this.#askModel();
    else if (isCode(code)) this.#failure = { round, phase: phase ?? 'failure', ...cause(code), at: Math.round(ended) };
  }

  #askModel(): void {
    this.#asked = this.#latest.id().then(
      (id) => {
        this.#model = id === undefined ? null : { id, round: roundOf(id) ?? null };
      },
      () => {}, // the next who asks for the status asks again
    );
  }

  #askUsage(at: number): void {
    if (at - this.#usageAsked < USAGE_MS) return;
    this.#usageAsked = at;
    this.#port.usage().then(
      (usage) => {
        this.#usage = usage;
      },
      () => {},
    );
  }
}

/** Not where they are: that is nobody's business. */
function fleetJson({ self, leader, members }: NonNullable<ApiStatus['fleet']>): FleetJson {
  return {
    self,
    leader: leader ?? null,
    members: members.map(({ id, version, began, accepted, refused }) => ({ id, version, began: Math.round(began), accepted, refused })),
  };
}
