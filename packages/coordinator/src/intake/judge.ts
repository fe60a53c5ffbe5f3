// What is decided about a message without knowing any other: the part of intake that costs time, as two plain functions that run on a worker
// or on the main thread alike. Cheap checks come before dear ones (weakness W-18): the tag and the key before all, the sender's selection
// (four short signatures at most) before the signature over megabytes, the elements last. Nothing unsigned is kept, whichever check comes first.

import { copyBytes, equalBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { isUsableEncryptKey, openSealed, openSealedInPlace, sha256 } from '@xaynet/core/crypto';
import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { isValidMaskObject, type MaskObject } from '@xaynet/core/mask';
import { decodeChunk, decodePayload, type Message, type Payload, parseMessage, verifyMessage } from '@xaynet/core/message';
import type { RoundParams } from '@xaynet/core/round';
import type { JudgeContext } from './context.ts';
import { eligibilityError, HEAD_LENGTH } from './eligibility.ts';
import { parseLeniently, withoutTrailingBytes } from './lenient.ts';

/** The stages of judging, and the seconds of a processor that each took; below 0: it was not done. Some systems count in steps, so 0 is a time. */
export type JudgeTimes = Record<'open' | 'verify' | 'eligibility' | 'check', number>;

/** What became of a body. The arrays are views of one buffer, that of the opened message. */
export type Judgement =
  /** `unselected`: its sender, when that has signed a first chunk which says that it is not selected. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly unselected?: PublicSigningKey | undefined }
  /** It is for the round: verified, of a selected sender, and `payload` decodes. `elementsError`: why its masked elements cannot be used. */
  | {
      readonly kind: 'message';
      readonly participant: PublicSigningKey;
      readonly payload: Uint8Array;
      readonly elementsError: ErrorCode | undefined;
      /** What a recording says of the payload; when the context asks for it. */
      readonly digest?: string | undefined;
      /** The buffer they lie in, when nobody else has it. */
      readonly memory?: ArrayBuffer | undefined;
    }
  /** A verified chunk, header included. `proven`: it is the first of its payload and its head says that the sender is selected. */
  | {
      readonly kind: 'chunk';
      readonly participant: PublicSigningKey;
      readonly payload: Uint8Array;
      readonly proven: boolean;
      readonly memory?: ArrayBuffer | undefined;
    };

/**
 * Opens a body and looks at all of it (coordinator 2.1, stages 1 to 6 and 8). `inPlace`: the message is opened where its box lies, so the body
 * is none afterwards. Throws only for mistakes of this program.
 */
export function judgeBody(context: JudgeContext, body: Uint8Array, times: JudgeTimes, inPlace = false): Judgement {
  return refusing(() => {
    const plain = timed(times, 'open', () => (inPlace ? openSealedInPlace : openSealed)(body, context.keys));
    const message = context.compat.trailingBytes ? parseLeniently(plain) : parseMessage(plain);
    if (message.tag !== context.tag) throw new XaynetError('message-unexpected');
    if (!equalBytes(message.coordinator, context.params.publicKey)) throw new XaynetError('coordinator-key-mismatch');
    return message.multipart ? judgeChunk(context, message, times) : judgeWhole(context, message, times);
  });
}

/** The same for a payload that was put together from verified chunks of this participant (stage 8). */
export function judgePayload(context: JudgeContext, participant: PublicSigningKey, bytes: Uint8Array, times: JudgeTimes): Judgement {
  return refusing(() => {
    const content = contentOf(context, bytes);
    const payload = decode(context, content);
    checkEligibility(context, content, participant, times);
    return { kind: 'message', participant, payload: content, elementsError: lookAtElements(context, payload, times), digest: digestOf(context, content) };
  });
}

/** No times yet. */
export function noTimes(): JudgeTimes {
  return { open: -1, verify: -1, eligibility: -1, check: -1 };
}

function judgeWhole(context: JudgeContext, message: Message, times: JudgeTimes): Judgement {
  const content = contentOf(context, message.payload);
  const payload = decode(context, content);
  checkEligibility(context, content, message.participant, times);
  checkSignature(message, times);
  const elementsError = lookAtElements(context, payload, times);
  return { kind: 'message', participant: message.participant, payload: content, elementsError, digest: digestOf(context, content) };
}

function judgeChunk(context: JudgeContext, message: Message, times: JudgeTimes): Judgement {
  const { participant, payload, tag } = message;
  const { id, data } = decodeChunk(payload);
  const proven = id === 0 && data.length >= HEAD_LENGTH[tag];
  if (proven) {
    const code = timed(times, 'eligibility', () => eligibilityError(tag, data, participant, context.params, context.compat));
    // What waits for this proof may go, but only when it is the sender's own: anybody can write a wrong one.
    if (code !== undefined) {
      const isOwn = timed(times, 'verify', () => verifyMessage(message));
      return { kind: 'refused', code, unselected: isOwn ? copyBytes(participant) : undefined };
    }
  }
  checkSignature(message, times);
  return { kind: 'chunk', participant, payload, proven };
}

function contentOf({ tag, compat }: JudgeContext, bytes: Uint8Array): Uint8Array {
  return compat.trailingBytes ? withoutTrailingBytes(tag, bytes) : bytes;
}

function decode({ tag }: JudgeContext, content: Uint8Array): Payload {
  const payload = decodePayload(tag, content);
  // T9: nothing can be sealed to a low-order key, so it would stop update participants whose library throws.
  if (payload.tag === 'sum' && !isUsableEncryptKey(payload.ephemeralKey)) throw new XaynetError('key-unusable');
  return payload;
}

function checkEligibility({ tag, params, compat }: JudgeContext, head: Uint8Array, participant: PublicSigningKey, times: JudgeTimes): void {
  const error = timed(times, 'eligibility', () => eligibilityError(tag, head, participant, params, compat));
  if (error !== undefined) throw new XaynetError(error);
}

function checkSignature(message: Message, times: JudgeTimes): void {
  if (!timed(times, 'verify', () => verifyMessage(message))) throw new XaynetError('signature-invalid');
}

/**
 * A masked model or mask that could never be added or subtracted (weakness W-13), found in the order of wire 4.5. The round refuses it, as it
 * counts what it refused.
 */
function lookAtElements({ params }: JudgeContext, payload: Payload, times: JudgeTimes): ErrorCode | undefined {
  if (payload.tag === 'sum') return undefined;
  const object = payload.tag === 'update' ? payload.maskedModel : payload.mask;
  return timed(times, 'check', () => elementsError(payload.tag, object, params));
}

function elementsError(tag: 'update' | 'sum2', object: MaskObject, { maskConfig, modelLength }: RoundParams): ErrorCode | undefined {
  const { config, length } = object;
  if (tag === 'sum2') {
    if (config.vect !== maskConfig.vect || config.unit !== maskConfig.unit || length !== modelLength) return 'mask-mismatch';
    return isValidMaskObject(object) ? undefined : 'mask-invalid';
  }
  if (config.vect !== maskConfig.vect) return 'aggregate-model-mismatch';
  if (config.unit !== maskConfig.unit) return 'aggregate-scalar-mismatch';
  if (length !== modelLength) return 'aggregate-model-mismatch';
  return isValidMaskObject(object) ? undefined : 'aggregate-invalid-object';
}

const DIGEST_BYTES = 8;

/** Of what follows the signatures, so that the same mask of two participants has the same digest. */
function digestOf({ digests, tag }: JudgeContext, content: Uint8Array): string | undefined {
  return digests ? toHex(sha256(content.subarray(HEAD_LENGTH[tag])).subarray(0, DIGEST_BYTES)) : undefined;
}

/** Coded errors are verdicts. */
function refusing(judge: () => Judgement): Judgement {
  try {
    return judge();
  } catch (error) {
    if (isXaynetError(error)) return { kind: 'refused', code: error.code };
    throw error;
  }
}

function timed<T>(times: JudgeTimes, stage: keyof JudgeTimes, work: () => T): T {
  const began = cpuSeconds();
  try {
    return work();
  } finally {
    times[stage] = Math.max(0, times[stage]) + cpuSeconds() - began;
  }
}

/** Seconds that this thread has used a processor; where that is not known, seconds that went by. */
function cpuSeconds(): number {
  if (process.threadCpuUsage === undefined) return performance.now() / 1000;
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}
