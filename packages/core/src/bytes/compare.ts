// Comparing and joining byte strings.

/**
 * Whether two byte strings are equal. Not constant time: never compare secrets with it.
 * @example
 * ```ts
 * import { ascii, compareBytes, concatBytes, equalBytes } from '@xaynet/core/bytes';
 * equalBytes(concatBytes(ascii('su'), ascii('m')), ascii('sum')); // true
 * compareBytes(ascii('sum'), ascii('sum2')) < 0; // true
 * ```
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Lexicographic order of byte strings: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}

/** The byte strings one after another, in one fresh array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * A copy of the bytes, as a plain array. `slice()` is none: of a Buffer of Node, which is a Uint8Array too, it gives a view, of memory
 * that the caller or the Buffer pool goes on using.
 * @example
 * ```ts
 * import { copyBytes } from '@xaynet/core/bytes';
 * const bytes = Uint8Array.of(1, 2);
 * const copy = copyBytes(bytes);
 * bytes.fill(0);
 * copy; // Uint8Array [1, 2]
 * ```
 */
export function copyBytes<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  return new Uint8Array(bytes) as Bytes;
}

/** The bytes of ASCII text; throws a RangeError for anything else. */
export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) throw new RangeError(`not ASCII: ${text}`);
    bytes[i] = code;
  }
  return bytes;
}
