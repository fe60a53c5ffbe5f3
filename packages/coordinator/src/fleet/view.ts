// What the store holds, as participants and intake see it: the same view that the leader publishes, read by those who do not lead. A phase that
// is stored is true, so the view follows from where the round stands.

import { equalBytes } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { CoordinatorState } from '@xaynet/core/round';
import type { View } from '../bulletin.ts';
import type { SharedStore, Sight } from '../stores/shared.ts';

/** A view, and the state that it comes from. */
export interface SeenView {
  readonly view: View;
  readonly state: CoordinatorState;
}

/**
 * The view of what was seen; what it has in common with the view `before` is taken from there. Undefined: no round was ever stored. The caller
 * looks again afterwards, as the parts are read one by one. Throws what the store throws.
 */
export async function readView(store: SharedStore, { progress, modelId }: Sight, before: View | undefined): Promise<SeenView | undefined> {
  const state = await store.coordinatorState();
  if (state === undefined) return undefined;
  const { roundId: round, keys, params } = state;
  // After a loss two processes may have begun a round from the same one before it: then the seeds are equal, and the keys are not.
  const isSame = before !== undefined && equalBytes(before.params.seed, params.seed) && equalBytes(before.params.publicKey, params.publicKey);
  const phase = progress?.round === round ? progress.phase : 'idle';
  const hasSums = phase === 'update' || phase === 'sum2';
  const sums = hasSums ? ((isSame ? before.sums : undefined) ?? (await store.sumDict())) : undefined;
  const seeds = phase === 'sum2' ? ((isSame ? before.seeds : undefined) ?? (await store.seedDict())) : undefined;
  const modelRound = modelId === undefined ? undefined : Number.parseInt(modelId, 10); // coordinator 4.7
  const keepsModel = before?.model !== undefined && before.modelRound === modelRound;
  const view: View = {
    round,
    phase,
    keys: isSame ? before.keys : keys,
    params: isSame ? before.params : params,
    sums,
    seeds,
    // After a loss there is none in the store for a while, and those who live know the one that holds.
    model: modelId === undefined ? before?.model : keepsModel ? before.model : await modelOf(store, modelId),
    modelRound: modelRound ?? before?.modelRound,
  };
  return { view, state };
}

async function modelOf(store: SharedStore, id: string): Promise<Uint8Array> {
  const model = await store.model(id);
  if (model === undefined) throw new XaynetError('storage-model-missing', `model ${id} is not stored`);
  return model;
}
