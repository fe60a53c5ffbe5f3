// The routes of the administrator, on an address of their own: a mistake in a proxy's configuration then cannot publish them. Every request
// needs the token; who guesses waits longer after each wrong guess, and a right token never waits for the wrong ones of others.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { ERRORS, type ErrorCode, isXaynetError } from '@xaynet/core/errors';
import { type Logger, SILENT_LOGGER } from '../log.ts';
import { type Answer, problem, send } from './answer.ts';
import { listen } from './listen.ts';
import { splitTarget } from './routes.ts';

/** One route of the administrator. Bodies are not read: what a route needs to know stands in its query. */
export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** For example `/admin/reload`. */
  readonly path: string;
  /** Answers; a throw of a coded error becomes its problem document, anything else 500. */
  handle(query: URLSearchParams): Answer | Promise<Answer>;
}

/** What {@link startAdmin} needs. */
export interface AdminOptions {
  /** Literal IP address and TCP port, 0 for any free one. */
  readonly host: string;
  readonly portNumber: number;
  readonly token: string;
  readonly routes: readonly AdminRoute[];
  readonly logger?: Logger | undefined;
  /** Wait after a first wrong token, in milliseconds; it doubles with each of an address, up to 64 times as long. */
  readonly delayMs?: number | undefined;
}

/** The admin routes, served. */
export interface AdminServer {
  readonly url: string;
  readonly host: string;
  readonly portNumber: number;
  /** Requests without the right token until now. */
  readonly failures: number;
  /** Stops accepting and ends connections after at most `closeMs` milliseconds (1000). */
  close(closeMs?: number): Promise<void>;
}

/** Wrong tokens that may wait for their answer at a time, and addresses that are remembered for them. */
const WAITING = 64;
const REMEMBERED = 1_000;
const DOUBLINGS = 6;

/** Serves `routes` and nothing else. Throws `api-…` when it cannot listen. */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const { logger = SILENT_LOGGER } = options;
  const guard = new Guard(options.token, options.delayMs ?? 250, logger);
  const given = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 1_000 };
  const server = createServer(given, (request, response) => {
    response.on('error', () => {});
    answerOf(request, guard, options)
      .catch((error: unknown) => {
        // What has a code is answered with it: mostly a mistake of who asks, and nothing for an operator to get up for.
        logger[isXaynetError(error) ? 'warn' : 'error']({ path: request.url?.split('?', 1)[0], error }, 'an admin request failed');
        return failure(error);
      })
      .then((answer) => send(request, response, answer, { close: false, stallMs: 10_000, slowest: 16 * 1024, lingerMs: 100 }))
      .catch(() => response.destroy());
  });
  server.maxConnections = 2 * WAITING;
  const bound = await listen(server, options.host, options.portNumber, { setting: 'admin.bind_address' });
  server.on('error', (error) => logger.error({ error }, 'the admin server reports an error'));
  let closed: Promise<void> | undefined;
  return {
    ...bound,
    get failures() {
      return guard.failures;
    },
    close: (closeMs = 1_000) => {
      closed ??= new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), closeMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      });
      return closed;
    },
  };
}

/** A JSON answer. */
export function json(value: unknown, status = 200): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': String(body.length) }, body };
}

async function answerOf(request: IncomingMessage, guard: Guard, { routes }: AdminOptions): Promise<Answer> {
  const refused = await guard.refusal(request.headers.authorization, request.socket.remoteAddress ?? '');
  if (refused !== undefined) return refused;
  const { path, query } = splitTarget(request.url ?? '');
  const known = routes.filter((route) => route.path === path);
  if (known.length === 0) return detailed('http-not-found', 404, `There are ${routes.map((route) => `${route.method} ${route.path}`).join(', ')}.`);
  const found = known.find(({ method }) => method === request.method);
  if (found === undefined) return problem('http-method-not-allowed', { allow: known.map(({ method }) => method).join(', ') });
  return await found.handle(new URLSearchParams(query));
}

function failure(error: unknown): Answer {
  if (!isXaynetError(error)) return problem('http-failed');
  // An administrator may know what the error knows: which file, which setting.
  return detailed(error.code, 422, error.message);
}

/** A problem document with a detail of its own. */
function detailed(code: ErrorCode, status: number, detail: string): Answer {
  const { headers, ...answer } = json({ type: `urn:xaynet:error:${code}`, title: ERRORS[code].sentence, status, detail, code }, status);
  return { ...answer, headers: { ...headers, 'content-type': 'application/problem+json' } };
}

/** Compares tokens and slows down those who guess. */
class Guard {
  readonly #token: Buffer;
  readonly #delayMs: number;
  readonly #logger: Logger;
  readonly #wrong: Map<string, number> = new Map();
  #waiting = 0;
  failures = 0;

  constructor(token: string, delayMs: number, logger: Logger) {
    this.#token = digest(token);
    this.#delayMs = delayMs;
    this.#logger = logger;
  }

  /** Undefined for the right token; otherwise the answer, after a while. */
  async refusal(authorization: string | undefined, address: string): Promise<Answer | undefined> {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    // Digests have one length, so that comparing them tells nothing of the token, not even its length.
    if (timingSafeEqual(digest(given ?? ''), this.#token) && given !== undefined) {
      this.#wrong.delete(address);
      return undefined;
    }
    this.failures++;
    const before = this.#wrong.get(address) ?? 0;
    this.#wrong.delete(address);
    this.#wrong.set(address, before + 1);
    if (this.#wrong.size > REMEMBERED) this.#wrong.delete(this.#wrong.keys().next().value!);
    if (before === 0 || this.failures % 100 === 0) this.#logger.warn({ remote: address, failures: this.failures }, 'an admin request without the right token');
    if (this.#waiting >= WAITING) return problem('http-rate-limited', { 'retry-after': '10' });
    this.#waiting++;
    await new Promise((resolve) => setTimeout(resolve, this.#delayMs * 2 ** Math.min(before, DOUBLINGS)));
    this.#waiting--;
    return problem('admin-unauthorized', { 'www-authenticate': 'Bearer realm="xaynet"' });
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
