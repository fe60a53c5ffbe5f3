// A map whose keys are bytes. JavaScript compares Uint8Arrays by identity, so the key is indexed by its hexadecimal text; the
// entries come out sorted by key, which makes every encoded dictionary reproducible (wire.md 5.6 allows any order).

import { compareBytes } from './compare.ts';
import { toHex } from './text.ts';

/**
 * A dictionary from byte keys to values; iteration is in ascending order of the key bytes.
 * @example
 * ```ts
 * import { KeyMap } from '@xaynet/core/bytes';
 * const dict = new KeyMap([
 *   [Uint8Array.of(2), 'b'],
 *   [Uint8Array.of(1), 'a'],
 * ]);
 * dict.get(Uint8Array.of(2)); // 'b'
 * [...dict].map(([, value]) => value); // ['a', 'b']
 * ```
 */
export class KeyMap<K extends Uint8Array, V> implements Iterable<[K, V]> {
  readonly #entries = new Map<string, [K, V]>();

  /** A map holding `entries`; a later entry replaces an earlier one with the same key. */
  constructor(entries: Iterable<readonly [K, V]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of `key`, or undefined. */
  get(key: Uint8Array): V | undefined {
    return this.#entries.get(toHex(key))?.[1];
  }

  /** Whether `key` is present. */
  has(key: Uint8Array): boolean {
    return this.#entries.has(toHex(key));
  }

  /** Stores `value` under `key`, replacing an earlier one. */
  set(key: K, value: V): this {
    this.#entries.set(toHex(key), [key, value]);
    return this;
  }

  /** Removes `key`; true when it was present. */
  delete(key: Uint8Array): boolean {
    return this.#entries.delete(toHex(key));
  }

  /** Entries in ascending order of the key bytes. */
  *[Symbol.iterator](): Iterator<[K, V]> {
    yield* [...this.#entries.values()].sort(([a], [b]) => compareBytes(a, b));
  }

  /** Keys in ascending order. */
  keys(): K[] {
    return [...this].map(([key]) => key);
  }
}
