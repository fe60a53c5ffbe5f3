// The way from the original program and back: a participant from a state that the original saved, and that state of a participant
// (participant 1.10). An entry of its own, `@xaynet/participant/reference`: who never had the original need not load it.

import type { ParticipantOptions } from '../options.ts';
import { Participant } from '../participant.ts';
import { decodeSnapshot, encodeSnapshot } from '../snapshot.ts';
import { decodeState, encodeState } from './state-codec.ts';

/**
 * The participant that an original program (xaynet 0.11, August 2022) saved (participant 1.10). Rejects like
 * {@link Participant.restore}, and with `reference-state-invalid`.
 * @example
 * ```ts
 * import { Participant } from '@xaynet/participant';
 * import { encodeReferenceState, restoreReferenceState } from '@xaynet/participant/reference';
 *
 * const participant = await Participant.create({ url: 'http://127.0.0.1:8081' });
 * const bytes = encodeReferenceState(participant); // 285 bytes before the first round
 * const moved = await restoreReferenceState(bytes, { url: 'http://127.0.0.1:8081' });
 * moved.state; // 'awaiting'
 * ```
 */
export async function restoreReferenceState(bytes: Uint8Array, options: ParticipantOptions): Promise<Participant> {
  const state = decodeState(bytes);
  return Participant.restore(encodeSnapshot({ state, waiting: undefined, newGlobalModel: state.phase.name === 'new-round' }), options);
}

/**
 * The state as an original participant saves it (participant 1.10), secret keys included; the participant goes on. A model that waits is
 * not part of it.
 */
export function encodeReferenceState(participant: Participant): Uint8Array {
  return encodeState(decodeSnapshot(participant.snapshot()).state);
}
