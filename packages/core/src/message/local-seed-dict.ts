// The dictionary inside an update message: the one mask seed, sealed once for every sum participant (wire 5.6). Unlike every
// other length of the format its length field counts itself; bytes and entries must agree exactly.

import { EncryptedMaskSeed, PublicSigningKey } from '../bytes/fixed.ts';
import { KeyMap } from '../bytes/key-map.ts';
import { Reader } from '../bytes/reader.ts';
import { toHex } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { XaynetError } from '../errors.ts';
import { LOCAL_SEED_ENTRY_LENGTH, localSeedDictSize } from './sizes.ts';

/** Key of a sum participant → the sender's mask seed, sealed to that participant's ephemeral key (wire 5.6). */
export type LocalSeedDict = KeyMap<PublicSigningKey, EncryptedMaskSeed>;

/**
 * Reads a dictionary; keys and seeds are views of the input. Throws `decode-truncated` when it does not fit, `decode-length`
 * when the length field is below 4 or leaves part of an entry, `decode-duplicate-key` for a key that comes twice (wire 5.6).
 */
export function readLocalSeedDict(reader: Reader): LocalSeedDict {
  const length = reader.u32be();
  if (length < 4 || (length - 4) % LOCAL_SEED_ENTRY_LENGTH !== 0) {
    throw new XaynetError('decode-length', `local seed dictionary: length ${length} is not 4 + a multiple of ${LOCAL_SEED_ENTRY_LENGTH}`);
  }
  const entries = new Reader(reader.take(length - 4), 'local seed dictionary');
  const dict: LocalSeedDict = new KeyMap();
  while (entries.remaining > 0) {
    const size = dict.size;
    const key = PublicSigningKey(entries.take(PublicSigningKey.LENGTH));
    dict.set(key, EncryptedMaskSeed(entries.take(EncryptedMaskSeed.LENGTH)));
    if (dict.size === size) throw new XaynetError('decode-duplicate-key', `local seed dictionary: ${toHex(key)}`);
  }
  return dict;
}

/**
 * Writes a dictionary in ascending order of its keys; throws `message-too-large` when its length exceeds 2^32 - 1.
 * @example
 * ```ts
 * import { EncryptedMaskSeed, KeyMap, PublicSigningKey, Reader, Writer } from '@xaynet/core/bytes';
 * import { localSeedDictSize, readLocalSeedDict, writeLocalSeedDict } from '@xaynet/core/message';
 * const dict = new KeyMap([[PublicSigningKey(new Uint8Array(32)), EncryptedMaskSeed(new Uint8Array(80))]]);
 * const writer = new Writer(localSeedDictSize(dict.size));
 * writeLocalSeedDict(writer, dict);
 * readLocalSeedDict(new Reader(writer.finish(), 'seeds')).size; // 1
 * ```
 */
export function writeLocalSeedDict(writer: Writer, dict: LocalSeedDict): void {
  writer.u32be(localSeedDictSize(dict.size));
  for (const [key, seed] of dict) writer.bytes(key).bytes(seed);
}

/**
 * The bytes of a dictionary, `4 + 112 · entries` of them (wire 5.6).
 * @example
 * ```ts
 * import { EncryptedMaskSeed, KeyMap, PublicSigningKey } from '@xaynet/core/bytes';
 * import { decodeLocalSeedDict, encodeLocalSeedDict } from '@xaynet/core/message';
 * const sum = PublicSigningKey(new Uint8Array(32));
 * const bytes = encodeLocalSeedDict(new KeyMap([[sum, EncryptedMaskSeed(new Uint8Array(80))]])); // 116 bytes
 * decodeLocalSeedDict(bytes).has(sum); // true
 * ```
 */
export function encodeLocalSeedDict(dict: LocalSeedDict): Uint8Array {
  const writer = new Writer(localSeedDictSize(dict.size));
  writeLocalSeedDict(writer, dict);
  return writer.finish();
}

/** The dictionary of exactly these bytes; throws like {@link readLocalSeedDict}, and `decode-trailing` when bytes are left. */
export function decodeLocalSeedDict(bytes: Uint8Array): LocalSeedDict {
  const reader = new Reader(bytes, 'local seed dictionary');
  const dict = readLocalSeedDict(reader);
  reader.end();
  return dict;
}
