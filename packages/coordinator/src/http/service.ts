// One request from its headers to the end of its answer: who asks and may they, which route, the body and the verdict of a message. Whatever
// happens inside becomes an answer and a line in the log; nothing leaves here as an exception.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '@xaynet/core/errors';
import type { Buffers } from '../buffers.ts';
import type { Logger } from '../log.ts';
import type { Meter } from '../meter.ts';
import type { AddressLimits } from './address-limits.ts';
import { ACCEPTED, type Answer, EMPTY, FAILED, hasNoBody, INCOMPLETE, LARGE_BODY, problem, type SendOptions, send, wantsProblems } from './answer.ts';
import type { ApiRoutes } from './api-port.ts';
import { announcedLength, type BodyOutcome, Budget, readBody } from './body.ts';
import type { Client, Clients } from './clients.ts';
import type { Connection, Connections } from './connections.ts';
import { corsHeaders } from './cors.ts';
import type { HttpLimits } from './limits.ts';
import type { HttpPort, Verdict } from './port.ts';
import { RefusalLog } from './refusal-log.ts';
import { isProtocolPath, otherMethod, type RouteRequest, refuse, route, splitTarget, withHeaders } from './routes.ts';

/** What became of one request, for measurements. */
export interface Answered {
  readonly method: string;
  /** Path of the route that answered; `other` for paths that nobody knows, which strangers can make up without end. */
  readonly route: string;
  readonly status: number;
  /** From the headers of the request to the beginning of the answer, in seconds. */
  readonly seconds: number;
}

/** What a {@link Service} works with. */
export interface ServiceParts {
  readonly port: HttpPort;
  readonly api: ApiRoutes | undefined;
  readonly corsOrigins: readonly string[];
  readonly statusCodes: boolean;
  readonly limits: HttpLimits;
  readonly addressLimits: AddressLimits;
  readonly clients: () => Clients;
  readonly connections: Connections;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly answered: ((what: Answered) => void) | undefined;
  readonly closing: AbortSignal;
  /** Where the memory of bodies comes from. */
  readonly buffers?: Buffers | undefined;
}

/** Answers requests: the routes for documents, body and verdict for messages. */
export class Service {
  readonly #parts: ServiceParts;
  readonly #bodies: Budget;
  readonly #answers: Budget;
  readonly #refusals: RefusalLog;
  readonly #keep: SendOptions;
  readonly #close: SendOptions;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    const { limits, port } = parts;
    const bodies = (): number => Math.max(limits.bodyBytes, 2 * port.maxMessageBytes);
    this.#bodies = new Budget(bodies, () => Math.max(bodies() / 4, 2 * port.maxMessageBytes));
    this.#answers = new Budget(
      () => limits.answers,
      () => Math.max(2, limits.answers / 8),
    );
    this.#refusals = new RefusalLog(parts.logger, limits.refusalLogMs);
    this.#keep = { ...limits, close: false };
    this.#close = { ...limits, close: true };
  }

  /** Answers one request, whatever happens; never throws. */
  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const { connections, limits, logger, port } = this.#parts;
    const connection = connections.began(request.socket, response);
    if (connection === undefined || connection.responses.size > limits.pipelined) {
      if (connection !== undefined) logger.debug({ remote: connection.client.address }, 'too many requests at a time on one connection: it is ended');
      request.socket.destroy();
      return;
    }
    response.on('error', ignore); // the client went away while it was answered
    const begun = performance.now();
    const { headers } = request;
    const what: RouteRequest = {
      method: request.method ?? '',
      target: request.url ?? '',
      accept: headers.accept,
      ifNoneMatch: headers['if-none-match'],
      origin: headers.origin,
    };
    const exchange: Exchange = { request, response, what, client: this.#clientOf(connection, request), begun };
    try {
      const wait = this.#parts.addressLimits.request(exchange.client.counted);
      if (wait > 0) this.#send(exchange, this.#limited(exchange, wait));
      else if (port.mayBeStale === true && request.method !== 'POST' && isProtocolPath(splitTarget(what.target).path)) void this.#fresh(exchange);
      else this.#decide(exchange, expectsContinue);
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  #decide(exchange: Exchange, expectsContinue: boolean): void {
    const decided = route(exchange.what, this.#parts.port, this.#parts);
    if (decided === 'message') void this.#later(exchange, this.#message(exchange, expectsContinue));
    else if (decided === 'unknown') this.#other(exchange);
    else this.#send(exchange, decided);
  }

  /** Others may have changed what is to be shown. Messages are looked at again by the intake, once they are here. */
  async #fresh(exchange: Exchange): Promise<void> {
    try {
      await this.#parts.port.fresh?.();
      this.#decide(exchange, false);
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  #clientOf({ client, proxy }: Connection, request: IncomingMessage): Client {
    if (!proxy) return client;
    const forwardedFor = request.headers['x-forwarded-for'];
    return forwardedFor === undefined ? client : this.#parts.clients().forwarded(client, String(forwardedFor));
  }

  #limited(exchange: Exchange, wait: number): Answer {
    const { path } = splitTarget(exchange.what.target);
    if (!isProtocolPath(path) && this.#parts.api?.methods(path) !== undefined) exchange.label = apiLabel(path);
    return this.#refuse(exchange, 'http-rate-limited', { 'retry-after': String(wait) });
  }

  /** Empty as the original words it for its own routes, unless asked otherwise; always a problem document for the routes that it does not have. */
  #refuse({ what, label }: Exchange, code: ErrorCode, headers: Readonly<Record<string, string>> = {}): Answer {
    const { corsOrigins } = this.#parts;
    if (label === undefined) return refuse(code, what, this.#parts, headers);
    return refuse(code, { ...what, accept: PROBLEM }, { corsOrigins, statusCodes: false }, headers);
  }

  /** A path that is none of the protocol's. */
  #other(exchange: Exchange): void {
    const { api, corsOrigins, closing } = this.#parts;
    const { request, response, what, client } = exchange;
    const { path, query } = splitTarget(what.target);
    const methods = api?.methods(path);
    if (api === undefined || methods === undefined) {
      this.#send(exchange, refuse('http-not-found', what, this.#parts));
      return;
    }
    exchange.label = apiLabel(path);
    if (!methods.includes(what.method)) {
      // The original has none of these routes, so there is neither a status nor a silence of its own to be kept.
      this.#send(exchange, otherMethod(methods, { ...what, accept: PROBLEM }, { corsOrigins, statusCodes: false }));
      return;
    }
    const cors = corsHeaders(corsOrigins, what.origin);
    if (!hasNoBody(request)) response.shouldKeepAlive = false; // nobody reads it, and it must not be taken for the next request
    const answer = api.answer({ ...what, path, query, address: client.address, cors, closing }, request, response);
    const found = Promise.resolve(answer).then((given) => (given === 'handled' ? undefined : withHeaders(given, cors)));
    void this.#later(exchange, found);
  }

  async #later(exchange: Exchange, promise: Promise<Answer | undefined>): Promise<void> {
    try {
      const answer = await promise;
      if (answer !== undefined) this.#send(exchange, answer);
    } catch (error) {
      this.#failed(exchange, error);
    }
  }

  #failed(exchange: Exchange, error: unknown): void {
    const { what, response } = exchange;
    this.#parts.logger.error({ method: what.method, path: pathOf(what), error }, 'a request failed; answered 500');
    try {
      if (response.headersSent) response.destroy();
      else this.#send(exchange, exchange.label !== undefined || wantsProblems(what.accept) ? this.#refuse(exchange, 'http-failed') : FAILED);
    } catch (again) {
      this.#parts.logger.error({ error: again }, 'an answer could not be sent');
      response.destroy();
    }
  }

  #send(exchange: Exchange, answer: Answer): void {
    const { request, response, what, client, begun, label } = exchange;
    const { connections, logger, answered } = this.#parts;
    let sent = answer;
    if (answer.body !== undefined && answer.body.length > LARGE_BODY && what.method !== 'HEAD') {
      if (this.#answers.take(client.counted, 1)) response.once('close', () => this.#answers.give(client.counted, 1));
      else sent = this.#refuse(exchange, 'http-overloaded', { 'retry-after': '1' });
    }
    send(request, response, sent, connections.closing ? this.#close : this.#keep);
    logger.debug({ method: what.method, path: pathOf(what), status: sent.status, remote: client.address }, 'answered');
    answered?.({ method: what.method, route: label ?? labelOf(what), status: sent.status, seconds: (performance.now() - begun) / 1000 });
  }

  async #message({ request, response, what, client }: Exchange, expectsContinue: boolean): Promise<Answer | undefined> {
    const { port, meter } = this.#parts;
    const limit = port.maxMessageBytes;
    const announced = announcedLength(request);
    if (announced !== undefined && announced > limit) return this.#tooLarge(what, announced, limit, client);
    const unavailable = port.unavailable?.();
    if (unavailable !== undefined) return this.#verdict({ accepted: false, ...unavailable }, what);
    const wait = announced === undefined ? 0 : this.#parts.addressLimits.bytes(client.counted, announced);
    if (wait > 0) return refuse('http-rate-limited', what, this.#parts, { 'retry-after': String(wait) });
    if (expectsContinue) response.writeContinue();
    const begun = performance.now();
    const body = await this.#read(request, client, announced, limit);
    if ('failed' in body) {
      if (body.failed === 'aborted') return undefined;
      if (body.failed === 'too-large') return this.#tooLarge(what, body.length, limit, client);
      return refuse(FAILURES[body.failed], what, this.#parts, body.failed === 'stalled' ? {} : { 'retry-after': '1' });
    }
    const { length } = body.bytes; // read now: the bytes are given away, and may leave for another thread
    meter.observe('receive', (performance.now() - begun) / 1000, length);
    try {
      const verdict = await port.message(body.bytes, client.address);
      return this.#verdict(verdict, what);
    } finally {
      this.#bodies.give(client.counted, length);
    }
  }

  async #read(request: IncomingMessage, client: Client, announced: number | undefined, limit: number): Promise<BodyOutcome> {
    const { limits, addressLimits } = this.#parts;
    const body = await readBody(request, {
      limit,
      stallMs: limits.stallMs,
      slowest: limits.slowest,
      buffers: this.#parts.buffers,
      take: (bytes) => {
        if (!this.#bodies.take(client.counted, bytes)) return 'busy';
        if (announced !== undefined || addressLimits.bytes(client.counted, bytes) === 0) return undefined;
        this.#bodies.give(client.counted, bytes);
        return 'limited';
      },
      give: (bytes) => this.#bodies.give(client.counted, bytes),
    });
    if ('failed' in body && announced !== undefined) addressLimits.giveBytes(client.counted, Math.max(0, announced - body.length));
    return body;
  }

  #tooLarge(what: RouteRequest, bytes: number, limit: number, client: Client): Answer {
    this.#refusals.tooLarge(bytes, limit, client.address);
    return refuse('message-too-large', what, this.#parts);
  }

  /** Original clients get the original empty 200 for every verdict, unless the message may come again; who asks for problem documents gets the truth. */
  #verdict(verdict: Verdict, what: RouteRequest): Answer {
    if (!verdict.accepted && verdict.retryAfter !== undefined) {
      return refuse(verdict.code, what, this.#parts, { 'retry-after': String(Math.max(1, Math.ceil(verdict.retryAfter))) });
    }
    const cors = corsHeaders(this.#parts.corsOrigins, what.origin);
    if (!wantsProblems(what.accept)) return withHeaders(EMPTY, cors);
    return withHeaders(verdict.accepted ? (verdict.complete ? ACCEPTED : INCOMPLETE) : problem(verdict.code), cors);
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly what: RouteRequest;
  readonly client: Client;
  readonly begun: number;
  label?: string;
}

const FAILURES = { busy: 'http-busy', limited: 'http-rate-limited', stalled: 'http-body-timeout' } as const satisfies Record<string, ErrorCode>;

const ignore = (): void => {};

const PROBLEM = 'application/problem+json';

/** What stands further right are names, of which there are many. */
function apiLabel(path: string): string {
  return path.split('/', 2).join('/');
}

/** The path without its query, which can name a participant. */
function pathOf(what: RouteRequest): string {
  return what.target.split('?', 1)[0]!.slice(0, 200);
}

function labelOf(what: RouteRequest): string {
  const { path } = splitTarget(what.target);
  return isProtocolPath(path) ? path : 'other';
}
