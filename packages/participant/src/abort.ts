// What engines without an embedder lack (JavaScriptCore's shell, Hermes, QuickJS) and this package needs of a platform to stop work.
// Short, because every page carries it along.

/** The platform's AbortController, or a plain one with as much of a signal as this package uses; its listeners may be called twice. */
export function abortController(): AbortController {
  if (typeof AbortController !== 'undefined') return new AbortController();
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener: (_: 'abort', run: () => void) => listeners.add(run),
    removeEventListener: (_: 'abort', run: () => void) => listeners.delete(run),
  };
  const abort = (reason?: unknown): void => {
    signal.aborted = true;
    signal.reason = reason;
    for (const run of listeners) run();
  };
  return { signal: signal as unknown as AbortSignal, abort };
}
