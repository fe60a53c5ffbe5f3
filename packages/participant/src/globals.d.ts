// The globals of the platform that this package uses, and nothing else: with `types: []` neither `Buffer` nor `process` nor the
// DOM type-checks here. Everything below exists in browsers, Node, Bun, Deno and React Native; an engine without one of them
// takes part all the same when its embedder passes the matching option (`transport`, `clock`, `random`).

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare var AbortController: { new (): AbortController };

declare var fetch: ((url: string, init?: unknown) => Promise<unknown>) | undefined;

/** In pages and their workers. */
declare var location: { readonly origin?: string } | undefined;

declare function setTimeout(run: () => void, ms: number): unknown;
declare function clearTimeout(timer: unknown): void;

declare var crypto: { getRandomValues(bytes: Uint8Array): Uint8Array } | undefined;

interface SymbolConstructor {
  readonly asyncDispose: unique symbol;
}
