// The HTTP server: node:http around the five routes, with limits on everything a stranger can hold open. node:http and not a framework,
// because the answers are frozen byte for byte (no content type here, no content-length there) and a framework's defaults would have to be undone.

import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Buffers } from '../buffers.ts';
import { type Logger, SILENT_LOGGER } from '../log.ts';
import { type Meter, SILENT_METER } from '../meter.ts';
import { type AddressBudgets, AddressLimits, NO_BUDGETS } from './address-limits.ts';
import type { ApiRoutes } from './api-port.ts';
import { type ClientRules, Clients } from './clients.ts';
import { Connections } from './connections.ts';
import { HTTP_LIMITS, type HttpLimits } from './limits.ts';
import { listen } from './listen.ts';
import type { HttpPort } from './port.ts';
import { type Answered, Service } from './service.ts';
import { readTls, type TlsFiles } from './tls.ts';

/** What one address may do, and which address a request is of. */
export interface AddressRules extends AddressBudgets, ClientRules {}

/** No limits by address, no proxies. */
export const NO_ADDRESS_RULES: AddressRules = { ...NO_BUDGETS, trustedProxies: [], exemptAddresses: [] };

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
  /** Routes beside those of the protocol. */
  readonly api?: ApiRoutes | undefined;
  /** With it the server speaks HTTPS only. */
  readonly tls?: TlsFiles | undefined;
  /** Nobody is limited by address when left out. */
  readonly addresses?: AddressRules | undefined;
  readonly logger?: Logger | undefined;
  /** Told how long bodies take (`receive`). */
  readonly meter?: Meter | undefined;
  /** Told of every answer. */
  readonly answered?: ((what: Answered) => void) | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Where the memory of bodies comes from; who takes them gives it back there. Made anew each time when left out. */
  readonly buffers?: Buffers | undefined;
  /** Milliseconds that never run backwards, for the limits by address. */
  readonly now?: (() => number) | undefined;
}

/** A server that listens. */
export interface HttpServer {
  /** Where to reach it, for example `http://127.0.0.1:8081`; a wildcard address is given as loopback. */
  readonly url: string;
  readonly host: string;
  readonly portNumber: number;
  /** Connections open now. */
  readonly connections: number;
  /** Other limits by address from now on. Throws a RangeError for a text that is no address or range. */
  setAddressRules(rules: AddressRules): void;
  /**
   * Reads the files of TLS again, for the handshakes to come; open connections stay. Returns notices for the operator; throws `tls-…`, and
   * then the old certificate stays. Does nothing without TLS.
   */
  reloadTls(): readonly string[];
  /** SHA-256 of the TLS files in force, so that a reload can tell whether they changed; undefined without TLS. */
  readonly tlsFingerprint: string | undefined;
  /** Stops accepting, ends idle connections, waits a bounded time for requests under way. Can be called again. */
  close(): Promise<void>;
}

/**
 * Listens and serves the routes of coordinator 3.1. Throws `tls-…` for files that cannot be used, before it binds anything, and
 * `api-port-in-use`, `api-port-forbidden`, `api-address-unavailable` or `api-listen-failed` when it cannot listen.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { addresses = NO_ADDRESS_RULES, logger = SILENT_LOGGER, port, tls } = options;
  const limits = { ...HTTP_LIMITS, ...options.limits };
  let clients = new Clients(addresses);
  const addressLimits = new AddressLimits(addresses, { largest: () => port.maxMessageBytes, now: options.now });
  const connections = new Connections({ limits: addressLimits, clients: () => clients, most: limits.connections });
  const closing = new AbortController();
  const service = new Service({
    ...options,
    api: options.api,
    answered: options.answered,
    logger,
    meter: options.meter ?? SILENT_METER,
    limits,
    addressLimits,
    clients: () => clients,
    connections,
    closing: closing.signal,
  });
  const server = makeServer(limits, tls, logger);
  accept(server, connections, tls !== undefined, logger);
  server.on('request', (request, response: ServerResponse) => service.request(request, response, false));
  server.on('checkContinue', (request, response: ServerResponse) => service.request(request, response, true));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseUnparsed(error, socket as Socket, connections));
  const bound = await listen(server, options.host, options.portNumber, { scheme: tls === undefined ? 'http' : 'https' });
  server.on('error', (error) => logger.error({ error }, 'the HTTP server reports an error'));
  let closed: Promise<void> | undefined;
  let { tlsFingerprint } = server;
  return {
    ...bound,
    get tlsFingerprint() {
      return tlsFingerprint;
    },
    get connections() {
      return connections.open;
    },
    setAddressRules: (rules) => {
      clients = new Clients(rules);
      addressLimits.budgets = rules;
    },
    reloadTls: () => {
      if (tls === undefined) return [];
      const { context, notices, fingerprint } = readTls(tls);
      (server as TlsServer).setSecureContext(context);
      tlsFingerprint = fingerprint;
      return notices;
    },
    close: () => {
      closed ??= close(server, connections, limits.closeMs);
      closing.abort();
      return closed;
    },
  };
}

function makeServer(limits: HttpLimits, tls: TlsFiles | undefined, logger: Logger): (Server | TlsServer) & { tlsFingerprint: string | undefined } {
  const given = {
    headersTimeout: limits.headersMs,
    requestTimeout: 0, // bodies have a slowest pace instead: what is long enough for one length of model is too short for another
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
    noDelay: true,
  };
  let server: Server | TlsServer;
  let tlsFingerprint: string | undefined;
  if (tls === undefined) server = createServer(given);
  else {
    const { context, notices, fingerprint } = readTls(tls);
    tlsFingerprint = fingerprint;
    for (const notice of notices) logger.warn({}, notice);
    const ask = tls.clientAuth !== undefined;
    server = createTlsServer({ ...given, ...context, requestCert: ask, rejectUnauthorized: ask, handshakeTimeout: limits.headersMs, allowHalfOpen: true });
  }
  // A client may close its sending half once it has said everything; without this it would never hear the answer.
  return Object.assign(server, { httpAllowHalfOpen: true, tlsFingerprint });
}

const TOO_MANY = 'HTTP/1.1 429 Too Many Requests\r\nretry-after: 10\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

/** Counts connections as they come, and turns away those for which there is no room. */
function accept(server: Server | TlsServer, connections: Connections, encrypted: boolean, logger: Logger): void {
  let told = false;
  server.on('connection', (socket: Socket) => {
    const arrival = connections.arrived(socket);
    if (arrival === 'open') {
      if (encrypted) connections.shaking(socket);
      return;
    }
    if (arrival === 'too many of the address') {
      logger.debug({ remote: socket.remoteAddress }, 'too many connections of one address: the new one is turned away');
      if (encrypted) socket.destroy();
      else socket.write(TOO_MANY, () => socket.destroySoon());
      return;
    }
    if (!told) logger.warn({ connections: connections.open }, 'too many connections: new ones are turned away');
    told = true;
    socket.destroy();
  });
  if (!encrypted) return;
  server.on('secureConnection', (socket: Socket) => connections.secured(socket));
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    logger.debug({ remote: socket.remoteAddress, code: error.code ?? error.message }, 'a client could not shake hands');
    socket.destroy();
  });
}

const UNPARSED: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Answers what is no HTTP, or came too slowly: an empty status, then the end of the connection. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket, connections: Connections): void {
  if (error.code !== 'ECONNRESET' && socket.writable && connections.endAfterAnswers(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable || connections.answering(socket)) {
    socket.destroy();
    return;
  }
  socket.write(`HTTP/1.1 ${UNPARSED[error.code ?? ''] ?? '400 Bad Request'}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  socket.destroySoon();
}

function close(server: Server | TlsServer, connections: Connections, closeMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    connections.endIdle();
  });
}
