// One engine as the page sees it, from its start to its end. It counts as there once it has said so, and as gone when its port says so, its
// lock is free, or it has not said a word in time; whatever it says afterwards is not heard.

import { systemClock } from '../clock.ts';
import { Unpacker } from './parcels.ts';
import type { ToEngine, ToPage } from './protocol.ts';

/** An engine that was started: a way to it, and its end. */
export interface EngineLink {
  post(message: ToEngine, transfer: ArrayBuffer[]): void;
  listen(listener: { message(data: unknown): void; ended(reason: string): void }): void;
  terminate(): void;
}

/** A worker that has not said a word by then, in milliseconds, does not run. */
const START_LIMIT = 20_000;

interface Hearer {
  ready(alive: string | undefined): void;
  heard(message: ToPage): void;
  lost(reason: string): void;
}

/** One engine, from its start to its end; what it says after its end is not heard. */
export class Connection {
  readonly #link: EngineLink;
  readonly #hearer: Hearer;
  readonly #ended = new AbortController();
  readonly #cancel: () => void;
  readonly unpacker: Unpacker = new Unpacker();
  runs = false;
  round: string | undefined;

  constructor(link: EngineLink, hearer: Hearer) {
    this.#link = link;
    this.#hearer = hearer;
    this.#cancel = systemClock.after(START_LIMIT, () => this.lose(`it did not start within ${START_LIMIT / 1000} s`));
    link.listen({ message: (data) => this.#heard(data as ToPage), ended: (reason) => this.lose(reason) });
  }

  /** Aborts with the engine. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  #heard(message: ToPage): void {
    if (this.signal.aborted) return;
    if (message.type === 'ready') {
      this.#cancel();
      this.runs = true;
      this.#hearer.ready(message.alive);
    } else this.#hearer.heard(message);
  }

  post(message: ToEngine, transfer: ArrayBuffer[] = []): void {
    if (this.runs && !this.signal.aborted) this.#link.post(message, transfer);
  }

  /** Ends the engine at once. */
  close(): void {
    if (this.signal.aborted) return;
    this.#cancel();
    this.#ended.abort();
    this.unpacker.end();
    this.#link.terminate();
  }

  /** It is gone: ends what may be left of it, and tells. */
  lose(reason: string): void {
    if (this.signal.aborted) return;
    this.close();
    this.#hearer.lost(reason);
  }
}
