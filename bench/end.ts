// What must be cleaned up however the program ends: done, failed, or stopped by Ctrl-C.

const pending = new Set<() => void>();

/** Has `clean` called at the end; the answer calls it now, once. */
export function atEnd(clean: () => void): () => void {
  const once = (): void => {
    if (pending.delete(once)) clean();
  };
  pending.add(once);
  return once;
}

/** Cleans up at the signals that mean an end, and at exit. */
export function watchEnd(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => {
      process.stderr.write('\n');
      process.exit(code);
    });
  }
  process.on('exit', () => {
    for (const clean of [...pending].reverse()) clean();
  });
}
