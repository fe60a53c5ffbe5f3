// How a coordinator begins: fresh, or from what its store holds (coordinator 4.8). Stored state and settings may disagree; the original
// silently lets the state win (weakness W-43). Here new [pet] settings apply and are logged (probabilities from the next round on, counts and
// times at once), while another mask configuration or model length is refused: the stored model belongs to the old ones, and clients that
// train on it would lose their work.

import { generateEncryptKeyPair, type RandomBytes } from '@xaynet/core/crypto';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { MaskConfig } from '@xaynet/core/mask';
import { type CoordinatorState, initialRoundSeed, type RoundParams, readModel } from '@xaynet/core/round';
import type { Beginning } from './driver.ts';
import type { Logger } from './log.ts';
import type { MaterialSettings } from './material.ts';
import { phaseParams } from './material.ts';
import type { RoundProgress, Store } from './stores/contract.ts';

/** The settings that a beginning depends on. */
export interface RestoreSettings extends MaterialSettings {
  readonly mask: MaskConfig;
  readonly modelLength: number;
  readonly restore: boolean;
}

/** The beginning of a coordinator whose store is empty: round 0 is over, its seed is zero (coordinator 1.2). */
export function freshBeginning(settings: RestoreSettings, random: RandomBytes): Beginning {
  const { mask, modelLength, pet } = settings;
  const keys = generateEncryptKeyPair(random);
  const params: RoundParams = {
    publicKey: keys.publicKey,
    sum: pet.sum.prob,
    update: pet.update.prob,
    seed: initialRoundSeed(),
    maskConfig: { vect: mask, unit: mask },
    modelLength,
  };
  return { lastRound: 0, keys, params, model: undefined };
}

/**
 * The beginning from what `store` holds: round number, seed chain and global model go on, and so does an interrupted round when the store keeps
 * contributions; else it is lost. Without `restore`, state and model id are erased. Throws `storage-settings-changed`, `storage-model-missing`, `storage-failed`.
 */
export async function restoreBeginning(store: Store, settings: RestoreSettings, random: RandomBytes, logger: Logger): Promise<Beginning> {
  const state = settings.restore ? await store.coordinatorState() : undefined;
  if (state === undefined) {
    await store.eraseAll();
    return freshBeginning(settings, random);
  }
  checkModelSettings(state, settings);
  noticePetSettings(state, settings, logger);
  const id = await store.latestModelId();
  const model = id === undefined ? undefined : await modelWith(id, store, settings.modelLength);
  const modelRound = id === undefined ? undefined : Number.parseInt(id, 10); // coordinator 4.7
  const progress = await progressOf(store, state);
  logger.info({ round: state.roundId, model: model !== undefined, phase: progress?.phase }, 'going on from the stored state');
  const sums = progress === undefined ? undefined : (await store.counts()).sums;
  return { lastRound: state.roundId, keys: state.keys, params: state.params, model, modelRound, progress, sums };
}

/** Where the stored round stands, when it can go on: a store that keeps no contributions lost the aggregate with its process. */
async function progressOf(store: Store, state: CoordinatorState): Promise<RoundProgress | undefined> {
  const progress = store.keepsContributions ? await store.progress() : undefined;
  return progress?.round === state.roundId ? progress : undefined;
}

/** Throws `storage-settings-changed` when a round has another model or masking configuration than the settings. */
export function checkModelSettings({ params }: Pick<CoordinatorState, 'params'>, { mask, modelLength }: Pick<RestoreSettings, 'mask' | 'modelLength'>): void {
  for (const part of ['vect', 'unit'] as const) {
    const stored = params.maskConfig[part];
    if (stored !== mask) throw new XaynetError('storage-settings-changed', `[mask]: ${stored.name} stored, ${mask.name} set`);
  }
  if (params.modelLength !== modelLength) {
    throw new XaynetError('storage-settings-changed', `model.length: ${params.modelLength} stored, ${modelLength} set`);
  }
}

function noticePetSettings(state: CoordinatorState, settings: RestoreSettings, logger: Logger): void {
  for (const { phase, before, now } of petDifferences(state, settings)) {
    logger.warn(
      { before, now },
      `the settings of [pet.${phase}] have changed since the stored round; the new ones apply from now on, a probability from the next round on`,
    );
  }
}

/** A section of [pet] as a round was begun with, and as it is set. */
export interface PetDifference {
  readonly phase: 'sum' | 'update' | 'sum2';
  readonly before: object;
  readonly now: object;
}

/** Where the settings of [pet] are not those with which the stored round was begun. */
export function petDifferences(state: CoordinatorState, { pet }: Pick<RestoreSettings, 'pet'>): PetDifference[] {
  const before = { sum: { prob: state.params.sum, ...state.sum }, update: { prob: state.params.update, ...state.update }, sum2: state.sum2 };
  const now = {
    sum: { prob: pet.sum.prob, ...phaseParams(pet.sum) },
    update: { prob: pet.update.prob, ...phaseParams(pet.update) },
    sum2: phaseParams(pet.sum2),
  };
  return (['sum', 'update', 'sum2'] as const)
    .filter((phase) => JSON.stringify(before[phase]) !== JSON.stringify(now[phase]))
    .map((phase) => ({ phase, before: before[phase], now: now[phase] }));
}

/** The bytes of the model to serve at once: starting without it would make clients drop theirs, so a missing, damaged or foreign one is an error. */
async function modelWith(id: string, store: Store, length: number): Promise<Uint8Array> {
  const model = await store.model(id);
  if (model === undefined) throw new XaynetError('storage-model-missing', `model ${id} is not stored`);
  const weights = weightsIn(model, id);
  if (weights !== length) throw new XaynetError('storage-model-missing', `model ${id} has ${weights} weights, ${length} expected`);
  return model;
}

function weightsIn(model: Uint8Array, id: string): number {
  try {
    return readModel(model).length;
  } catch (cause) {
    if (!isXaynetError(cause)) throw cause;
    throw new XaynetError('storage-model-missing', `model ${id} is damaged: ${cause.message}`, { cause });
  }
}
