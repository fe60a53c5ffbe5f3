// Update: the first of these that is still to do: fetch the sum dictionary, take the model, mask it, seal the mask seed for
// every sum participant, compose the message (participant 1.5). Each is a step of its own, so each can be saved and resumed.

import type { EncryptedMaskSeed, PublicSigningKey } from '@xaynet/core/bytes';
import { KeyMap, MaskSeed } from '@xaynet/core/bytes';
import { sealMaskSeed } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { clampReport, maskModelInPieces } from '@xaynet/core/mask';
import { takeModel } from '../local-model.ts';
import { maxSumsBytes } from '../rules.ts';
import { modelRequest, type Update } from '../state.ts';
import { compose } from './sending.ts';
import { attempt, breathe, type Context, idle, pending, progress, type Transition } from './transition.ts';

/** Weights that are masked between two pauses: a millisecond of work, a hundred of the widest configurations. */
const PIECE = 32_768;

/** One step towards the update message. */
export async function update(phase: Update, context: Context): Promise<Transition> {
  if (phase.sums === undefined && phase.localSeedDict === undefined) return fetchSums(phase, context);
  if (phase.model === undefined && phase.masked === undefined) return loadModel(phase, context);
  if (phase.masked === undefined) return mask(phase, context);
  if (phase.localSeedDict === undefined) return sealSeed(phase, context);
  return composeUpdate(phase, context);
}

async function fetchSums(phase: Update, context: Context): Promise<Transition> {
  const { transport, signal, rules } = context;
  const answer = await attempt(context, 'transport-unreachable', () => transport.sums(signal, maxSumsBytes(rules)));
  if ('error' in answer) return pending(phase, 'network', answer.error);
  const sums = answer.value;
  if (sums === undefined) return pending(phase, 'sums');
  if (sums.size < rules.minSums) return idle(new XaynetError('sums-too-few', `${sums.size} sum participants, at least ${rules.minSums} demanded by minSums`));
  if (sums.size > rules.maxSums) return idle(new XaynetError('round-refused', `${sums.size} sum participants, at most ${rules.maxSums} allowed by maxSums`));
  return progress({ ...phase, sums });
}

async function loadModel(phase: Update, context: Context): Promise<Transition> {
  const { models, params, signal, scalar } = context;
  const request = modelRequest(params);
  const answer = await attempt(context, 'callback-failed', async () => {
    const model = await models.load(request, signal);
    return model === undefined ? undefined : takeModel(model, request, scalar);
  });
  if ('error' in answer) return pending(phase, 'model', answer.error);
  if (answer.value === undefined) return pending(phase, 'model');
  return progress({ ...phase, model: answer.value });
}

async function mask(phase: Update, context: Context): Promise<Transition> {
  const { weights: model, scalar, mode } = phase.model!;
  const seed = MaskSeed(context.random(MaskSeed.LENGTH));
  const input = { config: context.params.maskConfig, scalar, model };
  const total = model.length;
  const work = maskModelInPieces({ ...input, seed, mode }, PIECE);
  let step = work.next();
  for (; step.done !== true; step = work.next()) {
    context.onProgress({ task: 'mask', done: step.value, total });
    await breathe(context);
  }
  if (total > PIECE) context.onProgress({ task: 'mask', done: total, total });
  return { ...progress({ ...phase, model: undefined, masked: { seed, object: step.value } }), clamped: clampReport(input) };
}

async function sealSeed(phase: Update, context: Context): Promise<Transition> {
  const localSeedDict = new KeyMap<PublicSigningKey, EncryptedMaskSeed>();
  // A key that nothing can be sealed to gets 80 bytes nobody opens: one bad sum participant must not stop this one (threats T9).
  const total = phase.sums!.size;
  for (const [participant, ephemeralKey] of phase.sums!) {
    localSeedDict.set(participant, sealMaskSeed(phase.masked!.seed, ephemeralKey, context.random));
    context.onProgress({ task: 'update', done: localSeedDict.size, total });
    await breathe(context);
  }
  return progress({ ...phase, sums: undefined, localSeedDict });
}

function composeUpdate(phase: Update, context: Context): Transition {
  const { sumSignature, updateSignature } = phase;
  const sending = compose({ tag: 'update', sumSignature, updateSignature, maskedModel: phase.masked!.object, localSeedDict: phase.localSeedDict! }, context);
  return progress({ name: 'sending-update', ...sending });
}
