// Models in the formats that were asked for, kept for the next who asks. Bounded three ways: bytes kept, time unused, and conversions that
// wait, which run one at a time, so that strangers who ask for everything at once cost the round little.

import { XaynetError } from '@xaynet/core/errors';

/** Limits of a {@link ModelCache}. */
export interface CacheLimits {
  /** Bytes kept; one entry may be larger, then it is kept alone. */
  readonly bytes: number;
  /** How long what nobody asks for is kept, in milliseconds. */
  readonly idleMs: number;
  /** Bodies that may wait to be made, the one under way included. */
  readonly waiting: number;
}

/** The limits that hold unless others are given. */
export const CACHE_LIMITS: CacheLimits = { bytes: 256 * 1024 * 1024, idleMs: 60_000, waiting: 8 };

/** Bodies by name, made when first asked for. */
export class ModelCache {
  readonly #limits: CacheLimits;
  readonly #now: () => number;
  /** In the order of last use. */
  readonly #kept = new Map<string, { readonly body: Uint8Array; used: number }>();
  readonly #making = new Map<string, Promise<Uint8Array | undefined>>();
  #last: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #bytes = 0;

  constructor(limits: CacheLimits = CACHE_LIMITS, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Bytes kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * The body of this name; `make` makes it unless it is kept or being made. What `make` throws reaches everybody who waits and is not kept,
   * nor is undefined. Throws `http-overloaded`.
   */
  async get(name: string, make: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    const kept = this.#kept.get(name);
    if (kept !== undefined) {
      this.#kept.delete(name);
      this.#kept.set(name, { ...kept, used: this.#now() });
      return kept.body;
    }
    const making = this.#making.get(name);
    if (making !== undefined) return making;
    if (this.#making.size >= this.#limits.waiting) throw new XaynetError('http-overloaded', `${this.#making.size} models are being converted`);
    const made = this.#last.then(make);
    this.#last = made.catch(() => {});
    this.#making.set(name, made);
    try {
      const body = await made;
      if (body !== undefined) this.#keep(name, body);
      return body;
    } finally {
      this.#making.delete(name);
    }
  }

  /** The body of this name, if it is kept. */
  peek(name: string): Uint8Array | undefined {
    return this.#kept.get(name)?.body;
  }

  /** Forgets everything. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#kept.clear();
    this.#bytes = 0;
  }

  /** Forgets what was not asked for in the idle time. */
  expire(): void {
    const since = this.#now() - this.#limits.idleMs;
    for (const [name, { used }] of this.#kept) if (used <= since) this.#drop(name);
  }

  #keep(name: string, body: Uint8Array): void {
    this.#kept.set(name, { body, used: this.#now() });
    this.#bytes += body.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#limits.bytes || oldest === name) break;
      this.#drop(oldest);
    }
    this.#arm();
  }

  #drop(name: string): void {
    this.#bytes -= this.#kept.get(name)?.body.length ?? 0;
    this.#kept.delete(name);
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.expire();
      if (this.#kept.size > 0) this.#arm();
    }, this.#limits.idleMs).unref();
  }
}
