// The entry of a stored sum: how many contributions are in it, SHA-256 and key of the blob.

import { HASH_LENGTH } from './values.ts';

const COUNT_LENGTH = 8;

export interface PartialEntry {
  readonly count: number;
  readonly digest: Buffer;
  readonly key: string;
}

export function partialEntry(count: number, digest: Uint8Array, key: string): Buffer {
  const length = Buffer.alloc(COUNT_LENGTH);
  length.writeBigUInt64BE(BigInt(count));
  return Buffer.concat([length, digest, Buffer.from(key, 'latin1')]);
}

export function partialIn(entry: Buffer): PartialEntry {
  return {
    count: Number(entry.readBigUInt64BE()),
    digest: entry.subarray(COUNT_LENGTH, COUNT_LENGTH + HASH_LENGTH),
    key: entry.subarray(COUNT_LENGTH + HASH_LENGTH).toString('latin1'),
  };
}
