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

const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/message', { methods: POST }],
  ['/params', { methods: GET, document: (port) => ({ body: port.params() }) }],
  ['/sums', { methods: GET, document: (port) => ({ body: port.sums(), type: OCTETS }) }],
  ['/seeds', { methods: GET, document: seeds }],
  ['/model', { methods: GET, document: (port) => ({ body: port.model() }) }],
]);

/** Answers a request, or hands back 'message' when it is a message whose body is to be read. */
export function route(request: RouteRequest, port: HttpPort, options: RouteOptions): Answer | 'message' {
  const { path, query } = splitTarget(request.target);
  const found = ROUTES.get(path) ?? ROUTES.get(path.replace(/(?<=[^/])\/$/, ''));
  if (found === undefined) return refuse('http-not-found', request, options);
  const cors = options.corsOrigins.length > 0 && !options.statusCodes;
  const methods = cors ? [...found.methods, 'OPTIONS'] : found.methods;
  if (cors && request.method === 'OPTIONS') {
    return { status: 204, headers: { allow: methods.join(', '), ...corsHeaders(options.corsOrigins, request.origin), ...preflightHeaders(methods) } };
  }
  if (!found.methods.includes(request.method) || (options.statusCodes && request.method === 'HEAD')) {
    return refuse('http-method-not-allowed', request, options, { allow: methods.join(', ') });
  }
  if (found.document === undefined) return 'message';
  const read = found.document(port, query);
  if (typeof read === 'string') return refuse(read, request, options);
  return withHeaders(serve(read, request), corsHeaders(options.corsOrigins, request.origin));
}

function serve({ body, type }: Document, request: RouteRequest): Answer {
  if (body === undefined) return NO_DOCUMENT;
  const etag = etagOf(body);
  return matchesEtag(request.ifNoneMatch, etag) ? notModified(etag) : document(body, etag, type);
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

/** Path and query of a request target; the absolute form that proxies send is understood. */
function splitTarget(target: string): { path: string; query: string } {
  const local = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  return mark < 0 ? { path: local, query: '' } : { path: local.slice(0, mark), query: local.slice(mark + 1) };
}
