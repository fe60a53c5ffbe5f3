// How large a message of this round can be, exactly (threats T14): a body above it is refused before it is opened, a payload above it before
// its chunks are kept. The numbers follow from the round: mask configuration, model length, size of the sum dictionary.

import { type MessageTag, sealedMessageSize, sum2PayloadSize, sumPayloadSize, updatePayloadSize } from '@xaynet/core/message';
import type { View } from '../bulletin.ts';
import { tagOfPhase } from '../round/state.ts';

/** Bytes of the largest legal payload with this tag; for an update while the sum dictionary is not known yet: without seeds. */
export function largestPayload(tag: MessageTag, { params, sums }: View): number {
  switch (tag) {
    case 'sum':
      return sumPayloadSize();
    case 'update':
      return updatePayloadSize(params.maskConfig, params.modelLength, sums?.size ?? 0);
    case 'sum2':
      return sum2PayloadSize(params.maskConfig, params.modelLength);
  }
}

/** Bytes of the largest sealed message of the phase; of a sum message, the smallest there is, while the phase takes none. */
export function largestMessage(view: View): number {
  return sealedMessageSize(largestPayload(tagOfPhase(view.phase) ?? 'sum', view));
}

/**
 * Bytes of the largest sealed message of any round with these parameters: an update for `sums` sum participants. What is larger is not
 * merely late or early, but too large.
 */
export function largestMessageEver({ params }: View, sums: number): number {
  return sealedMessageSize(updatePayloadSize(params.maskConfig, params.modelLength, sums));
}

// What unfinished multipart messages may take in all: 64 of the largest messages, but neither less than the first nor more than the second of
// these, except that four always fit. Only senders that proved their eligibility get there, and each takes the room that its message will
// need; beyond it, whoever begins is asked to come again later (threats T14), so the room has to be wide enough for many uploads at once.
const LARGEST_MESSAGES = 64;
const LEAST_BYTES = 64 * 1024 * 1024;
const MOST_BYTES = 1024 * 1024 * 1024;

/** Bytes that unfinished multipart messages may take in all, when the largest mask object has `largest` bytes. */
export function chunkBudget(largest: number): number {
  return Math.max(4 * largest, Math.min(MOST_BYTES, Math.max(LEAST_BYTES, LARGEST_MESSAGES * largest)));
}
