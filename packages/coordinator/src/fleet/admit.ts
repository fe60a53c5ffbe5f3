// Admission by any process of a fleet: what can be judged here is, the rest is decided by the store in one act. Nothing is added to an aggregate:
// the leader reads it from the store.

import { toHex } from '@xaynet/core/bytes';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';
import { MASK_VERDICTS, VERDICTS } from '../admission.ts';
import type { Request } from '../request.ts';
import type { Gate } from '../stores/contract.ts';
import type { Closed, SharedStore } from '../stores/shared.ts';

/** What became of a message: stored, an update at this position; not looked at, as the phase is over or full; or what is wrong with it. */
export type SharedVerdict = 'ok' | Closed | { readonly code: ErrorCode } | { readonly position: number };

/** Has the store decide on a request that the intake has judged. Throws what the store throws. */
export async function admitShared({ admissions }: SharedStore, request: Request, gate: Gate | undefined): Promise<SharedVerdict> {
  const { round, participant, payload, elements, memory } = request;
  if (payload.tag === 'sum') {
    const verdict = await admissions.sum(round, participant, payload.ephemeralKey);
    return isPlain(verdict) ? verdict : { code: VERDICTS[verdict] };
  }
  if (elements === undefined) throw new XaynetError('internal-error', 'a request whose elements nobody has looked at');
  if (payload.tag === 'update' && gate?.excluded.includes(toHex(participant))) return { code: 'update-quarantined' };
  if (elements.error !== undefined) return { code: elements.error };
  if (payload.tag === 'update') {
    const { localSeedDict, maskedModel } = payload;
    const answer = await admissions.update(round, { participant, localSeedDict, maskedModel }, memory);
    if (answer.verdict === 'ok') return { position: answer.position };
    return isPlain(answer.verdict) ? answer.verdict : { code: VERDICTS[answer.verdict] };
  }
  const { verdict } = await admissions.sum2(round, participant, payload.mask);
  return isPlain(verdict) ? verdict : { code: MASK_VERDICTS[verdict] };
}

function isPlain<V extends string>(verdict: V): verdict is V & ('ok' | Closed) {
  return verdict === 'ok' || verdict === 'phase-over' || verdict === 'phase-full';
}
