// Draws of groups of 64-bit lanes, a tile at a time, whatever pieces the keystream comes in.

import type { Group } from '../kernel.ts';
import { Cursor, type Stream } from './draws.ts';
import type { Instance } from './engine.ts';
import { DRAWS, GROUP, OUTPUT } from './layout.ts';

/** The steps of a sieve, where assembly/parameters.ts places them. */
const STEPS: number = GROUP + 128;

/** The draws of one group from a stream, in an instance whose GROUP is set. */
export class Drawing {
  readonly #instance: Instance;
  readonly #cursor: Cursor;
  readonly #numbers: DataView;
  readonly #width: number;
  readonly #isSparse: boolean;
  readonly #isWords: boolean;
  #stride = 0;

  /** Prepares about `count` draws. */
  constructor(stream: Stream, instance: Instance, { order, prngBytes, bytesPerNumber }: Group, count: number) {
    const accepted = Number(order) / 2 ** (8 * prngBytes);
    const candidates = (count + 3 * Math.sqrt(count * (1 - accepted))) / accepted;
    this.#width = bytesPerNumber;
    this.#isSparse = accepted < 0.15;
    this.#isWords = prngBytes <= 4;
    this.#instance = instance;
    this.#cursor = new Cursor(stream, instance, (this.#isWords ? 4 : 8) * candidates);
    this.#numbers = new DataView(instance.bytes.buffer, GROUP);
  }

  /** Draws `count` elements, at most a tile, into lanes at DRAWS; with a zero behind an odd number of them. */
  toLanes(count: number): void {
    this.#setSteps(8);
    this.#sieve(DRAWS, DRAWS + 8 * count);
    if (count % 2 === 1) this.#instance.bytes.fill(0, DRAWS + 8 * count, DRAWS + 8 * count + 8);
  }

  /** Draws `count` elements, at most a tile, packed to OUTPUT. */
  toOutput(count: number): void {
    this.#setSteps(this.#width);
    this.#sieve(OUTPUT, OUTPUT + this.#width * count);
  }

  /** Leaves the stream behind the last draw. */
  close(): void {
    this.#cursor.close();
  }

  #sieve(out: number, end: number): void {
    const { exports } = this.#instance;
    const cursor = this.#cursor;
    for (let at = out; ; cursor.refill()) {
      at = this.#isWords ? exports.sieveWords(GROUP, cursor.at, cursor.end, at, end) : exports.sieve(GROUP, cursor.at, cursor.end, at, end, this.#isSparse);
      cursor.at = this.#numbers.getUint32(24, true);
      if (at === end) break;
    }
  }

  /** Sets how far an accepted candidate moves the place. */
  #setSteps(stride: number): void {
    if (stride === this.#stride) return;
    this.#stride = stride;
    const { bytes } = this.#instance;
    for (let accepted = 0; accepted < 4; accepted++) {
      const entry = STEPS + 32 * accepted;
      for (let i = 0; i < 16; i++) bytes[entry + i] = accepted === 2 ? i + 8 : i < stride ? i : i - stride + 8;
      this.#numbers.setUint32(entry - GROUP + 16, stride * ((accepted & 1) + (accepted >> 1)), true);
    }
  }
}
