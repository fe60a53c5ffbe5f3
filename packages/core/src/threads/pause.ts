// Waiting in the middle of long work: giving way to others from time to time, and stopping when the caller has had enough. The globals
// of platforms are looked up when they are needed; an engine without any of them works on without pauses.

/** What is used of an AbortSignal. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Called between two pieces of work; resolves when it may go on. */
export type Pause = () => Promise<void>;

interface Channel {
  readonly port1: { onmessage: (() => void) | null; close(): void };
  readonly port2: { postMessage(message: unknown): void };
}

/** What platforms have for this; each may be missing. */
export const platform = globalThis as unknown as {
  readonly setImmediate?: (run: () => void) => unknown;
  readonly setTimeout?: (run: () => void, ms: number) => unknown;
  readonly clearTimeout?: (timer: unknown) => void;
  readonly MessageChannel?: new () => Channel;
  readonly SharedArrayBuffer?: unknown;
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
};

/** A pause that gives way when `ms` milliseconds of work have gone by, and otherwise costs nothing. */
export function breather(ms = 16): Pause {
  let since = Date.now();
  return async () => {
    if (Date.now() - since < ms) return;
    await nextTurn();
    since = Date.now();
  };
}

/** The next turn of the event loop: input, timers and requests of others come first. A timeout would be clamped to 4 ms by browsers. */
function nextTurn(): Promise<void> {
  const { setImmediate, MessageChannel, setTimeout } = platform;
  return new Promise((resolve) => {
    if (setImmediate !== undefined) setImmediate(resolve);
    else if (MessageChannel !== undefined) {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
    } else if (setTimeout !== undefined) setTimeout(resolve, 0);
    else resolve();
  });
}

/** Throws the signal's reason when it has aborted. */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** Tells how far work is, at most about twenty times a second, never backwards, and at the end exactly once that all is done. */
export class Meter {
  readonly #total: number;
  readonly #tell: ((progress: Progress) => void) | undefined;
  #done = 0;
  #told = -1;
  #when = Number.NEGATIVE_INFINITY;

  constructor(total: number, tell: ((progress: Progress) => void) | undefined) {
    this.#total = total;
    this.#tell = tell;
  }

  /** So much more is done; less than 0 when work was lost and is done again. */
  add(count: number): void {
    this.#done += count;
    const now = Date.now();
    if (this.#done <= this.#told || this.#done >= this.#total || now - this.#when < 50) return;
    this.#told = this.#done;
    this.#when = now;
    this.#tell?.({ done: this.#done, total: this.#total });
  }

  /** All is done. */
  finish(): void {
    this.#tell?.({ done: this.#total, total: this.#total });
  }
}

/** How far work is. */
export interface Progress {
  /** What is done: seeds, or elements. Grows from call to call; the last call says `total`. */
  readonly done: number;
  readonly total: number;
}
