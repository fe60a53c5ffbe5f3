// The five routes of the protocol as a decision: method, path and query in, answer out (coordinator 3.1-3.3). No socket is touched here;
// the one route that needs a body is handed back as 'message'. Refusals that differ from the reference are listed in `refuse`.

import { fromBase64, PublicSigningKey } from '@xaynet/core/bytes';
import { type ErrorCode, isXaynetError } from '@xaynet/core/errors';
import { type Answer, document, NO_DOCUMENT, notModified, problem, refusal, wantsProblems } from './answer.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { etagOf, matchesEtag } from './etag.ts';
import type { HttpPort } from './port.ts';

/** What of a request decides about the answer. */
export interface RouteRequest {
  readonly method: string;
  /** Path and query as they stand in the request line, undecoded. */
  readonly target: string;
  readonly accept?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly origin?: string | undefined;
}

/** Settings of the routes. */
export interface RouteOptions {
  /** Web origins that may read answers: `*` for all, none to switch CORS off. */
  readonly corsOrigins: readonly string[];
  /** True answers wrong methods, HEAD, OPTIONS and a missing `pk` with 500 as the reference does. */
  readonly statusCodes: boolean;
}

const GET = ['GET', 'HEAD'] as const;
const POST = ['POST'] as const;
const OCTETS = 'application/octet-stream';

type Document = { readonly body: Uint8Array | undefined; readonly type?: string };
type Route = { readonly methods: readonly string[]; readonly document?: (port: HttpPort, query: string) => Document | ErrorCode };

/** Answers to be given again and again: of one document, with one set of headers beside its own. */
interface Prepared {
  readonly cors: Readonly<Record<string, string>>;
  readonly whole: Answer;
  readonly notModified: Answer;
}
const PREPARED = new WeakMap<Uint8Array, Prepared>();

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/message', { methods: POST }],
  ['/params', { methods: GET, document: (port) => ({ body: port.params() }) }],
  ['/sums', { methods: GET, document: (port) => ({ body: port.sums(), type: OCTETS }) }],
  ['/seeds', { methods: GET, document: seeds }],
  ['/model', { methods: GET, document: (port) => ({ body: port.model() }) }],
]);

/** True for the path of one of the five routes. */
export function isProtocolPath(path: string): boolean {
  return ROUTES.has(path);
}

/** Answers a request, hands back 'message' when it is a message whose body is to be read, and 'unknown' when the path is none of the five. */
export function route(request: RouteRequest, port: HttpPort, options: RouteOptions): Answer | 'message' | 'unknown' {
  // Nearly all requests name a path and nothing else; only the others are taken apart.
  let found = ROUTES.get(request.target);
  let query = '';
  if (found === undefined) {
    const target = splitTarget(request.target);
    found = ROUTES.get(target.path);
    query = target.query;
  }
  if (found === undefined) return 'unknown';
  const { method } = request;
  if (method === 'GET' ? found.document === undefined : !found.methods.includes(method) || (options.statusCodes && method === 'HEAD')) {
    return otherMethod(found.methods, request, options);
  }
  if (port.starting === true) return refuse('round-resuming', request, options, { 'retry-after': '1' });
  if (found.document === undefined) return 'message';
  // Who may not know any more what holds says nothing, rather than something old.
  const unavailable = port.mayBeStale === true ? port.unavailable?.() : undefined;
  if (unavailable !== undefined) return refuse(unavailable.code, request, options, { 'retry-after': String(Math.max(1, Math.ceil(unavailable.retryAfter))) });
  const read = found.document(port, query);
  if (typeof read === 'string') return refuse(read, request, options);
  return serve(read, request, port, corsHeaders(options.corsOrigins, request.origin));
}

/** Answers a method that a route does not know: a preflight, or a refusal that names those it knows. */
export function otherMethod(known: readonly string[], request: RouteRequest, options: RouteOptions): Answer {
  const cors = options.corsOrigins.length > 0 && !options.statusCodes;
  const methods = cors ? [...known, 'OPTIONS'] : known;
  if (cors && request.method === 'OPTIONS') {
    return { status: 204, headers: { allow: methods.join(', '), ...corsHeaders(options.corsOrigins, request.origin), ...preflightHeaders(methods) } };
  }
  return refuse('http-method-not-allowed', request, options, { allow: methods.join(', ') });
}

/** A document says which round it is of, so that nobody puts those of two rounds together without noticing (weakness W-40). */
function serve({ body, type }: Document, request: RouteRequest, port: HttpPort, cors: Readonly<Record<string, string>>): Answer {
  if (body === undefined) return withHeaders(NO_DOCUMENT, cors);
  const etag = etagOf(body);
  let prepared = PREPARED.get(body);
  if (prepared?.cors !== cors) {
    const round = port.roundOf?.(body);
    const more = round === undefined ? cors : { ...cors, 'x-round-id': String(round) };
    prepared = { cors, whole: withHeaders(document(body, etag, type), more), notModified: withHeaders(notModified(etag), more) };
    PREPARED.set(body, prepared);
  }
  return matchesEtag(request.ifNoneMatch, etag) ? prepared.notModified : prepared.whole;
}

/** The seeds for the one `pk` of the query: standard base64 of 32 bytes, form-decoded, so that a bare `+` is a space and is refused. */
function seeds(port: HttpPort, query: string): Document | ErrorCode {
  const given = new URLSearchParams(query).getAll('pk');
  if (given.length !== 1) return 'http-pk-missing';
  try {
    return { body: port.seeds(PublicSigningKey(fromBase64(given[0]!))), type: OCTETS };
  } catch (error) {
    if (isXaynetError(error, 'decode-base64') || isXaynetError(error, 'length-mismatch')) return error.code;
    throw error;
  }
}

// Where the reference answers 500, its own clients treat every 4xx and 5xx alike, so the truth is compatible.
const REFERENCE_500: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['http-method-not-allowed', 'http-pk-missing']);

/** A refusal: empty as the reference words it, or a problem document for a client that asks for one. */
export function refuse(code: ErrorCode, request: RouteRequest, options: RouteOptions, headers: Readonly<Record<string, string>> = {}): Answer {
  const cors = corsHeaders(options.corsOrigins, request.origin);
  const reference = options.statusCodes && REFERENCE_500.has(code);
  const found = problem(code, headers, reference ? 500 : undefined);
  const answer = wantsProblems(request.accept) ? found : refusal(found.status, reference ? {} : headers);
  return withHeaders(answer, cors);
}

/** `answer` with more headers. */
export function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

/** Path, without one trailing slash, and query of a request target; the absolute form that proxies send is understood. */
export function splitTarget(target: string): { path: string; query: string } {
  const local = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  const path = mark < 0 ? local : local.slice(0, mark);
  return { path: path.length > 2 && path.endsWith('/') && !path.endsWith('//') ? path.slice(0, -1) : path, query: mark < 0 ? '' : local.slice(mark + 1) };
}
