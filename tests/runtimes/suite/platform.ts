// What tests themselves use of a platform, given to test files only (the bundler imports it into them by name): the sources see the engine
// as it is, so what they lack is found. Where the engine has it, it is the engine's.
import { Buffer as PortableBuffer } from 'node:buffer'; // the bundler puts the npm package `buffer` here

interface Platform {
  readonly Buffer?: typeof PortableBuffer;
  readonly AbortController?: typeof globalThis.AbortController;
  readonly AbortSignal?: typeof globalThis.AbortSignal;
  readonly queueMicrotask?: (run: () => void) => void;
  readonly performance?: { now(): number };
  readonly setImmediate?: (run: () => void) => void;
  readonly URL?: typeof globalThis.URL;
  readonly process?: { readonly execPath: string };
}
const platform = globalThis as unknown as Platform;

// Node's compares with any bytes, the package with its own only.
const { equals } = PortableBuffer.prototype;
PortableBuffer.prototype.equals = function (other: Uint8Array): boolean {
  return equals.call(this, PortableBuffer.from(other.buffer, other.byteOffset, other.length));
};

/** Node's Buffer, or the package that browsers use for it. */
export const Buffer: typeof PortableBuffer = platform.Buffer ?? PortableBuffer;

class PortableSignal {
  aborted = false;
  reason: unknown;
  #listeners: (() => void)[] = [];

  static abort(reason?: unknown): PortableSignal {
    const signal = new PortableSignal();
    signal.fire(reason);
    return signal;
  }

  addEventListener(_: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  fire(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' });
    for (const listener of this.#listeners) listener();
  }
}

class PortableController {
  readonly signal = new PortableSignal();

  abort(reason?: unknown): void {
    this.signal.fire(reason);
  }
}

/** For tests that start processes, which are left out where there is no Node. */
export const process: { readonly execPath: string } = platform.process ?? { execPath: '' };
/** The engine's, or a small one. */
export const AbortController = platform.AbortController ?? PortableController;
/** The engine's, or a small one. */
export const AbortSignal = platform.AbortSignal ?? PortableSignal;
/** The engine's, or one made of a promise. */
export const queueMicrotask: (run: () => void) => void = platform.queueMicrotask ?? ((run) => void Promise.resolve().then(run));
/** The engine's, or a timer. */
export const setImmediate: (run: () => void) => void = platform.setImmediate ?? ((run) => void setTimeout(run, 0));
/** The engine's, or `Date.now`. */
export const performance: { now(): number } = platform.performance ?? { now: () => Date.now() };

/** Paths inside the repository. */
class RepositoryUrl {
  readonly href: string;

  constructor(path: string, base: string | RepositoryUrl) {
    const from = String(typeof base === 'string' ? base : base.href).replace(/[^/]*$/, '');
    const parts: string[] = [];
    for (const part of `${from.replace(/^repository:\/+/, '')}${path}`.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.') parts.push(part);
    }
    this.href = `repository:///${parts.join('/')}`;
  }

  toString(): string {
    return this.href;
  }
}

/** The engine's, or one for paths inside the repository, which is all that most portable tests make of it. */
export const URL = platform.URL ?? RepositoryUrl;
