// The fixed part of every PET message: who sends, to which round, what, and how the bytes are laid out (wire 6.1). Only the
// names and numbers of the layout stand here; `message.ts` puts header, payload and signature together.

import type { PublicEncryptKey, PublicSigningKey } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';

/** The kind of a message: its tag byte is 1 for `sum`, 2 for `update`, 3 for `sum2` (wire 6.1). */
export type MessageTag = 'sum' | 'update' | 'sum2';

/** Bytes of the header in front of every payload (wire 6.1). */
export const HEADER_LENGTH = 136 as const;

/** Where the signed part of a message begins: after the signature (wire 6.1). */
export const SIGNED_OFFSET = 64 as const;

/** Header of a message (wire 6.1), without the signature and without what is computed: the length. */
export interface Header {
  /** Long-term key of the sender; the signature is made with its secret half. */
  readonly participant: PublicSigningKey;
  /** The coordinator's key of the round, to which the message is sealed as well. */
  readonly coordinator: PublicEncryptKey;
  /** Kind of the payload; for a chunk the kind of the payload it was cut from. */
  readonly tag: MessageTag;
  /** True when the payload is a chunk of a longer one. */
  readonly multipart: boolean;
}

/** Bit 0 of the header's flags; the other bits are written as zero and ignored on reading. */
export const MULTIPART_FLAG = 1 as const;

const TAG_BYTES: Readonly<Record<MessageTag, number>> = { sum: 1, update: 2, sum2: 3 };
const TAGS: readonly (MessageTag | undefined)[] = [undefined, 'sum', 'update', 'sum2'];

/** The byte that stands for a tag in the header (wire 6.1). */
export function tagByte(tag: MessageTag): number {
  return TAG_BYTES[tag];
}

/**
 * The tag that a header's byte stands for; throws `decode-tag` for anything but 1, 2 and 3 (wire 6.1).
 * @example
 * ```ts
 * import { tagByte, tagOf } from '@xaynet/core/message';
 * tagByte('sum2'); // 3
 * tagOf(3); // 'sum2'
 * tagOf(4); // throws decode-tag
 * ```
 */
export function tagOf(byte: number): MessageTag {
  const tag = TAGS[byte];
  if (tag === undefined) throw new XaynetError('decode-tag', `tag ${byte}`);
  return tag;
}
