// What user code may throw is anything, also what cannot even be asked what it is: a revoked proxy throws at every question.

/** The error, if it is one of this class. */
export function errorOf<E extends Error>(error: unknown, kind: abstract new (...given: never[]) => E): E | undefined {
  try {
    return error instanceof kind ? error : undefined;
  } catch {
    return undefined;
  }
}

/** What was thrown, in words. */
export function wordsOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'something without words was thrown';
  }
}
