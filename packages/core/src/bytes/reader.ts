// The one reader: a cursor over bytes that checks every length before it slices and never allocates from a number that it
// has not compared with what is there. Slices are views: nothing is copied until somebody keeps it.

import { XaynetError } from '../errors.ts';

/**
 * A cursor over bytes; every method throws `decode-truncated` when the bytes end too early.
 * @example
 * ```ts
 * import { Reader } from '@xaynet/core/bytes';
 * const reader = new Reader(Uint8Array.of(1, 2, 1, 0, 0, 0), 'example');
 * reader.u16be(); // 258
 * reader.u32le(); // 1
 * reader.u8(); // throws decode-truncated
 * ```
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /** Reads `bytes`; `what` names the value in error messages, for example `'sum dictionary'`. */
  constructor(bytes: Uint8Array, what: string) {
    // A plain view also of a Buffer, whose `slice` would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** Number of bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Number of bytes read so far. */
  get offset(): number {
    return this.#at;
  }

  #advance(length: number): number {
    if (length > this.remaining) {
      throw new XaynetError('decode-truncated', `${this.#what}: ${length} bytes expected at offset ${this.#at}, ${this.remaining} left`);
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }

  /** The next `length` bytes, as a view of the input. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** One byte. */
  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  /** A signed byte. */
  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }

  /** Two bytes, big-endian. */
  u16be(): number {
    return this.#view.getUint16(this.#advance(2), false);
  }

  /** Four bytes, big-endian. */
  u32be(): number {
    return this.#view.getUint32(this.#advance(4), false);
  }

  /** Four bytes, little-endian. */
  u32le(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** Eight bytes, little-endian; throws `decode-number` above 2^53 - 1. */
  u64le(): number {
    const at = this.#advance(8);
    const high = this.#view.getUint32(at + 4, true);
    if (high >= 0x200000) throw new XaynetError('decode-number', `${this.#what}: count at offset ${at} exceeds 2^53 - 1`);
    return high * 0x100000000 + this.#view.getUint32(at, true);
  }

  /** Eight bytes, little-endian IEEE-754 binary64. */
  f64le(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /**
   * A little-endian u64 count of items of `size` bytes or more; throws `decode-truncated` when so many cannot follow.
   */
  count(size: number): number {
    const count = this.u64le();
    if (count > this.remaining / size) {
      throw new XaynetError('decode-truncated', `${this.#what}: ${count} items of at least ${size} bytes announced, ${this.remaining} bytes left`);
    }
    return count;
  }

  /** A byte string of the REST encoding: u64le length, which must be `length`, then the bytes; else `decode-length`. */
  byteString(length: number): Uint8Array {
    const at = this.#at;
    const announced = this.u64le();
    if (announced !== length) {
      throw new XaynetError('decode-length', `${this.#what}: byte string of ${length} bytes expected at offset ${at}, ${announced} announced`);
    }
    return this.take(length);
  }

  /** Asserts that everything was read; throws `decode-trailing` otherwise. */
  end(): void {
    if (this.remaining > 0) throw new XaynetError('decode-trailing', `${this.#what}: ${this.remaining} bytes after offset ${this.#at}`);
  }
}
