// The published dictionaries: who sums with which ephemeral key, and who gets which sealed mask seed (wire 7.3). Any order is
// read; ascending keys are written, so that equal dictionaries of this implementation are equal bytes. All reading is strict: a
// key twice, a length that is not the type's, or a byte too many is an error (wire 7.4).

import { EncryptedMaskSeed, PublicEncryptKey, PublicSigningKey } from '../bytes/fixed.ts';
import { KeyMap } from '../bytes/key-map.ts';
import { Reader } from '../bytes/reader.ts';
import { toHex } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { XaynetError } from '../errors.ts';

/** Sum participants of a round: signing key → ephemeral encryption key (wire 7.3). */
export type SumDict = KeyMap<PublicSigningKey, PublicEncryptKey>;

/** What one sum participant fetches: update participant's key → its mask seed, sealed to the sum participant (wire 7.3). */
export type UpdateSeedDict = KeyMap<PublicSigningKey, EncryptedMaskSeed>;

/** All seeds of a round: sum participant's key → its {@link UpdateSeedDict}. Stored, never served (wire 7.3). */
export type SeedDict = KeyMap<PublicSigningKey, UpdateSeedDict>;

const COUNT_BYTES = 8;
const LENGTH_BYTES = 8;
const KEY_BYTES = LENGTH_BYTES + PublicSigningKey.LENGTH;

/** Bytes of an encoded {@link SumDict} of `entries` entries (wire 7.3). */
export function sumDictSize(entries: number): number {
  return COUNT_BYTES + entries * (KEY_BYTES + LENGTH_BYTES + PublicEncryptKey.LENGTH);
}

/** Bytes of an encoded {@link UpdateSeedDict} of `entries` entries (wire 7.3). */
export function updateSeedDictSize(entries: number): number {
  return COUNT_BYTES + entries * (KEY_BYTES + LENGTH_BYTES + EncryptedMaskSeed.LENGTH);
}

/**
 * The bytes of a sum dictionary: 8, and 80 for each entry (wire 7.3).
 * @example
 * ```ts
 * import { KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
 * import { decodeSumDict, encodeSumDict } from '@xaynet/core/round';
 * const key = PublicSigningKey(new Uint8Array(32).fill(1));
 * const bytes = encodeSumDict(new KeyMap([[key, PublicEncryptKey(new Uint8Array(32).fill(2))]])); // 88 bytes
 * decodeSumDict(bytes).has(key); // true
 * ```
 */
export function encodeSumDict(dict: SumDict): Uint8Array {
  return writeByteDict(new Writer(sumDictSize(dict.size)), dict).finish();
}

/**
 * The sum dictionary in exactly these bytes, keys and values being views of them (wire 7.3, 7.4). Throws `decode-truncated`,
 * `decode-trailing`, `decode-length`, `decode-duplicate-key`, `decode-number`.
 */
export function decodeSumDict(bytes: Uint8Array): SumDict {
  return decode(bytes, 'sum dictionary', (reader) => readDict(reader, LENGTH_BYTES, () => PublicEncryptKey(reader.byteString(PublicEncryptKey.LENGTH))));
}

/**
 * The bytes of one row of the seed dictionary: 8, and 128 for each entry (wire 7.3).
 * @example
 * ```ts
 * import { EncryptedMaskSeed, KeyMap, PublicSigningKey } from '@xaynet/core/bytes';
 * import { decodeUpdateSeedDict, encodeUpdateSeedDict, sumDictSize, updateSeedDictSize } from '@xaynet/core/round';
 * const updater = PublicSigningKey(new Uint8Array(32).fill(1));
 * const bytes = encodeUpdateSeedDict(new KeyMap([[updater, EncryptedMaskSeed(new Uint8Array(80))]])); // 136 bytes
 * decodeUpdateSeedDict(bytes).has(updater); // true
 * updateSeedDictSize(1_000); // 128008: what a sum participant fetches
 * sumDictSize(1_000); // 80008: what an update participant fetches
 * ```
 */
export function encodeUpdateSeedDict(dict: UpdateSeedDict): Uint8Array {
  return writeByteDict(new Writer(updateSeedDictSize(dict.size)), dict).finish();
}

/**
 * The row of the seed dictionary in exactly these bytes, keys and values being views of them (wire 7.3, 7.4). Throws
 * `decode-truncated`, `decode-trailing`, `decode-length`, `decode-duplicate-key`, `decode-number`.
 */
export function decodeUpdateSeedDict(bytes: Uint8Array): UpdateSeedDict {
  return decode(bytes, 'update seed dictionary', readUpdateSeedDict);
}

/**
 * The bytes of a whole seed dictionary: 8, and for each sum participant its key, a count and its {@link UpdateSeedDict} (wire 7.3).
 * @example
 * ```ts
 * import { EncryptedMaskSeed, KeyMap, PublicSigningKey } from '@xaynet/core/bytes';
 * import { decodeSeedDict, encodeSeedDict } from '@xaynet/core/round';
 * const [sum, updater] = [1, 2].map((byte) => PublicSigningKey(new Uint8Array(32).fill(byte)));
 * const row = new KeyMap([[updater!, EncryptedMaskSeed(new Uint8Array(80))]]);
 * const bytes = encodeSeedDict(new KeyMap([[sum!, row]])); // 184 bytes
 * decodeSeedDict(bytes).get(sum!)?.size; // 1
 * ```
 */
export function encodeSeedDict(dict: SeedDict): Uint8Array {
  let size = COUNT_BYTES;
  for (const [, row] of dict) size += KEY_BYTES + updateSeedDictSize(row.size);
  const writer = new Writer(size).u64le(dict.size);
  for (const [key, row] of dict) writeByteDict(writer.byteString(key), row);
  return writer.finish();
}

/**
 * The seed dictionary in exactly these bytes, keys and values being views of them (wire 7.3, 7.4). Throws `decode-truncated`,
 * `decode-trailing`, `decode-length`, `decode-duplicate-key`, `decode-number`.
 */
export function decodeSeedDict(bytes: Uint8Array): SeedDict {
  return decode(bytes, 'seed dictionary', (reader) => readDict(reader, COUNT_BYTES, () => readUpdateSeedDict(reader)));
}

function decode<T>(bytes: Uint8Array, what: string, read: (reader: Reader) => T): T {
  const reader = new Reader(bytes, what);
  const value = read(reader);
  reader.end();
  return value;
}

function readUpdateSeedDict(reader: Reader): UpdateSeedDict {
  return readDict(reader, LENGTH_BYTES, () => EncryptedMaskSeed(reader.byteString(EncryptedMaskSeed.LENGTH)));
}

// The announced count is held against what the smallest entry of any kind takes, so that a wrong length inside an entry is still
// reported as that and not as missing bytes; nothing is allocated before an entry has been read.
function readDict<V>(reader: Reader, smallestValue: number, readValue: () => V): KeyMap<PublicSigningKey, V> {
  const count = reader.count(LENGTH_BYTES + smallestValue);
  const dict = new KeyMap<PublicSigningKey, V>();
  for (let i = 0; i < count; i++) {
    const key = PublicSigningKey(reader.byteString(PublicSigningKey.LENGTH));
    if (dict.has(key)) throw new XaynetError('decode-duplicate-key', `entry ${i}: ${toHex(key)}`);
    dict.set(key, readValue());
  }
  return dict;
}

function writeByteDict(writer: Writer, dict: KeyMap<PublicSigningKey, Uint8Array>): Writer {
  writer.u64le(dict.size);
  for (const [key, value] of dict) writer.byteString(key).byteString(value);
  return writer;
}
