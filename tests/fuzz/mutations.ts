// Bodies that are nearly right. A mutation knows where the fields of a message are (wire 6.1, 6.2), breaks one to three of them, and mostly
// repairs length and signature afterwards, so that what was broken is reached; sometimes only the sealed box itself is damaged.

import { concatBytes } from '@xaynet/core/bytes';
import { type SigningKeyPair, seal, sign } from '@xaynet/core/crypto';
import { encodeChunk, HEADER_LENGTH, type MessageTag, signMessage } from '@xaynet/core/message';
import type { RoundParams } from '@xaynet/core/round';
import type { Chance } from './chance.ts';

/** A valid payload and its sender. */
export interface Base {
  readonly keys: SigningKeyPair;
  readonly tag: MessageTag;
  readonly payload: Uint8Array;
}

type Mutate = (plain: Uint8Array, chance: Chance) => Uint8Array;

const LENGTH_AT = 128;
const TAG_AT = 132;
const FLAGS_AT = 133;
const LOW_ORDER = new Uint8Array(32);

const u32 = (bytes: Uint8Array, at: number, value: number): void => {
  if (at >= 0 && at + 4 <= bytes.length) new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value);
};
const odd = (chance: Chance, near: number): number => chance.of([0, 1, 3, 4, 63, 64, 115, 116, 135, 136, near - 1, near, near + 1, 2 ** 31, 2 ** 32 - 1]) >>> 0;

/** Where the masked object begins in a message with this tag byte. */
const objectAt = (plain: Uint8Array): number => HEADER_LENGTH + (plain[TAG_AT] === 2 ? 128 : 64);

const MUTATIONS: readonly Mutate[] = [
  // a few bytes anywhere
  (plain, chance) => {
    for (let i = chance.below(6); i >= 0; i--) plain[chance.below(plain.length)] = chance.below(256);
    return plain;
  },
  // header: length, tag, flags, reserved, keys
  (plain, chance) => {
    u32(plain, LENGTH_AT, odd(chance, plain.length));
    return plain;
  },
  (plain, chance) => plain.fill(chance.below(6), TAG_AT, TAG_AT + 1),
  (plain, chance) => plain.fill(chance.below(256), FLAGS_AT, FLAGS_AT + 1 + chance.below(3)),
  (plain, chance) => {
    if (plain.length >= HEADER_LENGTH) plain.set(chance.is(0.3) ? LOW_ORDER : chance.bytes(32), chance.of([64, 96]));
    return plain;
  },
  // task signatures, and the ephemeral key of a sum message
  (plain, chance) => {
    if (plain.length >= HEADER_LENGTH + 96) plain.set(chance.is(0.5) ? LOW_ORDER : chance.bytes(32), HEADER_LENGTH + chance.of([0, 32, 64]));
    return plain;
  },
  // masked object: configuration, count, elements
  (plain, chance) => plain.fill(chance.below(12), objectAt(plain) + chance.below(4), objectAt(plain) + 4),
  (plain, chance) => {
    u32(plain, objectAt(plain) + 4, odd(chance, chance.below(10)));
    return plain;
  },
  (plain, chance) => plain.fill(255, objectAt(plain) + 8, objectAt(plain) + 8 + 1 + chance.below(60)),
  // seed dictionary: its length, a key twice, entries away
  (plain, chance) => {
    u32(plain, plain.length - 4 - 112 * chance.below(40), odd(chance, 4 + 112 * chance.below(40)));
    return plain;
  },
  (plain) => (plain.length > 600 ? plain.copyWithin(plain.length - 112, plain.length - 224, plain.length - 192) : plain),
  // too short, too long
  (plain, chance) => plain.slice(0, Math.max(1, plain.length - 1 - chance.below(chance.is(0.5) ? 8 : plain.length))),
  (plain, chance) => concatBytes(plain, chance.bytes(1 + chance.below(chance.is(0.9) ? 200 : 4000))),
];

/** One body for the round of `params`. */
export function mutant(base: Base, params: RoundParams, chance: Chance): Uint8Array {
  if (chance.is(0.02)) return chance.bytes(chance.below(600));
  const isChunk = chance.is(0.25);
  const payload = isChunk ? chunkOf(base.payload, chance) : base.payload;
  let plain: Uint8Array = signMessage({ coordinator: params.publicKey, tag: base.tag, multipart: isChunk }, payload, base.keys);
  // Chunks contradict one another well enough without being broken.
  const changes = isChunk && chance.is(0.7) ? 0 : 1 + chance.below(3);
  for (let i = 0; i < changes; i++) plain = chance.of(MUTATIONS)(plain, chance);
  if (chance.is(0.7) && plain.length >= HEADER_LENGTH) u32(plain, LENGTH_AT, plain.length);
  if (chance.is(0.8) && plain.length >= HEADER_LENGTH) plain.set(sign(plain.subarray(64), base.keys.secretKey));
  const body = seal(plain, params.publicKey, chance.bytes);
  if (chance.is(0.04)) body[chance.below(body.length)]! ^= 1 + chance.below(255);
  if (chance.is(0.02)) return body.subarray(0, chance.below(body.length));
  return chance.is(0.003) ? concatBytes(body, new Uint8Array(70_000)) : body;
}

/** A piece of the payload with the id it should have, or not. */
function chunkOf(payload: Uint8Array, chance: Chance): Uint8Array {
  const step = chance.of([1, 20, 70, 140, 150, payload.length]);
  const count = Math.ceil(payload.length / step);
  const id = chance.below(count);
  const said = chance.is(0.9) ? id : chance.below(65_536);
  const last = chance.is(0.9) ? id === count - 1 : chance.is(0.5);
  const data = payload.subarray(id * step, (id + 1) * step);
  return encodeChunk({ id: said, messageId: chance.below(chance.is(0.8) ? 3 : 65_536), last, data: chance.is(0.05) ? chance.bytes(data.length) : data });
}
