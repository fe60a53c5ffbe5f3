// Whether a message's sender was selected for its task: the signatures at the head of the payload are checked against the seed of the round
// (coordinator 2.4, wire 1.5). They lead the payload, so the head of a first chunk is enough to know.

import { type PublicSigningKey, Reader, Signature } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';
import type { MessageTag } from '@xaynet/core/message';
import { isEligible, type RoundParams, verifyTask } from '@xaynet/core/round';

/** Bytes of a payload that {@link eligibilityError} looks at. */
export const HEAD_LENGTH: Readonly<Record<MessageTag, number>> = { sum: 64, update: 128, sum2: 64 };

/**
 * Why the sender of a payload is not eligible, or undefined when it is. `head`: at least the first {@link HEAD_LENGTH} bytes of the payload.
 * An update's sum signature must verify, too, and not be selected: the original lets a sum participant update by breaking it (weakness W-04,
 * threats T5); `unverifiedSumSignature` brings that back.
 */
export function eligibilityError(
  tag: MessageTag,
  head: Uint8Array,
  participant: PublicSigningKey,
  params: RoundParams,
  compat: { readonly unverifiedSumSignature: boolean },
): ErrorCode | undefined {
  const reader = new Reader(head, 'task signatures');
  const sumSignature = Signature(reader.take(Signature.LENGTH));
  const verified = verifyTask(sumSignature, params.seed, 'sum', participant);
  const summer = verified && isEligible(sumSignature, params.sum);
  if (tag !== 'update') return summer ? undefined : 'not-sum-eligible';
  const updateSignature = Signature(reader.take(Signature.LENGTH));
  const updater =
    !summer &&
    (verified || compat.unverifiedSumSignature) &&
    isEligible(updateSignature, params.update) &&
    verifyTask(updateSignature, params.seed, 'update', participant);
  return updater ? undefined : 'not-update-eligible';
}
