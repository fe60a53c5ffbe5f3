// Values as they are stored.

import type { Reply } from './library.ts';

/** Where blobs of rounds are, and those of models. */
export const ROUNDS_FOLDER = 'rounds';
export const MODELS_FOLDER = 'models';

/** Length of a SHA-256, and of a participant's key. */
export const HASH_LENGTH = 32;
export const KEY_LENGTH = 32;

/** The same bytes as the library wants them. */
export function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A bulk string of a reply; throws for anything else. */
export function bytesOf(reply: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(reply)) throw new TypeError(`bytes expected, ${reply === null ? 'nothing' : typeof reply} found`);
  return reply;
}

/** A bulk string that may be missing. */
export function optional(reply: Reply | undefined): Buffer | undefined {
  return reply === null || reply === undefined ? undefined : bytesOf(reply);
}
