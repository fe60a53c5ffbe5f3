// What a message is judged by: the round's key and parameters, the phase, the switches. A message keeps the context it was received under,
// whatever is published while it is judged, and carries the round's number on: the round itself refuses what is late. The frozen form is
// what worker threads get; only there is the secret key copied, and every copy is wiped when the next context comes.

import { copyBytes } from '@xaynet/core/bytes';
import type { MaskConfigPair } from '@xaynet/core/mask';
import { parseMaskConfig } from '@xaynet/core/mask';
import type { MessageTag } from '@xaynet/core/message';
import type { RoundParams } from '@xaynet/core/round';
import type { View } from '../bulletin.ts';
import { tagOfPhase } from '../round/state.ts';

/** Switches that make intake as lenient as the original, one by one. */
export interface IntakeCompat {
  readonly unverifiedSumSignature: boolean;
  readonly trailingBytes: boolean;
}

/** What messages of one phase of one round are judged by. */
export interface JudgeContext {
  readonly round: number;
  /** The only tag that the phase takes. */
  readonly tag: MessageTag;
  readonly keys: View['keys'];
  readonly params: RoundParams;
  readonly compat: IntakeCompat;
  /** Payloads get a digest, for a recording. */
  readonly digests: boolean;
}

/** A context as it goes to a worker: masking configurations are compared by identity, so they travel by name. */
export interface FrozenContext extends Omit<JudgeContext, 'params'> {
  readonly params: Omit<RoundParams, 'maskConfig'>;
  readonly maskConfig: Readonly<Record<keyof MaskConfigPair, string>>;
}

/** The context of a view, or undefined while its phase takes no messages. */
export function contextOf(
  { round, phase, keys, params }: View,
  { unverifiedSumSignature, trailingBytes }: IntakeCompat,
  digests = false,
): JudgeContext | undefined {
  const tag = tagOfPhase(phase);
  return tag === undefined ? undefined : { round, tag, keys, params, compat: { unverifiedSumSignature, trailingBytes }, digests };
}

/** The context to send to a worker. Its secret key is a copy for the sender to wipe. */
export function freeze({ params, keys, ...context }: JudgeContext): FrozenContext {
  const { maskConfig, publicKey, seed, ...numbers } = params;
  return {
    ...context,
    keys: { publicKey: copyBytes(keys.publicKey), secretKey: copyBytes(keys.secretKey) },
    params: { ...numbers, publicKey: copyBytes(publicKey), seed: copyBytes(seed) },
    maskConfig: { vect: maskConfig.vect.name, unit: maskConfig.unit.name },
  };
}

/** The context that a worker has got. */
export function thaw({ maskConfig, params, ...context }: FrozenContext): JudgeContext {
  return { ...context, params: { ...params, maskConfig: { vect: parseMaskConfig(maskConfig.vect), unit: parseMaskConfig(maskConfig.unit) } } };
}
