// The one writer: sized before it starts, so that encoding allocates once; it refuses to be finished half full.

/**
 * Writes into a buffer of exactly `size` bytes.
 * @example
 * ```ts
 * import { Writer } from '@xaynet/core/bytes';
 * new Writer(6).u16be(258).u32le(1).finish(); // Uint8Array [1, 2, 1, 0, 0, 0]
 * ```
 */
export class Writer {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** Allocates `size` bytes to fill. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #advance(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }

  /** Appends bytes. */
  bytes(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#advance(bytes.length));
    return this;
  }

  /** Appends one byte. */
  u8(value: number): this {
    this.#view.setUint8(this.#advance(1), value);
    return this;
  }

  /** Appends a signed byte. */
  i8(value: number): this {
    this.#view.setInt8(this.#advance(1), value);
    return this;
  }

  /** Appends two bytes, big-endian. */
  u16be(value: number): this {
    this.#view.setUint16(this.#advance(2), value, false);
    return this;
  }

  /** Appends four bytes, big-endian. */
  u32be(value: number): this {
    this.#view.setUint32(this.#advance(4), value, false);
    return this;
  }

  /** Appends four bytes, little-endian. */
  u32le(value: number): this {
    this.#view.setUint32(this.#advance(4), value, true);
    return this;
  }

  /** Appends a non-negative safe integer as eight bytes, little-endian. */
  u64le(value: number): this {
    const at = this.#advance(8);
    this.#view.setUint32(at, value % 0x100000000, true);
    this.#view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
    return this;
  }

  /** Appends a binary64, little-endian. */
  f64le(value: number): this {
    this.#view.setFloat64(this.#advance(8), value, true);
    return this;
  }

  /** Appends a byte string of the REST encoding: u64le length, then the bytes. */
  byteString(bytes: Uint8Array): this {
    return this.u64le(bytes.length).bytes(bytes);
  }

  /** Appends `length` zero bytes. */
  zeros(length: number): this {
    this.#advance(length);
    return this;
  }

  /** The bytes; throws a RangeError when fewer were written than announced (a mistake of this library, never of its user). */
  finish(): Uint8Array {
    if (this.#at !== this.#bytes.length) throw new RangeError(`writer: ${this.#at} of ${this.#bytes.length} bytes written`);
    return this.#bytes;
  }
}
