// The reasons to rest as the engine knows them: the page watches and tells. One of them belongs to a tab alone and not to the device: that
// it is hidden. Such a tab must not keep the turn from one that is seen.

import type { Conditions } from '../conditions.ts';

export class Reasons implements Conditions {
  #now: readonly string[] = [];
  readonly #listeners = new Set<() => void>();

  set(reasons: readonly string[]): void {
    this.#now = reasons;
    for (const changed of [...this.#listeners]) changed();
  }

  reasons(): readonly string[] {
    return this.#now;
  }

  subscribe(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => void this.#listeners.delete(changed);
  }

  get hidden(): boolean {
    return this.#now.includes('hidden');
  }

  /** Resolves when the tab is not hidden, or the signal aborts. */
  async seen(signal: AbortSignal): Promise<void> {
    if (!this.hidden || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.hidden && !signal.aborted) return;
        forget();
        signal.removeEventListener('abort', look);
        resolve();
      };
      const forget = this.subscribe(look);
      signal.addEventListener('abort', look);
    });
  }
}
