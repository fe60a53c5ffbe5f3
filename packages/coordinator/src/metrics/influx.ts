// Sends what the coordinator measures to an InfluxDB 1.x, beside the round and never in its way: points wait in a bounded buffer, go out
// many lines a request, and are given up when they cannot be delivered. A database that is down costs warnings, at most one a minute.

import type { CoordinatorEvent } from '../events.ts';
import type { Logger } from '../log.ts';
import { formatPoint, nanosecondClock, type Point } from './line-protocol.ts';
import { masksPoint, pointsOf } from './points.ts';

/** What an {@link InfluxRecorder} needs. */
export interface InfluxOptions {
  /** Base URL; user and password in it are sent as basic authentication. */
  readonly url: string;
  readonly db: string;
  /** How many different masks the round has, asked at the start of unmask. */
  readonly masks?: (() => Promise<number>) | undefined;
  readonly logger: Logger;
  /** Nanoseconds since 1970, never twice the same. */
  readonly now?: (() => bigint) | undefined;
}

/** What became of the points so far. */
export interface InfluxCounts {
  readonly sent: number;
  /** No room in the buffer. */
  readonly dropped: number;
  /** Sent, and not taken by the database. */
  readonly failed: number;
}

// As the original: so many points wait at most. A line is under 100 bytes, so a request of 500 stays far below InfluxDB's limit of 25 MB.
const BUFFER = 4_048;
const LINES = 500;
const IN_FLIGHT = 2;
/** Points of so many milliseconds go out together. */
const GATHER_MS = 50;
const REQUEST_MS = 10_000;
const STOP_MS = 2_000;
const WARN_EVERY_MS = 60_000;

/** Sends points; see the head of the file. */
export class InfluxRecorder {
  readonly #endpoint: string;
  readonly #origin: string;
  readonly #headers: Record<string, string>;
  readonly #options: InfluxOptions;
  readonly #now: () => bigint;
  readonly #abort = new AbortController();
  readonly #requests = new Set<Promise<void>>();
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #sent = 0;
  #dropped = 0;
  #failed = 0;
  #warned = Number.NEGATIVE_INFINITY;
  #untold = 0;

  /** Throws a TypeError when `url` is no URL; settings have been checked by then. */
  constructor(options: InfluxOptions) {
    this.#options = options;
    this.#now = options.now ?? nanosecondClock();
    const url = new URL(options.url);
    const { username, password } = url;
    this.#headers = { 'content-type': 'text/plain; charset=utf-8' };
    if (username !== '' || password !== '') {
      this.#headers.authorization = `Basic ${Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64')}`;
    }
    this.#origin = url.origin;
    const query = new URLSearchParams({ precision: 'ns', db: options.db });
    this.#endpoint = `${url.origin}${url.pathname.replace(/\/+$/, '')}/write?${query}`;
  }

  /** What became of the points so far. */
  get counts(): InfluxCounts {
    return { sent: this.#sent, dropped: this.#dropped, failed: this.#failed };
  }

  /** Takes one event; to be given to `EventBus.on`. */
  readonly take = (event: CoordinatorEvent): void => {
    for (const point of pointsOf(event, this.#now)) this.record(point);
    if (event.type === 'phase' && event.phase === 'unmask') this.#countMasks(event.round);
  };

  /** Puts a point into the buffer, or drops it when there is no room. */
  record(point: Point): void {
    if (this.#stopped) return;
    if (this.#lines.length >= BUFFER) {
      this.#dropped++;
      this.#warn(1, { reason: 'the buffer is full' });
      return;
    }
    this.#lines.push(formatPoint(point));
    this.#schedule();
  }

  /** Sends what waits and ends, within two seconds. Can be called again. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    const limit = setTimeout(() => this.#abort.abort(), STOP_MS);
    while (this.#lines.length > 0 || this.#requests.size > 0) {
      this.#send();
      await Promise.race(this.#requests);
      if (this.#abort.signal.aborted) break;
    }
    clearTimeout(limit);
    this.#dropped += this.#lines.length;
    this.#lines = [];
  }

  #countMasks(round: number): void {
    this.#options.masks?.().then(
      (masks) => this.record(masksPoint(round, masks, this.#now)),
      (error: unknown) => this.#options.logger.warn({ round, error }, 'the masks of the round could not be counted for InfluxDB'),
    );
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, GATHER_MS);
    this.#timer.unref();
  }

  /** Starts requests, as long as there are points and not too many requests under way. */
  #send(): void {
    while (this.#lines.length > 0 && this.#requests.size < IN_FLIGHT) {
      const lines = this.#lines.splice(0, LINES);
      const request = this.#post(lines).finally(() => {
        this.#requests.delete(request);
        if (this.#lines.length > 0) this.#schedule();
      });
      this.#requests.add(request);
    }
  }

  async #post(lines: readonly string[]): Promise<void> {
    try {
      const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(REQUEST_MS)]);
      const response = await fetch(this.#endpoint, { method: 'POST', headers: this.#headers, body: lines.join('\n'), signal, redirect: 'error' });
      const answer = (await response.text()).slice(0, 200);
      if (response.ok) {
        this.#sent += lines.length;
        return;
      }
      this.#failed += lines.length;
      this.#warn(lines.length, { status: response.status, answer });
    } catch (error) {
      this.#failed += lines.length;
      this.#warn(lines.length, { reason: reasonOf(error) });
    }
  }

  /** Says that points are lost, at most once a minute, with how many since the last time. */
  #warn(lost: number, why: Readonly<Record<string, unknown>>): void {
    this.#untold += lost;
    const now = performance.now();
    if (now - this.#warned < WARN_EVERY_MS) return;
    this.#options.logger.warn({ influxdb: this.#origin, lost: this.#untold, ...why }, 'points for InfluxDB are lost');
    this.#warned = now;
    this.#untold = 0;
  }
}

/** A part of a URL as it was meant; a stray percent sign means itself. */
function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What the system says about it, without the URL. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: unknown }; name?: unknown };
  return String(cause?.code ?? name);
}
