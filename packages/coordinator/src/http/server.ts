// The HTTP server: node:http around the five routes, with limits on everything a stranger can hold open. node:http and not a framework,
// because the answers are frozen byte for byte (no content type here, no content-length there) and a framework's defaults would have to be undone.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';
import { type Logger, SILENT_LOGGER } from '../log.ts';
import { type Answer, EMPTY, FAILED, problem, send, wantsProblems } from './answer.ts';
import { announcedLength, ByteBudget, readBody } from './body.ts';
import { corsHeaders } from './cors.ts';
import type { HttpPort, Verdict } from './port.ts';
import { RefusalLog } from './refusal-log.ts';
import { type RouteRequest, refuse, route, withHeaders } from './routes.ts';

/** Limits on what clients may hold open; times in milliseconds. */
export interface HttpLimits {
  /** Time for the headers of a request to arrive. */
  readonly headersMs: number;
  /** Time for a whole request to arrive. */
  readonly requestMs: number;
  /** Time without a byte, in either direction, while a body arrives or an answer leaves. */
  readonly stallMs: number;
  /** Time an idle connection is kept for the next request. */
  readonly keepAliveMs: number;
  /** Time that unwanted bytes are drained after a refusal before the connection is closed. */
  readonly lingerMs: number;
  /** Time that {@link HttpServer.close} waits for requests under way. */
  readonly closeMs: number;
  /** Connections at a time. */
  readonly connections: number;
  /** Time in which at most one line at info tells of messages that were too large. */
  readonly refusalLogMs: number;
  /** Bytes of bodies held at a time, over all connections; never less than two largest messages. */
  readonly bodyBytes: number;
}

/** The limits that hold unless others are given. */
export const HTTP_LIMITS: HttpLimits = {
  headersMs: 10_000,
  requestMs: 300_000,
  stallMs: 30_000,
  keepAliveMs: 60_000,
  lingerMs: 1_000,
  closeMs: 5_000,
  connections: 4_096,
  refusalLogMs: 60_000,
  bodyBytes: 256 * 1024 * 1024,
};

/** What {@link startHttp} needs. */
export interface HttpOptions {
  /** Literal IP address to listen on. */
  readonly host: string;
  /** TCP port, 0 for any free one. */
  readonly portNumber: number;
  /** Web origins that may read answers; `['*']` for all, none to switch CORS off. */
  readonly corsOrigins: readonly string[];
  /** True for the reference's 500s in place of 400, 405 and HEAD. */
  readonly statusCodes: boolean;
  readonly port: HttpPort;
  readonly logger?: Logger | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
}

/** A server that listens. */
export interface HttpServer {
  /** Where to reach it, for example `http://127.0.0.1:8081`; a wildcard address is given as loopback. */
  readonly url: string;
  readonly host: string;
  readonly portNumber: number;
  /** Stops accepting, ends idle connections, waits a bounded time for requests under way. Can be called again. */
  close(): Promise<void>;
}

/**
 * Listens and serves the routes of coordinator 3.1. Throws `api-port-in-use`, `api-port-forbidden`, `api-address-unavailable` or
 * `api-listen-failed` when it cannot listen.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const limits = { ...HTTP_LIMITS, ...options.limits };
  const connections = new Connections();
  const serve = new Service(options, limits, connections);
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
    noDelay: true,
  });
  server.maxConnections = limits.connections;
  // A client may close its sending half once it has said everything; without this it would never hear the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('connection', (socket: Socket) => connections.opened(socket));
  server.on('request', (request, response) => serve.request(request, response, false));
  server.on('checkContinue', (request, response) => serve.request(request, response, true));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseUnparsed(error, socket as Socket, connections));
  let dropped = false;
  server.on('drop', () => {
    if (!dropped) (options.logger ?? SILENT_LOGGER).warn({ connections: limits.connections }, 'too many connections: new ones are turned away');
    dropped = true;
  });
  await listen(server, options.host, options.portNumber);
  server.on('error', (error) => (options.logger ?? SILENT_LOGGER).error({ error }, 'the HTTP server reports an error'));
  const { address, family, port } = server.address() as AddressInfo;
  const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${family === 'IPv6' ? `[${reachable}]` : reachable}:${port}`,
    host: address,
    portNumber: port,
    close: () => (closed ??= close(server, connections, limits.closeMs)),
  };
}

/** Which connections are open, and which of them have requests under way. */
class Connections {
  readonly #busy: Map<Socket, Set<ServerResponse>> = new Map();
  /** True once the server closes: answers then end their connection. */
  closing = false;

  opened(socket: Socket): void {
    this.#busy.set(socket, new Set());
    socket.once('close', () => this.#busy.delete(socket));
  }

  began(socket: Socket, response: ServerResponse): void {
    const responses = this.#busy.get(socket);
    responses?.add(response);
    response.once('close', () => {
      responses?.delete(response);
      if (this.closing && responses?.size === 0) socket.destroySoon();
    });
  }

  /** True when an answer has begun on this connection, so that nothing else can be said on it. */
  answering(socket: Socket): boolean {
    return [...(this.#busy.get(socket) ?? [])].some((response) => response.headersSent);
  }

  /** Ends the connections on which nothing is under way. */
  endIdle(): void {
    this.closing = true;
    for (const [socket, responses] of this.#busy) if (responses.size === 0) socket.destroySoon();
  }
}

/** Answers requests: the routes for documents, body and verdict for messages. */
class Service {
  readonly #options: HttpOptions;
  readonly #limits: HttpLimits;
  readonly #connections: Connections;
  readonly #budget: ByteBudget;
  readonly #logger: Logger;
  readonly #refusals: RefusalLog;

  constructor(options: HttpOptions, limits: HttpLimits, connections: Connections) {
    this.#options = options;
    this.#limits = limits;
    this.#connections = connections;
    this.#budget = new ByteBudget(() => Math.max(limits.bodyBytes, 2 * options.port.maxMessageBytes));
    this.#logger = options.logger ?? SILENT_LOGGER;
    this.#refusals = new RefusalLog(this.#logger, limits.refusalLogMs);
  }

  /** Answers one request, whatever happens; never rejects, never throws. */
  request(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    this.#connections.began(request.socket, response);
    response.on('error', () => {}); // the client went away while it was answered
    const what: RouteRequest = {
      method: request.method ?? '',
      target: request.url ?? '',
      accept: request.headers.accept,
      ifNoneMatch: request.headers['if-none-match'],
      origin: request.headers.origin,
    };
    this.#answer(request, response, what, expectsContinue)
      .catch((error: unknown) => {
        this.#logger.error({ method: what.method, path: pathOf(what), error }, 'a request failed; answered 500');
        return wantsProblems(what.accept) ? problem('http-failed') : FAILED;
      })
      .then((answer) => {
        if (answer === undefined) return;
        send(request, response, answer, { ...this.#limits, close: this.#connections.closing });
        this.#logger.debug({ method: what.method, path: pathOf(what), status: answer.status, remote: request.socket.remoteAddress }, 'answered');
      })
      .catch((error: unknown) => {
        this.#logger.error({ error }, 'an answer could not be sent');
        response.destroy();
      });
  }

  async #answer(request: IncomingMessage, response: ServerResponse, what: RouteRequest, expectsContinue: boolean): Promise<Answer | undefined> {
    const { port } = this.#options;
    const decided = route(what, port, this.#options);
    if (decided !== 'message') return decided;
    const limit = port.maxMessageBytes;
    const { remoteAddress } = request.socket;
    const announced = announcedLength(request) ?? 0;
    if (announced > limit) {
      this.#refusals.tooLarge(announced, limit, remoteAddress);
      return refuse('message-too-large', what, this.#options);
    }
    if (expectsContinue) response.writeContinue();
    const body = await readBody(request, { limit, budget: this.#budget, stallMs: this.#limits.stallMs });
    if ('failed' in body) {
      if (body.failed === 'aborted') return undefined;
      if (body.failed === 'too-large') this.#refusals.tooLarge(body.length, limit, remoteAddress);
      return refuse(FAILURES[body.failed], what, this.#options, body.failed === 'busy' ? { 'retry-after': '1' } : {});
    }
    try {
      const verdict = await port.message(body.bytes);
      return withHeaders(answerOf(verdict, what), corsHeaders(this.#options.corsOrigins, what.origin));
    } finally {
      this.#budget.give(body.bytes.length);
    }
  }
}

const FAILURES = { 'too-large': 'message-too-large', busy: 'http-busy', stalled: 'http-body-timeout' } as const satisfies Record<string, ErrorCode>;

/** Original clients get the original empty 200 for every verdict; who asks for problem documents gets the truth. */
function answerOf(verdict: Verdict, what: RouteRequest): Answer {
  if (!wantsProblems(what.accept)) return EMPTY;
  if (!verdict.accepted) return problem(verdict.code);
  return verdict.complete ? EMPTY : { ...EMPTY, status: 202 };
}

/** The path without its query, which can name a participant. */
function pathOf(what: RouteRequest): string {
  return what.target.split('?', 1)[0]!.slice(0, 200);
}

const UNPARSED: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Answers what is no HTTP, or came too slowly: an empty status, then the end of the connection. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket, connections: Connections): void {
  if (error.code === 'ECONNRESET' || !socket.writable || connections.answering(socket)) {
    socket.destroy();
    return;
  }
  socket.write(`HTTP/1.1 ${UNPARSED[error.code ?? ''] ?? '400 Bad Request'}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  socket.destroySoon();
}

const LISTEN_CODES: Readonly<Record<string, ErrorCode>> = {
  EADDRINUSE: 'api-port-in-use',
  EACCES: 'api-port-forbidden',
  EADDRNOTAVAIL: 'api-address-unavailable',
  ENOTFOUND: 'api-address-unavailable',
  EAFNOSUPPORT: 'api-address-unavailable',
};

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
      reject(new XaynetError(LISTEN_CODES[error.code ?? ''] ?? 'api-listen-failed', `${at}: ${error.code ?? error.message}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function close(server: Server, connections: Connections, closeMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    connections.endIdle();
  });
}
