// The agent's HTTP server, on loopback or a Unix socket: a guard at the door, one table of routes, every refusal a problem document.

import { chmodSync, existsSync, lstatSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { type Answer, type ApiRoute, listen, matchRoute, Refusal, refusalOf, send, splitTarget } from '@xaynet/coordinator/http';
import { ERRORS, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { boundConnections } from './connections.ts';
import { admit, corsOf, type GuardOptions } from './guard.ts';

/** Where to listen. */
export type Address = { readonly socket: string } | { readonly host: string; readonly portNumber: number };

/** A server that listens. */
export interface AgentServer {
  /** `http://127.0.0.1:PORT`, or `unix:PATH`. */
  readonly url: string;
  /** Ends streams, waits a moment for answers under way. */
  close(): Promise<void>;
}

/** Connections at a time, long polls and event streams among them. */
const CONNECTIONS = 64;
const CLOSE_MS = 2000;
const SENDING = { stallMs: 30_000, slowest: 16 * 1024, lingerMs: 200 };

/** Serves `routes`. Throws `api-…` and `agent-socket-invalid` when it cannot listen. `failed` is told of mistakes of this program. */
export async function serve(address: Address, guard: GuardOptions, routes: readonly ApiRoute[], failed: (error: unknown) => void): Promise<AgentServer> {
  const closing = new AbortController();
  const limits = { headersTimeout: 10_000, requestTimeout: 0, keepAliveTimeout: 5000, connectionsCheckingInterval: 1000 };
  const server = createServer(limits, (request, response) => {
    response.on('error', () => {});
    void answerOf(request, response, { guard, routes, closing: closing.signal, failed }).then((answer) => {
      if (answer !== 'handled') send(request, response, answer, { ...SENDING, close: closing.signal.aborted });
    });
  });
  boundConnections(server, CONNECTIONS);
  const url =
    'socket' in address ? await listenOnSocket(server, address.socket) : (await listen(server, address.host, address.portNumber, { setting: '--listen' })).url;
  server.on('error', failed);
  return { url, close: () => close(server, closing) };
}

interface Serving {
  readonly guard: GuardOptions;
  readonly routes: readonly ApiRoute[];
  readonly closing: AbortSignal;
  readonly failed: (error: unknown) => void;
}

/** One request to its answer; never rejects. */
async function answerOf(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<Answer | 'handled'> {
  const { guard, failed } = serving;
  const cors = corsOf(request.headers.origin, guard);
  let answer: Answer | 'handled';
  try {
    answer = await route(request, response, cors, serving);
  } catch (error) {
    if (!isXaynetError(error)) failed(error);
    answer = refusalOf(asRefusal(error));
  }
  return answer === 'handled' ? answer : { ...answer, headers: { ...answer.headers, ...cors } };
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  cors: Record<string, string>,
  { guard, routes, closing }: Serving,
): Promise<Answer | 'handled'> {
  const { method = '', headers, url = '' } = request;
  const { path, query } = splitTarget(url);
  const isPreflight = method === 'OPTIONS' && headers.origin !== undefined;
  admit(headers, guard, isPreflight);
  const found = matchRoute(routes, path);
  if (found === undefined) throw new Refusal('http-not-found', `/openapi.json lists the routes`);
  const allow = found.route.methods.join(', ');
  if (isPreflight) return preflight(allow);
  if (!found.route.methods.includes(method)) throw new Refusal('http-method-not-allowed', undefined, { allow });
  const what = {
    method,
    target: url,
    path,
    query,
    address: request.socket.remoteAddress ?? '',
    accept: headers.accept,
    ifNoneMatch: headers['if-none-match'],
    origin: headers.origin,
    cors,
    closing,
  };
  return await found.route.answer!({ what, path: found.path, query: new URLSearchParams(query), request, response });
}

function preflight(methods: string): Answer {
  const allowed = {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': 'authorization, content-type, if-none-match, last-event-id',
    'access-control-max-age': '600',
  };
  return { status: 204, headers: allowed };
}

/** With what it found: agent and app are of one user, so nothing needs to be kept from him. */
function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!isXaynetError(error)) return new Refusal('http-failed');
  const { sentence } = ERRORS[error.code];
  const found = error.message.startsWith(`${sentence} (`) ? error.message.slice(sentence.length + 2, -1) : undefined;
  return new Refusal(error.code, found);
}

/** As many bytes as the path of a socket can have on every system. */
const LONGEST_PATH = 100;

/** Listens on a socket that only this user can open; one that a killed agent left is replaced. */
async function listenOnSocket(server: Server, path: string): Promise<string> {
  const wrong = (what: string, cause?: unknown): XaynetError => new XaynetError('agent-socket-invalid', `${path}: ${what}`, { cause });
  if (process.platform !== 'win32' && Buffer.byteLength(path) > LONGEST_PATH) throw wrong(`${Buffer.byteLength(path)} bytes`);
  if (existsSync(path)) {
    if (!lstatSync(path).isSocket()) throw wrong('another file is there');
    if (await isServed(path)) throw new XaynetError('api-port-in-use', `--listen unix:${path}`);
    rmSync(path, { force: true });
  }
  const before = process.umask(0o177); // a socket is there before its mode could be changed
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(wrong(error.code ?? error.message, error)));
      server.listen(path, () => {
        server.removeAllListeners('error');
        resolve();
      });
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return `unix:${path}`;
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function close(server: Server, closing: AbortController): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    closing.abort();
    server.closeIdleConnections();
  });
}
