// Draws of groups of 64-bit lanes, a tile at a time, whatever pieces the keystream comes in.

import type { Group } from '../kernel.ts';
import { Cursor, type Stream } from './draws.ts';
import type { Instance } from './engine.ts';
import { DRAWS, GROUP } from './layout.ts';

/** The draws of one group from a stream, into the tile at DRAWS of an instance whose GROUP is set. */
export class Drawing {
  readonly #instance: Instance;
  readonly #cursor: Cursor;
  readonly #numbers: DataView;
  readonly #isSparse: boolean;
  readonly #isWords: boolean;

  /** Prepares about `count` draws. */
  constructor(stream: Stream, instance: Instance, { order, prngBytes }: Group, count: number) {
    const accepted = Number(order) / 2 ** (8 * prngBytes);
    const candidates = (count + 3 * Math.sqrt(count * (1 - accepted))) / accepted;
    this.#isSparse = accepted < 0.15;
    this.#isWords = prngBytes <= 4;
    this.#instance = instance;
    this.#cursor = new Cursor(stream, instance, (this.#isWords ? 4 : 8) * candidates);
    this.#numbers = new DataView(instance.bytes.buffer, GROUP);
  }

  /** Draws `count` elements, at most a tile; with a zero behind an odd number of them. */
  next(count: number): void {
    const { exports, bytes } = this.#instance;
    const cursor = this.#cursor;
    const end = DRAWS + 8 * count;
    for (let at = DRAWS; ; cursor.refill()) {
      at = this.#isWords ? exports.sieveWords(GROUP, cursor.at, cursor.end, at, end) : exports.sieve(GROUP, cursor.at, cursor.end, at, end, this.#isSparse);
      cursor.at = this.#numbers.getUint32(24, true);
      if (at === end) break;
    }
    if (count % 2 === 1) bytes.fill(0, end, end + 8);
  }

  /** Leaves the stream behind the last draw. */
  close(): void {
    this.#cursor.close();
  }
}
