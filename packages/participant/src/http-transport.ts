// The five requests of PET over `fetch` (participant 2). Stateless: one transport serves any number of participants. All
// requests are "simple" in the sense of CORS (no headers of our own), so a browser sends no preflight (participant 2.7).

import type { PublicSigningKey } from '@xaynet/core/bytes';
import { toBase64 } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { RoundParams, SumDict, UpdateSeedDict } from '@xaynet/core/round';
import { decodeRoundParams, decodeSumDict, decodeUpdateSeedDict, type PublishedModel, readModel } from '@xaynet/core/round';
import { BaseUrl, isSecureUrl } from './base-url.ts';
import { systemClock } from './clock.ts';
import { discardBody, type FetchResponse, readBody } from './http-body.ts';
import type { Clock, Transport } from './ports.ts';
import { RequestTimer, type RequestTimes } from './request-time.ts';
import { TransportError } from './transport-error.ts';

/** What this package asks of a `fetch` function; that of every platform fits. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

/** The request options this package uses. */
export interface FetchRequest {
  method: 'GET' | 'POST';
  body?: Uint8Array<ArrayBuffer>;
  cache: 'no-store';
  redirect: 'follow' | 'manual' | 'error';
  signal: AbortSignal;
}

/** How to reach a coordinator. */
export interface HttpOptions {
  /** Base URL, for example `https://coordinator.example/pet`; requests go to `params`, `sums`, … below it. */
  readonly url: string;
  /** Default: the platform's `fetch`. In Node, pass one bound to a dispatcher for a proxy, own certificates or a client certificate. */
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
    return this.#get(this.#base.at('seeds', `pk=${pk}`), maxBytes, decodeUpdateSeedDict, signal);
  }

  /** `GET /model` (wire 7.3); undefined for 204. */
  model(signal?: AbortSignal, maxBytes: number = MAX_BYTES): Promise<PublishedModel | undefined> {
    return this.#get(this.#base.at('model'), maxBytes, readModel, signal);
  }

  /**
   * `POST /message`. Every 2xx is a delivery; a redirection is never followed, because a POST would become a GET without body
   * and count as sent (quirk Q-11).
   */
  async send(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const url = this.#base.at('message');
    await this.#request(signal, url, async (abort, timer) => {
      timer.sending(bytes.length);
      const response = await this.#fetch(url, { method: 'POST', body: bytes as Uint8Array<ArrayBuffer>, cache: 'no-store', redirect: 'error', signal: abort });
      await discardBody(response);
      if (response.status < 200 || response.status > 299) throw statusError('POST', url, response);
    });
  }

  #get<T>(url: string, maxBytes: number, decode: (bytes: Uint8Array) => T, signal: AbortSignal | undefined): Promise<T | undefined> {
    return this.#request(signal, url, async (abort, timer) => {
      timer.received(0);
      const response = await this.#follow(url, abort);
      timer.received(0);
      const { status } = response;
      if (status !== 200) {
        await discardBody(response);
        if (status === 204) return undefined;
        throw statusError('GET', url, response);
      }
      const bytes = await readBody(response, maxBytes, timer);
      if (bytes === undefined) throw new TransportError('transport-too-large', `GET ${url} answered more than ${maxBytes} bytes`, { url, status });
      try {
        return decode(bytes);
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
  async #follow(url: string, signal: AbortSignal): Promise<FetchResponse> {
    let at = url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      let response = await this.#fetch(at, { method: 'GET', cache: 'no-store', redirect: 'manual', signal });
      if (response.type === 'opaqueredirect') response = await this.#fetch(at, { method: 'GET', cache: 'no-store', redirect: 'follow', signal });
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
    const controller = new AbortController();
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
      if (error instanceof XaynetError) throw error;
      const reason = reasonOf(error);
      throw new TransportError(/redirect/i.test(reason) ? 'transport-redirect' : 'transport-unreachable', `${url}: ${reason}`, { url, cause: error });
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
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new XaynetError('option-invalid', `${name}: a number above 0 expected, ${value} given`);
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
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** `location` seen from `base`: absolute, or a path. Enough for redirections, and without `URL`, which some engines lack. */
function resolveUrl(base: string, location: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return location;
  const origin = /^[^:]+:\/\/[^/?#]+/.exec(base)![0];
  if (location.startsWith('//')) return `${base.slice(0, base.indexOf(':') + 1)}${location}`;
  if (location.startsWith('/')) return `${origin}${location}`;
  const path = base.slice(origin.length).replace(/[?#].*$/, '');
  return `${origin}${path.slice(0, path.lastIndexOf('/') + 1) || '/'}${location}`;
}

/** What the platform says about a failed request: the innermost cause, where Node for example hides "ECONNREFUSED". */
function reasonOf(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  if (!(at instanceof Error)) return String(at);
  const { code } = at as { code?: unknown };
  return at.message !== '' ? at.message : typeof code === 'string' ? code : at.name;
}
