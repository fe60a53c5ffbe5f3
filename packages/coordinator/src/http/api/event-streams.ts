// Event streams (Server-Sent Events) over one ring of events. A client holds no buffer of its own but its place in the ring of the last events;
// one that reads too slowly falls off its end and is told how many it missed. So a thousand slow readers cost what one costs.

import type { ServerResponse } from 'node:http';
import { XaynetError } from '@xaynet/core/errors';
import type { Answer } from '../answer.ts';
import { EventRing } from './event-ring.ts';
import { NO_SNIFF, NO_STORE } from './responses.ts';
import type { Call } from './route.ts';

/** Limits of the event stream; times in milliseconds. */
export interface StreamLimits {
  /** Clients at a time. */
  readonly clients: number;
  /** Events that are kept for who comes back or lags behind. */
  readonly events: number;
  /** Bytes that may wait in the socket of one client before it gets no more. */
  readonly bytes: number;
  /** Time between two comments that say that the connection lives. */
  readonly heartbeatMs: number;
  /** How long a client may take nothing before it is let go. */
  readonly stallMs: number;
}

/** The limits that hold unless others are given. */
export const STREAM_LIMITS: StreamLimits = { clients: 64, events: 1024, bytes: 64 * 1024, heartbeatMs: 15_000, stallMs: 60_000 };

/** The media type of an event stream. */
export const EVENT_STREAM = 'text/event-stream';

/** The streams of all clients. */
export class EventStreams {
  readonly #limits: StreamLimits;
  readonly #ring: EventRing;
  readonly #onClients: (count: number) => void;
  readonly #streams = new Set<Stream>();
  #scheduled = false;

  /** `process` tells this process from those before it; `onClients` is told how many clients read, whenever that changes. */
  constructor(process: string, given: Partial<StreamLimits> = {}, onClients: (count: number) => void = () => {}) {
    this.#limits = { ...STREAM_LIMITS, ...given };
    this.#ring = new EventRing(this.#limits.events, process);
    this.#onClients = onClients;
  }

  /** Tells an event, its data as JSON, to all; events come in bursts, and all that a turn of the event loop brings goes out in one piece. */
  push(type: string, data: string): void {
    this.#ring.push(type, data);
    if (this.#scheduled || this.#streams.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const stream of this.#streams) stream.flush();
    });
  }

  /** Writes what is left and ends all streams. */
  end(): void {
    for (const stream of [...this.#streams]) stream.end();
  }

  /**
   * Answers a client with events of these types (undefined: all), `past` events that were before it came first. Throws `http-overloaded` when there are
   * too many clients.
   */
  answer(call: Call, types?: ReadonlySet<string>, past = 0): Answer | 'handled' {
    const headers = { ...NO_SNIFF, ...NO_STORE, 'content-type': EVENT_STREAM, 'x-accel-buffering': 'no' };
    if (call.what.method === 'HEAD') return { status: 200, headers };
    const streams = this.#streams;
    if (streams.size >= this.#limits.clients) throw new XaynetError('http-overloaded', `${streams.size} clients take events`);
    const stream = new Stream(call.response, this.#ring, this.#limits, types, past);
    streams.add(stream);
    this.#onClients(streams.size);
    const end = (): void => stream.end();
    const { socket } = call.request;
    call.response.once('close', () => {
      streams.delete(stream);
      this.#onClients(streams.size);
      socket.off('end', end);
      call.what.closing.removeEventListener('abort', end);
      stream.end();
    });
    // Half-closed connections are answered, but whoever wants nothing any more most often just goes, and would hold its place until then.
    socket.once('end', end);
    call.what.closing.addEventListener('abort', end, { once: true });
    stream.begin(call, headers);
    if (call.what.closing.aborted) end();
    return 'handled';
  }
}

/** One client, and its place in the ring. */
class Stream {
  readonly #response: ServerResponse;
  readonly #ring: EventRing;
  readonly #limits: StreamLimits;
  readonly #types: ReadonlySet<string> | undefined;
  #next: number;
  /** Events before `#next` that the client never gets; null: nobody knows how many. */
  #missed: number | null = 0;
  #fullSince: number | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(response: ServerResponse, ring: EventRing, limits: StreamLimits, types: ReadonlySet<string> | undefined, past: number) {
    this.#response = response;
    this.#ring = ring;
    this.#limits = limits;
    this.#types = types;
    this.#next = Math.max(ring.first, ring.last + 1 - past);
  }

  begin({ what, request }: Call, headers: Readonly<Record<string, string>>): void {
    const id = request.headers['last-event-id'];
    if (typeof id === 'string' && id !== '') this.#goOn(id);
    request.socket.setTimeout(0);
    this.#response.writeHead(200, { ...what.cors, ...headers });
    this.#response.write(`retry: 3000\n: ${this.#ring.idOf(this.#ring.last)}\n\n`);
    this.#heartbeat = setInterval(() => this.#beat(), this.#limits.heartbeatMs).unref();
    this.flush();
  }

  #goOn(id: string): void {
    const number = this.#ring.numberOf(id);
    if (number === undefined) this.#missed = null;
    this.#next = number === undefined ? this.#ring.first : number + 1;
  }

  /** Writes what is new, as far as the client takes it. */
  flush(): void {
    if (this.#ended) return;
    const response = this.#response;
    const lost = this.#ring.first - this.#next;
    if (lost > 0) {
      this.#next += lost;
      if (this.#missed !== null) this.#missed += lost;
    }
    let text = '';
    while (this.#next <= this.#ring.last && response.writableLength + text.length < this.#limits.bytes) {
      if (this.#missed !== 0) text += `event: dropped\ndata: ${JSON.stringify({ count: this.#missed })}\n\n`;
      this.#missed = 0;
      const { number, type, data } = this.#ring.at(this.#next++);
      if (this.#types === undefined || this.#types.has(type)) text += `id: ${this.#ring.idOf(number)}\nevent: ${type}\ndata: ${data}\n\n`;
    }
    // Called back when the socket took it, whatever the size of its own buffer.
    if (text !== '') response.write(text, () => this.flush());
    this.#fullSince = response.writableLength < this.#limits.bytes ? undefined : (this.#fullSince ?? performance.now());
  }

  /** Says that the connection lives, or ends one that takes nothing. */
  #beat(): void {
    if (this.#fullSince !== undefined && performance.now() - this.#fullSince > this.#limits.stallMs) this.#response.destroy();
    else if (this.#response.writableLength < this.#limits.bytes) this.#response.write(':\n\n');
    this.flush();
  }

  /** Writes what is left, if the client takes it, and ends. */
  end(): void {
    if (this.#ended) return;
    this.flush();
    this.#ended = true;
    clearInterval(this.#heartbeat);
    this.#response.end();
  }
}
