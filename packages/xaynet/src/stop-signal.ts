// Ctrl-C and SIGTERM as an AbortSignal: the first one asks everything to stop, another one a second later ends the process at
// once. The same key press can arrive twice (from the terminal and from the starter), hence the second.

/** A running watch for signals. */
export interface StopWatch {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** The signal that came first, undefined while none did. */
  readonly cause: 'SIGINT' | 'SIGTERM' | undefined;
  /** Exit code by the shell's custom: 130 for SIGINT, 143 for SIGTERM, undefined while no signal came. */
  readonly exitCode: 130 | 143 | undefined;
  /** Stops watching. */
  close(): void;
}

/** Watches for SIGINT and SIGTERM until closed. */
export function watchSignals(): StopWatch {
  const controller = new AbortController();
  let cause: 'SIGINT' | 'SIGTERM' | undefined;
  let first = 0;
  const code = (name: string): 130 | 143 => (name === 'SIGINT' ? 130 : 143);
  const take = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (cause !== undefined && Date.now() - first > 1000) process.exit(code(name));
    if (cause !== undefined) return;
    cause = name;
    first = Date.now();
    controller.abort(new Error(`stopped by ${name}`));
  };
  process.on('SIGINT', take);
  process.on('SIGTERM', take);
  return {
    signal: controller.signal,
    get cause() {
      return cause;
    },
    get exitCode() {
      return cause === undefined ? undefined : code(cause);
    },
    close: () => {
      process.off('SIGINT', take);
      process.off('SIGTERM', take);
    },
  };
}
