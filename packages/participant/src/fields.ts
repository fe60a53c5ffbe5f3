// The two ends of a snapshot's body: fields one after another, each with its length. A length of its own for every field costs
// eight bytes and lets a reader refuse a damaged body at the field that is wrong.

import { concatBytes, Reader, Writer } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';

/** Collects fields. */
export class FieldWriter {
  readonly #pieces: Uint8Array[] = [];

  /** A byte string: u64le length, then the bytes. They are copied by {@link FieldWriter.finish}, not before. */
  bytes(bytes: Uint8Array): this {
    this.#pieces.push(new Writer(8).u64le(bytes.length).finish(), bytes);
    return this;
  }

  /** A whole number from 0 to 2^53 - 1, u64le. */
  number(value: number): this {
    this.#pieces.push(new Writer(8).u64le(value).finish());
    return this;
  }

  /** One byte, 0 or 1. */
  flag(value: boolean): this {
    this.#pieces.push(Uint8Array.of(value ? 1 : 0));
    return this;
  }

  /** A flag, and when `value` is there what `write` appends for it. */
  optional<T>(value: T | undefined, write: (value: T) => void): this {
    this.flag(value !== undefined);
    if (value !== undefined) write(value);
    return this;
  }

  /** All fields. */
  finish(): Uint8Array {
    return concatBytes(...this.#pieces);
  }
}

/** Reads fields back; throws `decode-…` codes for what no writer writes. */
export class FieldReader {
  readonly #reader: Reader;

  constructor(bytes: Uint8Array) {
    this.#reader = new Reader(bytes, 'snapshot');
  }

  /** A byte string, as a view. */
  bytes(): Uint8Array {
    return this.#reader.take(this.#reader.count(1));
  }

  /** A whole number. */
  number(): number {
    return this.#reader.u64le();
  }

  /** A flag; throws `decode-number` for anything but 0 and 1. */
  flag(): boolean {
    const byte = this.#reader.u8();
    if (byte > 1) throw new XaynetError('decode-number', `snapshot: flag ${byte}`);
    return byte === 1;
  }

  /** What `read` reads, when the flag before it is set. */
  optional<T>(read: () => T): T | undefined {
    return this.flag() ? read() : undefined;
  }

  /** Asserts that everything was read. */
  end(): void {
    this.#reader.end();
  }
}
