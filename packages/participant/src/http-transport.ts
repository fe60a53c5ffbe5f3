// The five requests of PET over `fetch` (participant 2). It keeps nothing of a participant, so one transport serves any number of them; only
// the last documents, to ask whether they changed. In pages all requests are "simple" in the sense of CORS: no preflight (participant 2.7).

import type { PublicSigningKey } from '@xaynet/core/bytes';
import { toBase64 } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { RoundParams, SumDict, UpdateSeedDict } from '@xaynet/core/round';
import { decodeRoundParams, decodeSumDict, decodeUpdateSeedDict, type PublishedModel, readModel } from '@xaynet/core/round';
import { abortController } from './abort.ts';
import { BaseUrl, isSecureUrl } from './base-url.ts';
import { systemClock } from './clock.ts';
import { discardBody, type FetchResponse, readBody } from './http-body.ts';
import { KeptDocuments } from './kept-documents.ts';
import type { Clock, Transport, Verdict } from './ports.ts';
import { RequestTimer, type RequestTimes } from './request-time.ts';
import { errorOf, wordsOf } from './thrown.ts';
import { TransportError } from './transport-error.ts';
import { ASKING, verdictOf } from './verdict.ts';

/** What this package asks of a `fetch` function; that of every platform fits. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

/** The request options this package uses. */
export interface FetchRequest {
  method: 'GET' | 'POST';
  body?: Uint8Array<ArrayBuffer>;
  /** `accept` and `if-none-match`. A fetch that leaves them out gets no verdicts, and whole documents each time. */
  headers?: Readonly<Record<string, string>>;
  cache: 'no-store' | 'no-cache';
  redirect: 'follow' | 'manual' | 'error';
  signal: AbortSignal;
}

/** How to reach a coordinator. */
export interface HttpOptions {
  /** Base URL, for example `https://coordinator.example/pet`; requests go to `params`, `sums`, … below it. */
  readonly url: string;
  /** Default: the platform's `fetch`. In Node, `nodeFetch` of `@xaynet/participant/node` has certificates of one's own and pins. */
  readonly fetch?: Fetch | undefined;
  /** Allow plain HTTP to other machines. Whoever is on the way can then read the models (threats T2). Default false. */
  readonly allowInsecure?: boolean | undefined;
  /** Milliseconds without any answer, or between two pieces of one, after which a request is given up. Default 30 000. */
  readonly timeout?: number | undefined;
  /**
   * Milliseconds after which a GET is given up, redirections included, however lively it is; each byte of the body that arrived
   * adds its time at `minRate`, so a large model may take long but an answer that drips may not. Default: twice `timeout`.
   */
  readonly deadline?: number | undefined;
  /** Slowest rate that is waited for, in bytes a second, down and up: a POST may take `timeout` and its bytes at this rate. Default 16 000. */
  readonly minRate?: number | undefined;
  /** Ask what became of messages, see {@link Verdict}. False: look like an original client. Default true. */
  readonly verdicts?: boolean | undefined;
  /**
   * Ask for documents only if they changed (ETag). `page`: by way of the HTTP cache of the browser, because a header would cost a
   * preflight; `header`: with `If-None-Match`, keeping the last documents of 8 MiB or less in memory; `never`: fetch them whole, which no
   * coordinator can use to recognise a participant (threats T15). Default: `never` with `freshKeys`, else `page` in pages and their
   * workers, else `header`.
   */
  readonly revalidate?: 'page' | 'header' | 'never' | undefined;
  /** Default: the platform's clock. */
  readonly clock?: Clock | undefined;
}

/** Parameters are 136 bytes; whatever is larger than this is no answer of PET. */
const MAX_PARAMS_BYTES = 4096;
/** Without a limit from the caller, who knows the round: what a transport used on its own accepts. */
const MAX_BYTES = 2 ** 30;
/** As many redirections of a GET as the original follows (participant 2.3). */
const MAX_REDIRECTS = 10;

/** A coordinator that wants to be left alone for longer is asked after a minute anyway: nothing it says stops a participant. */
const MAX_RETRY_AFTER = 60_000;

/**
 * Talks to a coordinator over HTTP (participant 2).
 *
 * Throws from the constructor: `transport-url`; `transport-insecure` for plain HTTP to anything but loopback without
 * `allowInsecure`; `option-invalid` without any `fetch`. Methods reject with a {@link TransportError}, whose `code` is
 * `transport-unreachable`, `transport-timeout`, `transport-status` (with `status`),
 * `transport-busy` (503 or 429 with Retry-After; `retryAfter` in milliseconds), `transport-redirect`,
 * `transport-insecure`, `transport-not-pet` (the answer does not decode) or `transport-too-large`; or with the signal's reason.
 * @example
 * ```ts
 * import { HttpTransport } from '@xaynet/participant';
 * const transport = new HttpTransport({ url: 'http://127.0.0.1:8081' });
 * const model = await transport.model().catch((error) => error.code); // undefined, a model, or 'transport-unreachable'
 * ```
 */
export class HttpTransport implements Transport {
  readonly #base: BaseUrl;
  readonly #fetch: Fetch;
  readonly #allowInsecure: boolean;
  readonly #times: RequestTimes;
  readonly #clock: Clock;
  readonly #verdicts: boolean;
  readonly #cache: 'no-store' | 'no-cache';
  readonly #kept: KeptDocuments | undefined;

  constructor(options: HttpOptions) {
    this.#base = new BaseUrl(options.url);
    this.#allowInsecure = options.allowInsecure ?? false;
    if (!this.#base.secure && !this.#allowInsecure) throw new XaynetError('transport-insecure', options.url);
    const platform = typeof fetch === 'undefined' ? undefined : (fetch as Fetch);
    if (options.fetch === undefined && platform === undefined)
      throw new XaynetError('option-invalid', 'fetch: this runtime has none, pass one, or a transport');
    this.#fetch = options.fetch ?? ((url, request) => platform!(url, request));
    this.#times = timesOf(options);
    this.#clock = options.clock ?? systemClock;
    this.#verdicts = options.verdicts ?? true;
    const revalidate = options.revalidate ?? (typeof location === 'undefined' ? 'header' : 'page');
    this.#cache = revalidate === 'page' ? 'no-cache' : 'no-store';
    this.#kept = revalidate === 'header' ? new KeptDocuments() : undefined;
  }

  /** `GET /params` (wire 7.3). A 204 is an error: there always is a round (participant 2.3). */
  async params(signal?: AbortSignal): Promise<RoundParams> {
    const url = this.#base.at('params');
    const params = await this.#get(url, MAX_PARAMS_BYTES, decodeRoundParams, signal);
    if (params === undefined) throw new TransportError('transport-status', `GET ${url} answered 204, parameters are never absent`, { url, status: 204 });
    return params;
  }

  /** `GET /sums` (wire 7.3); undefined for 204. */
  sums(signal?: AbortSignal, maxBytes: number = MAX_BYTES): Promise<SumDict | undefined> {
    return this.#get(this.#base.at('sums'), maxBytes, decodeSumDict, signal);
  }

  /** `GET /seeds?pk=…` (wire 7.1, 7.3); undefined for 204. */
  seeds(participant: PublicSigningKey, signal?: AbortSignal, maxBytes: number = MAX_BYTES): Promise<UpdateSeedDict | undefined> {
    const pk = toBase64(participant).replaceAll('+', '%2B').replaceAll('/', '%2F').replaceAll('=', '%3D');
    return this.#get(this.#base.at('seeds', `pk=${pk}`), maxBytes, decodeUpdateSeedDict, signal, false);
  }

  /** `GET /model` (wire 7.3); undefined for 204. */
  model(signal?: AbortSignal, maxBytes: number = MAX_BYTES): Promise<PublishedModel | undefined> {
    return this.#get(this.#base.at('model'), maxBytes, readModel, signal);
  }

  /**
   * `POST /message`. Every 2xx is a delivery, with the verdict that the coordinator gives; so is a final refusal. A redirection is never
   * followed, because a POST would become a GET without body and count as sent (quirk Q-11).
   */
  async send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined> {
    const url = this.#base.at('message');
    return this.#request(signal, url, async (abort, timer) => {
      timer.sending(bytes.length);
      const headers = this.#verdicts ? ASKING : {};
      const body = bytes as Uint8Array<ArrayBuffer>;
      const response = await this.#fetch(url, { method: 'POST', headers, body, cache: 'no-store', redirect: 'error', signal: abort });
      const { status } = response;
      const verdict = await verdictOf(response);
      if ((status < 200 || status > 299) && (verdict === undefined || !this.#verdicts)) throw statusError('POST', url, response);
      return this.#verdicts ? verdict : undefined;
    });
  }

  #get<T>(url: string, maxBytes: number, decode: (bytes: Uint8Array) => T, signal: AbortSignal | undefined, keep = true): Promise<T | undefined> {
    const kept = keep ? this.#kept : undefined;
    return this.#request(signal, url, async (abort, timer) => {
      timer.received(0);
      const request = { headers: kept?.asking(url) ?? {}, cache: keep ? this.#cache : 'no-store', signal: abort };
      const response = await this.#follow(url, request);
      timer.received(0);
      const { status } = response;
      let bytes = kept?.unchanged(url, response, request.headers);
      if (status !== 200) await discardBody(response);
      if (bytes === undefined && status !== 200) {
        if (status === 204) return undefined;
        throw statusError('GET', url, response);
      }
      bytes ??= await readBody(response, maxBytes, timer);
      if (bytes === undefined || bytes.length > maxBytes)
        throw new TransportError('transport-too-large', `GET ${url} answered more than ${maxBytes} bytes`, { url, status });
      try {
        const decoded = decode(bytes);
        kept?.keep(url, response, bytes);
        return decoded;
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new TransportError('transport-not-pet', `GET ${url} answered ${bytes.length} bytes that do not decode: ${why}`, { url, status, cause });
      }
    });
  }

  /**
   * GET, following redirections one by one, so that none leads through plain HTTP. Where the platform hides them (browsers),
   * it follows them itself, and at least the last URL is checked.
   */
  async #follow(url: string, request: Pick<FetchRequest, 'headers' | 'cache' | 'signal'>): Promise<FetchResponse> {
    let at = url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      let response = await this.#fetch(at, { method: 'GET', ...request, redirect: 'manual' });
      if (response.type === 'opaqueredirect') response = await this.#fetch(at, { method: 'GET', ...request, redirect: 'follow' });
      if (response.redirected === true) this.#allow(response.url, url);
      const location = isRedirect(response.status) ? response.headers.get('location') : null;
      if (location === null) return response;
      await discardBody(response);
      at = resolveUrl(at, location);
      this.#allow(at, url);
    }
    throw new TransportError('transport-redirect', `GET ${url} was redirected more than ${MAX_REDIRECTS} times`, { url });
  }

  #allow(target: string, url: string): void {
    if (!this.#allowInsecure && !isSecureUrl(target)) throw new TransportError('transport-insecure', `GET ${url} was redirected to ${target}`, { url });
  }

  /**
   * Runs a request under the caller's signal and its times, and turns what the platform throws into coded errors. It does not
   * wait for a `fetch` that takes no notice of its signal.
   */
  async #request<T>(signal: AbortSignal | undefined, url: string, run: (abort: AbortSignal, timer: RequestTimer) => Promise<T>): Promise<T> {
    if (signal?.aborted) throw signal.reason;
    const controller = abortController();
    let giveUp: (error: unknown) => void;
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    const abort = (): void => {
      controller.abort(signal?.reason);
      giveUp(signal?.reason);
    };
    signal?.addEventListener('abort', abort);
    let late: TransportError | undefined;
    const timer = new RequestTimer(this.#clock, this.#times, (why) => {
      late = new TransportError('transport-timeout', `${url}: ${why}`, { url });
      controller.abort();
      giveUp(late);
    });
    try {
      return await Promise.race([run(controller.signal, timer), givenUp]);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (late !== undefined) throw late;
      const known = errorOf(error, XaynetError);
      if (known !== undefined) throw known;
      const reason = reasonOf(error);
      if (/redirect/i.test(reason)) throw new TransportError('transport-redirect', `${url}: ${reason}`, { url, cause: error });
      throw new TransportError('transport-unreachable', `${url}: ${reason}${corsHint(url)}`, { url, cause: error });
    } finally {
      timer.end();
      signal?.removeEventListener('abort', abort);
    }
  }
}

/** The times of the options; throws `option-invalid`. */
function timesOf(options: HttpOptions): RequestTimes {
  const positive = (name: keyof RequestTimes, fallback: number): number => {
    const value = options[name] ?? fallback;
    if (!(value > 0 && value < Infinity)) throw new XaynetError('option-invalid', `${name}: a number above 0 expected, ${value} given`);
    return value;
  };
  const timeout = positive('timeout', 30_000);
  return { timeout, deadline: positive('deadline', 2 * timeout), minRate: positive('minRate', 16_000) };
}

function statusError(method: string, url: string, response: FetchResponse): TransportError {
  const { status } = response;
  const retryAfter = status === 503 || status === 429 ? retryAfterOf(response) : undefined;
  if (retryAfter !== undefined)
    return new TransportError('transport-busy', `${method} ${url} answered ${status}, again in ${Math.ceil(retryAfter / 1000)} s`, { url, status, retryAfter });
  const code = isRedirect(status) ? 'transport-redirect' : 'transport-status';
  return new TransportError(code, `${method} ${url} answered ${status}`, { url, status });
}

/** What `Retry-After` says in seconds, as milliseconds; a date, which coordinators of this project never send, counts as a second. */
function retryAfterOf({ headers }: FetchResponse): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  return /^\d+$/.test(text) ? Math.min(1000 * Number(text), MAX_RETRY_AFTER) : 1000;
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/** `location` seen from `base`: absolute, or a path. Enough for redirections, and without `URL`, which some engines lack. */
function resolveUrl(base: string, location: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return location;
  const [origin, scheme] = /^([^:]+:)\/\/[^/?#]+/.exec(base)! as unknown as [string, string];
  if (location.startsWith('//')) return scheme + location;
  if (location.startsWith('/')) return origin + location;
  const path = base.slice(origin.length).replace(/[?#].*$/, '');
  return `${origin}${path.slice(0, path.lastIndexOf('/') + 1) || '/'}${location}`;
}

/** What the platform says about a failed request: the innermost cause, where Node for example hides "ECONNREFUSED". */
function reasonOf(error: unknown): string {
  let at = errorOf(error, Error);
  for (let cause = at; cause !== undefined; cause = errorOf(cause.cause, Error)) at = cause;
  if (at === undefined) return wordsOf(error);
  const { code } = at as { code?: unknown };
  return at.message !== '' ? at.message : typeof code === 'string' ? code : at.name;
}

/** A request that a browser forbids its page fails there as if nobody answered; what forbids it is a setting of the coordinator. */
function corsHint(url: string): string {
  const origin = typeof location === 'undefined' ? undefined : location.origin;
  return origin === undefined || url.startsWith(`${origin}/`) ? '' : `, or the coordinator does not allow pages of ${origin}: its setting api.cors_origins`;
}
