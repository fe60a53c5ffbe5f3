// What the HTTP server asks of routes beside the five of the protocol. The server does for them what it does for its own: limits, 405 and
// preflights, CORS headers, problem documents, the log line; a route only says what it answers, or writes a stream itself.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import type { RouteRequest } from './routes.ts';

/** A request for one of these routes. */
export interface ApiRequest extends RouteRequest {
  /** Path without query, undecoded, without one trailing slash. */
  readonly path: string;
  /** What follows the `?`, undecoded; empty when nothing does. */
  readonly query: string;
  /** Address of the client, as proxies that are trusted say it; normalised. */
  readonly address: string;
  /** CORS headers of the answer. The server adds them to an {@link Answer}; who writes the response itself sends them too. */
  readonly cors: Readonly<Record<string, string>>;
  /** Aborts when the server closes: streams end then. */
  readonly closing: AbortSignal;
}

/** Routes beside those of the protocol. */
export interface ApiRoutes {
  /** The methods that a path knows, `GET` meaning `HEAD` too only when it is named; undefined: there is no such route. */
  methods(path: string): readonly string[] | undefined;
  /**
   * Answers a request whose path and method it knows; `'handled'`: it writes the response itself, and ends it when the client goes away or
   * `closing` aborts. The body of a HEAD is left out by the server. A throw is logged and answered 500.
   */
  answer(what: ApiRequest, request: IncomingMessage, response: ServerResponse): Answer | 'handled' | Promise<Answer | 'handled'>;
}
