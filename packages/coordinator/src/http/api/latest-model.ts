// The id of the model that is served, asked of the store once a model: thousands of participants ask for the latest one every few seconds.

import type { ApiPort } from './port.ts';

/** Remembers the id until another model is published. */
export class LatestModel {
  readonly #port: Pick<ApiPort, 'latestModelId'>;
  #asked: Promise<string | undefined> | undefined;

  constructor(port: Pick<ApiPort, 'latestModelId' | 'on'>) {
    this.#port = port;
    port.on((event) => {
      if (event.type === 'model' || (event.type === 'ended' && event.record.outcome === 'model')) this.#asked = undefined;
    });
  }

  /** The id, or undefined before the first model; rejects as the store does, and asks again the next time. */
  id(): Promise<string | undefined> {
    if (this.#asked !== undefined) return this.#asked;
    const asked = this.#port.latestModelId();
    this.#asked = asked;
    asked.catch(() => {
      if (this.#asked === asked) this.#asked = undefined;
    });
    return asked;
  }
}
