// GET /live: all that changes from moment to moment, as one document; with `Accept: text/event-stream` the same again and again, at each phase and else at
// most four times a second however much happens, and once a second when nothing does. It is complete each time: who missed some has missed nothing.

import { chooseType } from './accept.ts';
import type { HealthJson, LiveJson, StatusJson } from './documents.ts';
import { EVENT_STREAM, EventStreams, type StreamLimits } from './event-streams.ts';
import type { ApiPort } from './port.ts';
import { json, Refusal } from './responses.ts';
import { Tally } from './round-tally.ts';
import type { ApiRoute, Call } from './route.ts';
import type { StatusDocument } from './status.ts';

const TYPES = ['application/json', EVENT_STREAM] as const;

/** Shortest time between two documents of a stream. */
const SOONEST_MS = 250;
/** Longest time. */
const LATEST_MS = 1000;

/** What the document is made of besides the coordinator's port. */
export interface LiveParts {
  readonly status: StatusDocument;
  readonly limits?: Partial<StreamLimits> | undefined;
  /** Clients of /events. */
  readonly others: () => number;
  readonly onClients?: ((count: number) => void) | undefined;
}

/** `GET /live`. */
export function liveRoute(port: ApiPort, parts: LiveParts): ApiRoute {
  const live = new Live(port, parts);
  return {
    path: '/live',
    methods: ['GET', 'HEAD'],
    summary: 'Round, arrivals, refusals and health in one document, or as a stream of them',
    description:
      'As `text/event-stream` it sends event `live` with the whole document: one at each phase, else at most four a second, at least one a second. Ends when the coordinator stops.',
    parameters: [],
    responses: { 200: { description: 'The document, or the stream.', content: { 'application/json': 'Live', [EVENT_STREAM]: { type: 'string' } } } },
    codes: ['http-not-acceptable', 'http-overloaded'],
    answer: (call) => live.answer(call),
  };
}

class Live {
  readonly #port: ApiPort;
  readonly #parts: LiveParts;
  readonly #streams: EventStreams;
  readonly #tally: Tally;
  readonly #news = { models: 0, rounds: 0, masked: 0 };
  #clients = 0;
  #changed = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #health: { readonly at: number; readonly document: HealthJson } | undefined;

  constructor(port: ApiPort, parts: LiveParts) {
    this.#port = port;
    this.#parts = parts;
    this.#tally = new Tally(() => port.now());
    // A ring of one: a client that lags behind gets the newest next and nothing of what it missed.
    this.#streams = new EventStreams(`${Math.floor(port.began).toString(36)}l`, { ...parts.limits, events: 1 }, (clients) => this.#watched(clients));
    port.on((event) => {
      if (event.type === 'model') {
        this.#news.models++;
        this.#news.masked++;
      }
      if (event.type === 'ended' && event.record.outcome === 'model') this.#news.models++;
      if (event.type === 'model' || event.type === 'failure' || event.type === 'ended' || event.type === 'report') this.#news.rounds++;
      this.#changed = this.#tally.take(event) || this.#changed || event.type !== 'dropped';
      if (event.type !== 'phase') return;
      if (event.phase === 'update') this.#news.masked++;
      // Phases may be short, and a page that never showed one would be wrong.
      void this.#send().then(() => event.phase === 'shutdown' && this.#streams.end());
    });
  }

  async answer(call: Call): Promise<ReturnType<EventStreams['answer']>> {
    const type = chooseType(call.what.accept, TYPES);
    if (type === undefined) throw new Refusal('http-not-acceptable', `one of ${TYPES.join(', ')} expected`);
    if (type === 'application/json') return json(await this.#document());
    // Who comes begins with the last document, if that is of now; or a thousand who come and go would have one sent to everybody each time.
    const isNew = performance.now() - this.#sentAt < SOONEST_MS;
    const answer = this.#streams.answer(call, undefined, isNew ? 1 : 0);
    if (answer === 'handled' && !isNew) void this.#send(true);
    return answer;
  }

  async #document(): Promise<LiveJson> {
    const status = (await this.#parts.status.read()) as StatusJson;
    return { status, round: this.#tally.document, health: this.#healthNow(), news: this.#news };
  }

  #healthNow(): HealthJson {
    const at = performance.now();
    if (this.#health === undefined || at - this.#health.at >= LATEST_MS - 1) {
      const { rss, heapUsed, cpu, delay, connections, workers } = this.#port.health();
      const document = { rss, heapUsed, cpu, delay: delay ?? null, connections, workers, streams: this.#clients + this.#parts.others() };
      this.#health = { at, document };
    }
    return this.#health.document;
  }

  #watched(clients: number): void {
    this.#clients = clients;
    this.#parts.onClients?.(clients);
    if (clients > 0) this.#timer ??= setInterval(() => this.#tick(), SOONEST_MS).unref();
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #tick(): void {
    const since = performance.now() - this.#sentAt;
    if (since >= LATEST_MS - 1 || (this.#changed && since >= SOONEST_MS - 1)) void this.#send();
  }

  /** Sends the document of now to all who read; never rejects. */
  async #send(isFirst = false): Promise<void> {
    if (this.#clients === 0 && !isFirst) return;
    this.#changed = false;
    this.#sentAt = performance.now();
    this.#streams.push('live', JSON.stringify(await this.#document()));
  }
}
