// A plain PET message: 136 bytes of header and a payload, signed from byte 64 on (wire 6.1). Reading is strict where the
// original was not: the length field must be the number of bytes there are, so that nothing unsigned is ever looked at.

import { PublicEncryptKey, PublicSigningKey, Signature } from '../bytes/fixed.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { SigningKeyPair } from '../crypto/signing.ts';
import { sign, signAsync, verify, verifyAsync } from '../crypto/signing.ts';
import { XaynetError } from '../errors.ts';
import { HEADER_LENGTH, type Header, MULTIPART_FLAG, SIGNED_OFFSET, tagByte, tagOf } from './header.ts';
import { messageSize } from './sizes.ts';

/** A message taken apart by {@link parseMessage}. All byte fields are views of the bytes it was parsed from. */
export interface Message extends Header {
  /** Signature over {@link Message.signed}; parsing does not verify it, {@link verifyMessage} does. */
  readonly signature: Signature;
  /** What follows the header: a payload of the tag, or a chunk when `multipart` is set. */
  readonly payload: Uint8Array;
  /** Everything that the signature covers: bytes 64 to the end. */
  readonly signed: Uint8Array;
}

/**
 * The plain message of a payload: header, payload, signature of both (wire 6.1). Deterministic: equal input, equal bytes.
 * Throws `message-too-large` when header and payload together exceed 2^32 - 1 bytes.
 * @example
 * ```ts
 * import { PublicEncryptKey, SigningKeySeed } from '@xaynet/core/bytes';
 * import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
 * import { parseMessage, signMessage, verifyMessage } from '@xaynet/core/message';
 * const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
 * const coordinator = PublicEncryptKey(new Uint8Array(32).fill(9));
 * const bytes = signMessage({ coordinator, tag: 'sum', multipart: false }, new Uint8Array(96), keys);
 * bytes.length; // 232
 * verifyMessage(parseMessage(bytes)); // true
 * ```
 */
export function signMessage(header: Omit<Header, 'participant'>, payload: Uint8Array, keys: SigningKeyPair): Uint8Array {
  const bytes = unsigned(header, payload, keys);
  bytes.set(sign(bytes.subarray(SIGNED_OFFSET), keys.secretKey));
  return bytes;
}

/**
 * The message that {@link signMessage} makes, signed beside the calling thread where that pays (`signAsync`). Rejects as it throws.
 * @example
 * ```ts
 * import { PublicEncryptKey, SigningKeySeed } from '@xaynet/core/bytes';
 * import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
 * import { parseMessage, signMessageAsync, verifyMessageAsync } from '@xaynet/core/message';
 * const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
 * const coordinator = PublicEncryptKey(new Uint8Array(32).fill(9));
 * const bytes = await signMessageAsync({ coordinator, tag: 'sum2', multipart: false }, new Uint8Array(7_000_000), keys);
 * await verifyMessageAsync(parseMessage(bytes)); // true
 * ```
 */
export async function signMessageAsync(header: Omit<Header, 'participant'>, payload: Uint8Array, keys: SigningKeyPair): Promise<Uint8Array> {
  const bytes = unsigned(header, payload, keys);
  bytes.set(await signAsync(bytes.subarray(SIGNED_OFFSET), keys.secretKey));
  return bytes;
}

/** Header and payload, with zeros where the signature goes. */
function unsigned(header: Omit<Header, 'participant'>, payload: Uint8Array, keys: SigningKeyPair): Uint8Array {
  const length = messageSize(payload.length);
  return new Writer(length)
    .zeros(SIGNED_OFFSET)
    .bytes(keys.publicKey)
    .bytes(header.coordinator)
    .u32be(length)
    .u8(tagByte(header.tag))
    .u8(header.multipart ? MULTIPART_FLAG : 0)
    .zeros(2)
    .bytes(payload)
    .finish();
}

/**
 * Takes a plain message apart without verifying it and without looking into its payload (wire 6.1, 6.6).
 * Throws `decode-truncated` below 136 bytes, `decode-length` when the length field is not the number of bytes, `decode-tag`
 * for an unknown tag. Unknown flag bits and non-zero reserved bytes are ignored: the signature covers them.
 */
export function parseMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes, 'message');
  if (bytes.length < HEADER_LENGTH) throw new XaynetError('decode-truncated', `message: ${HEADER_LENGTH} bytes of header expected, ${bytes.length} given`);
  const signature = Signature(reader.take(Signature.LENGTH));
  const participant = PublicSigningKey(reader.take(PublicSigningKey.LENGTH));
  const coordinator = PublicEncryptKey(reader.take(PublicEncryptKey.LENGTH));
  const length = reader.u32be();
  if (length !== bytes.length) throw new XaynetError('decode-length', `message: length field says ${length}, ${bytes.length} bytes given`);
  const tag = tagOf(reader.u8());
  const multipart = (reader.u8() & MULTIPART_FLAG) !== 0;
  reader.take(2);
  return { participant, coordinator, tag, multipart, signature, payload: reader.take(reader.remaining), signed: bytes.subarray(SIGNED_OFFSET) };
}

/** Whether the signature of a message was made by the participant that its header names (wire 6.6, check 4). Never throws. */
export function verifyMessage(message: Message): boolean {
  return verify(message.signature, message.signed, message.participant);
}

/** The verdict of {@link verifyMessage}, found beside the calling thread where that pays (`verifyAsync`). Never rejects. */
export function verifyMessageAsync(message: Message): Promise<boolean> {
  return verifyAsync(message.signature, message.signed, message.participant);
}
