// What processes of one fleet show to each other when they hand chunks on. It follows from a secret in the store, and tells nothing of it. The secret
// may become another one while they run: a store that was emptied, or somebody who deleted it, has whoever joins next make a new one. So
// whoever refuses or is refused reads it again; by that all have the same in the end.

import { createHmac } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';

/** The token of a process. */
export interface Token {
  readonly text: string;
  /** Somebody was met who has another one. */
  differs(): void;
}

export interface FleetTokenOptions {
  /** Reads the secret, 32 bytes. */
  readonly read: () => Promise<Uint8Array>;
  /** Milliseconds from one time that it is read again to the next at least: strangers can have it read. */
  readonly every: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The token that follows from a secret. */
export function tokenOf(secret: Uint8Array): string {
  return createHmac('sha256', secret).update('xaynet fleet: chunks').digest('hex');
}

/** See the head of the file. */
export class FleetToken implements Token {
  readonly #options: FleetTokenOptions;
  #text: string;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(secret: Uint8Array, options: FleetTokenOptions) {
    this.#options = options;
    this.#text = tokenOf(secret);
  }

  get text(): string {
    return this.#text;
  }

  differs(): void {
    const { clock, every, logger } = this.#options;
    if (clock.now() - this.#readAt < every) return;
    this.#readAt = clock.now();
    this.#read().catch((error: unknown) => logger.warn({ error }, 'the secret of the fleet could not be read again'));
  }

  async #read(): Promise<void> {
    const { read, logger } = this.#options;
    const text = tokenOf(await read());
    if (text === this.#text) return;
    this.#text = text;
    logger.warn({}, 'the secret of the fleet in the store is another one than before: this process uses it from now on');
  }
}
