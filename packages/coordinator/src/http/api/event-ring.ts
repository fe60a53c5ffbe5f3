// The last events, numbered, so that who was away can go on where it stopped. A number alone would mean another event after a restart, so an
// id names the process too.

/** An event as it is kept: number, type, and its data as JSON. */
export interface KeptEvent {
  readonly number: number;
  readonly type: string;
  readonly data: string;
}

/** Keeps the last `size` events; numbers count from 1. */
export class EventRing {
  readonly #kept: KeptEvent[] = [];
  readonly #size: number;
  readonly #process: string;
  #last = 0;

  /** `process` tells this process from those before it, in letters and digits. */
  constructor(size: number, process: string) {
    this.#size = size;
    this.#process = process;
  }

  /** Number of the last event, 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Number of the oldest that is kept; the next number when none is. */
  get first(): number {
    return this.#last - this.#kept.length + 1;
  }

  push(type: string, data: string): void {
    this.#kept.push({ number: ++this.#last, type, data });
    if (this.#kept.length > this.#size) this.#kept.shift();
  }

  /** The event of this number, which is kept. */
  at(number: number): KeptEvent {
    return this.#kept[number - this.first]!;
  }

  idOf(number: number): string {
    return `${this.#process}-${number}`;
  }

  /** The number that an id means; undefined when it is none of this process. */
  numberOf(id: string): number | undefined {
    const found = /^([0-9a-z]+)-(\d{1,15})$/.exec(id);
    if (found?.[1] !== this.#process) return undefined;
    const number = Number(found[2]);
    return number <= this.#last ? number : undefined;
  }
}
