// GET /events: what happens, as Server-Sent Events. A client holds no buffer of its own but its place in the ring of the last events; one that
// reads too slowly falls off its end and is told how many it missed. So a thousand slow readers cost what one costs.

import type { ServerResponse } from 'node:http';
import { XaynetError } from '@xaynet/core/errors';
import type { Answer } from '../answer.ts';
import { EVENT_TYPES, type EventType, publicEvent } from './event-json.ts';
import { EventRing } from './event-ring.ts';
import type { ApiPort } from './port.ts';
import { someOf } from './query.ts';
import { NO_SNIFF, NO_STORE } from './responses.ts';
import type { ApiRoute, Call } from './route.ts';

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

const TYPE = 'text/event-stream';

/** `GET /events`; `onClients` is told how many read it, whenever that changes. */
export function eventRoute(port: ApiPort, given: Partial<StreamLimits> = {}, onClients: (count: number) => void = () => {}): ApiRoute {
  const limits = { ...STREAM_LIMITS, ...given };
  const ring = new EventRing(limits.events, Math.floor(port.began).toString(36));
  const streams = new Set<Stream>();
  let scheduled = false;
  // Events come in bursts: all that a turn of the event loop brings goes out in one piece.
  const flush = (): void => {
    scheduled = false;
    for (const stream of streams) stream.flush();
  };
  port.on((event) => {
    const data = event.type === 'dropped' ? undefined : publicEvent(event);
    if (data === undefined) return;
    ring.push(event.type, JSON.stringify(data));
    if (event.type === 'phase' && event.phase === 'shutdown') {
      for (const stream of [...streams]) stream.end();
    } else if (!scheduled && streams.size > 0) {
      scheduled = true;
      setImmediate(flush);
    }
  });
  return {
    path: '/events',
    methods: ['GET', 'HEAD'],
    summary: 'What happens, as Server-Sent Events',
    description:
      `Event types: ${EVENT_TYPES.join(', ')}, and \`dropped\` with the number of events that were missed (null: unknown, the coordinator was restarted). ` +
      'Data are JSON; whose message it was is not told. Ends when the coordinator stops.',
    parameters: [
      {
        name: 'types',
        in: 'query',
        description: 'Only events of these types, separated by commas.',
        schema: { type: 'string' },
        example: 'round,phase,model',
      },
      { name: 'Last-Event-ID', in: 'header', description: 'Go on after this event, as far as it is kept.', schema: { type: 'string' } },
    ],
    responses: { 200: { description: 'The stream.', content: { [TYPE]: { type: 'string' } } } },
    codes: ['http-query-invalid', 'http-overloaded'],
    answer: (call) => {
      const types = someOf(call.query, 'types', EVENT_TYPES);
      const headers = { ...NO_SNIFF, ...NO_STORE, 'content-type': TYPE, 'x-accel-buffering': 'no' };
      if (call.what.method === 'HEAD') return { status: 200, headers } satisfies Answer;
      if (streams.size >= limits.clients) throw new XaynetError('http-overloaded', `${streams.size} clients take events`);
      const stream = new Stream(call.response, ring, limits, types);
      streams.add(stream);
      onClients(streams.size);
      const end = (): void => stream.end();
      const { socket } = call.request;
      call.response.once('close', () => {
        streams.delete(stream);
        onClients(streams.size);
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
    },
  };
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

  constructor(response: ServerResponse, ring: EventRing, limits: StreamLimits, types: ReadonlySet<EventType> | undefined) {
    this.#response = response;
    this.#ring = ring;
    this.#limits = limits;
    this.#types = types;
    this.#next = ring.last + 1;
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
