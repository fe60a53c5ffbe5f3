// Admission: a request is checked, the store decides, and an update goes into the aggregate, in this order. What the store has taken counts,
// whether or not its answer reaches us; when that is unknown, the answer is "stalled", and what is stored is read again before anything else.

import { toHex } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { isValidMaskObject, type MaskConfigPair, type MaskObject } from '@xaynet/core/mask';
import type { MessageTag } from '@xaynet/core/message';
import type { RoundParams } from '@xaynet/core/round';
import type { AggregateContext, RoundAggregate } from './aggregate.ts';
import type { Memory } from './buffers.ts';
import { messageOf } from './patience.ts';
import type { Request } from './request.ts';
import type { Quarantine } from './round/quarantine.ts';
import type { RoundEvent } from './round/state.ts';
import type { Sum2Verdict, SumVerdict, UpdateAdmission, UpdateVerdict } from './stores/contract.ts';

/** What an admission works with. */
export interface AdmissionContext extends AggregateContext {
  readonly params: RoundParams;
  readonly aggregate: RoundAggregate | undefined;
  readonly quarantine: Quarantine;
}

/** How an admission ends. `failed`: the round cannot go on. */
export type Admitted = Extract<RoundEvent, { type: 'admitted' | 'refused' | 'stalled' | 'failed' }>;

/** The codes of the verdicts on sum participants and updates. */
export const VERDICTS: Readonly<Record<Exclude<SumVerdict | UpdateVerdict, 'ok'>, ErrorCode>> = {
  'already-exists': 'sum-already-exists',
  'length-mismatch': 'seed-dict-mismatch',
  'unknown-sum-participant': 'seed-dict-mismatch',
  'already-submitted': 'update-already-submitted',
};

/** The codes of the verdicts on masks. */
export const MASK_VERDICTS: Readonly<Record<Exclude<Sum2Verdict['verdict'], 'ok'>, ErrorCode>> = {
  'unknown-sum-participant': 'mask-unknown-participant',
  'already-submitted': 'mask-already-submitted',
};

/** See the head of the file. Rejects on a mistake of this program only. */
export async function admit(id: number, request: Request, context: AdmissionContext): Promise<Admitted> {
  const { participant, payload } = request;
  const { store } = context;
  switch (payload.tag) {
    case 'sum':
      return storing(
        id,
        request,
        context,
        () => store.admitSum(participant, payload.ephemeralKey),
        (verdict) => admission(id, verdict),
      );
    case 'update': {
      if (isExcluded(participant, context)) return { type: 'refused', request: id, code: 'update-quarantined' };
      const refusal = request.elements === undefined ? modelRefusal(request.elements, payload.maskedModel, context.aggregate!) : request.elements.error;
      if (refusal !== undefined) return { type: 'refused', request: id, code: refusal };
      const { localSeedDict, maskedModel } = payload;
      const comesBack = lending(maskedModel, request.memory);
      return storing(
        id,
        request,
        context,
        () => store.admitUpdate({ participant, localSeedDict, maskedModel }, request.memory),
        (answer) => added(id, comesBack(), answer, { ...context, meter: request.meter ?? context.meter }),
      );
    }
    case 'sum2': {
      const refusal = request.elements === undefined ? maskRefusal(request.elements, payload.mask, context.params) : request.elements.error;
      if (refusal !== undefined) return { type: 'refused', request: id, code: refusal };
      return storing(
        id,
        request,
        context,
        () => store.admitSum2(participant, payload.mask),
        (answer) =>
          answer.verdict === 'ok'
            ? { type: 'admitted', request: id, votes: answer.votes }
            : { type: 'refused', request: id, code: MASK_VERDICTS[answer.verdict] },
      );
    }
  }
}

/** Asks the store once; no second try, because whoever sent the message is waiting and can send it again. */
async function storing<T>(
  id: number,
  { bytes, payload: { tag }, meter, memory }: Request,
  context: AdmissionContext,
  call: () => Promise<T>,
  conclude: (verdict: T) => Admitted,
): Promise<Admitted> {
  const { patience, clock } = context;
  const begun = clock.now();
  let verdict: T;
  let isOver = false;
  try {
    verdict = await patience.once(() => call().finally(() => (isOver = true)));
  } catch (error) {
    if (!isOver && memory !== undefined) memory.buffer = undefined; // a store that was given up may still read it
    return unknown(id, error, tag, context);
  }
  (meter ?? context.meter).observe('store', (clock.now() - begun) / 1000, bytes);
  return conclude(verdict);
}

/** The store may have it or not. A store that keeps no masked models cannot make up for one that is missing in the aggregate, so the round is lost. */
function unknown(id: number, error: unknown, tag: MessageTag, { store, patience, logger }: AdmissionContext): Admitted {
  const code = isXaynetError(error) ? error.code : 'storage-failed';
  logger.error({ error }, 'an admission failed; what is stored is read again');
  if (tag === 'update' && !store.keepsContributions) return { type: 'failed', code, message: `admission: ${messageOf(error)}` };
  patience.pause(code, `admission: ${messageOf(error)}`);
  return { type: 'stalled', request: id, code };
}

/** What a masked model is after a call that its memory may have been lent for. */
function lending(model: MaskObject, memory: Memory | undefined): () => MaskObject {
  const { vect } = model;
  const { buffer, byteOffset, length } = vect;
  const unit = model.unit.slice();
  if (memory === undefined || buffer !== memory.buffer) return () => model;
  return () => (memory.buffer === buffer ? model : { ...model, vect: new Uint8Array(memory.buffer!, byteOffset, length), unit });
}

function added(id: number, maskedModel: MaskObject, answer: UpdateAdmission, context: AdmissionContext): Admitted {
  if (answer.verdict !== 'ok') return admission(id, answer.verdict);
  if (context.aggregate!.add(maskedModel, answer.position, context.meter)) return { type: 'admitted', request: id, votes: 0 };
  // A call that was given up has come true since: another update is stored that nobody counted yet.
  return unknown(id, new XaynetError('storage-failed', `contribution ${answer.position} was not expected yet`), 'update', context);
}

function admission(request: number, verdict: SumVerdict | UpdateVerdict): Admitted {
  return verdict === 'ok' ? { type: 'admitted', request, votes: 0 } : { type: 'refused', request, code: VERDICTS[verdict] };
}

/** Whether the participant sits this round out because an earlier one was garbled (threats T9, T10). */
function isExcluded(participant: Request['participant'], { quarantine: { excluded } }: AdmissionContext): boolean {
  return excluded.length > 0 && excluded.includes(toHex(participant));
}

/** What intake has looked at element by element is not looked at again; what is left to ask is whether there is room. */
function modelRefusal(elements: Request['elements'], maskedModel: MaskObject, { sum, count }: RoundAggregate): ErrorCode | undefined {
  const { vect, unit } = sum.config;
  if (elements !== undefined && count < Math.min(vect.maxModels, unit.maxModels)) return elements.error;
  try {
    sum.check(maskedModel);
    return undefined;
  } catch (error) {
    if (isXaynetError(error)) return error.code;
    throw error;
  }
}

/** A mask that could never be subtracted is refused on arrival (weakness W-13). */
function maskRefusal(elements: Request['elements'], mask: MaskObject, { maskConfig, modelLength }: RoundParams): ErrorCode | undefined {
  if (elements !== undefined) return elements.error;
  if (!sameConfig(mask.config, maskConfig) || mask.length !== modelLength) return 'mask-mismatch';
  return isValidMaskObject(mask) ? undefined : 'mask-invalid';
}

function sameConfig(a: MaskConfigPair, b: MaskConfigPair): boolean {
  return a.vect === b.vect && a.unit === b.unit;
}
