// Sum2: the first of these that is still to do: fetch the sealed mask seeds, open them, add up their masks, compose the message
// (participant 1.5). Everything that would let a coordinator learn a single mask ends the task here (threats T3, T6).

import type { MaskSeed } from '@xaynet/core/bytes';
import { compareBytes, equalBytes, toHex } from '@xaynet/core/bytes';
import { openMaskSeed } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { ObjectSum } from '@xaynet/core/mask';
import type { Progress } from '@xaynet/core/threads';
import { maxSeedsBytes, maxSumsBytes } from '../rules.ts';
import type { Sum2 } from '../state.ts';
import { compose } from './sending.ts';
import { attempt, breathe, type Context, coded, idle, pending, progress, type Transition } from './transition.ts';

/** How often a sum message goes out again: at the growing intervals of {@link SumWatch}, the last time after two minutes. */
const MAX_RESENT = 5;

/** One step towards the sum2 message. */
export async function sum2(phase: Sum2, context: Context): Promise<Transition> {
  if (phase.mask !== undefined) return composeSum2(phase, context);
  if (phase.seeds !== undefined) return addMasks(phase, context);
  if (phase.sealedSeeds !== undefined) return openSeeds(phase, context);
  return fetchSeeds(phase, context);
}

async function fetchSeeds(phase: Sum2, context: Context): Promise<Transition> {
  const { transport, keys, signal, rules, params } = context;
  const answer = await attempt(context, 'transport-unreachable', () => transport.seeds(keys.publicKey, signal, maxSeedsBytes(rules, params)));
  if ('error' in answer) return pending(phase, 'network', answer.error);
  const sealedSeeds = answer.value;
  if (sealedSeeds === undefined) return phase.counted === true || context.sumDoubt?.() !== true ? pending(phase, 'seeds') : lookForKey(phase, context);
  // Also the empty dictionary ends here: the original would send a mask of length 0 (quirk Q-05).
  if (sealedSeeds.size < rules.minUpdates)
    return idle(new XaynetError('updates-too-few', `${sealedSeeds.size} updates, at least ${rules.minUpdates} demanded by minUpdates`));
  const { vect, unit } = params.maskConfig;
  const room = Math.min(vect.maxModels, unit.maxModels);
  if (sealedSeeds.size > room) return idle(new XaynetError('aggregate-too-many-models', `${sealedSeeds.size} updates, ${vect.name} holds ${room}`));
  if (sealedSeeds.size > rules.maxUpdates)
    return idle(new XaynetError('round-refused', `${sealedSeeds.size} updates, at most ${rules.maxUpdates} allowed by maxUpdates`));
  return progress({ ...phase, sealedSeeds });
}

/**
 * There are no seeds yet: is this participant in the sum dictionary at all? A message that came before the sum phase is lost without a word
 * (quirk Q-13), and coordinators draw among many. The dictionary says it for certain; before there is one, the message goes out again
 * with the same ephemeral key, which cannot do harm, unless the coordinator said that it has it.
 */
async function lookForKey(phase: Sum2, context: Context): Promise<Transition> {
  const { transport, keys, signal, rules } = context;
  const answer = await attempt(context, 'transport-unreachable', () => transport.sums(signal, maxSumsBytes(rules)));
  if ('error' in answer) return pending(phase, 'network', answer.error);
  const { ephemeral, sumSignature, accepted, resent = 0 } = phase;
  const sums = answer.value;
  if (sums === undefined) {
    if (accepted === true || resent >= MAX_RESENT) return pending(phase, 'seeds');
    return progress({
      name: 'sending-sum',
      ...compose({ tag: 'sum', sumSignature, ephemeralKey: ephemeral.publicKey }, context),
      next: { ...phase, resent: resent + 1 },
    });
  }
  const key = sums.get(keys.publicKey);
  if (key !== undefined && equalBytes(key, ephemeral.publicKey)) return pending({ ...phase, counted: true }, 'seeds');
  return idle(new XaynetError(key === undefined ? 'sum-not-counted' : 'sum-key-replaced'));
}

async function openSeeds(phase: Sum2, context: Context): Promise<Transition> {
  const seeds: MaskSeed[] = [];
  for (const [participant, sealed] of phase.sealedSeeds!) {
    try {
      seeds.push(openMaskSeed(sealed, phase.ephemeral));
    } catch (error) {
      return idle(coded(error, 'sealed-box-open-failed', `seed of the update participant ${toHex(participant.subarray(0, 4))}…`));
    }
    await breathe(context);
  }
  // Sorted as bytes, never as text: a string with a secret in it cannot be overwritten (threats T16).
  seeds.sort(compareBytes);
  for (let i = 1; i < seeds.length; i++) {
    if (equalBytes(seeds[i - 1]!, seeds[i]!)) return idle(new XaynetError('seeds-duplicate', `among ${seeds.length} updates`));
  }
  return progress({ ...phase, sealedSeeds: undefined, seeds });
}

async function addMasks(phase: Sum2, context: Context): Promise<Transition> {
  const { params, signal, pause } = context;
  const onProgress = ({ done, total }: Progress): void => context.onProgress({ task: 'sum2', done, total });
  let masks: ObjectSum;
  try {
    masks = await context.sumMasks({ config: params.maskConfig, length: params.modelLength, seeds: phase.seeds!, signal, pause, onProgress });
  } catch (error) {
    if (signal?.aborted) throw error;
    return idle(coded(error, 'aggregate-too-many-models'));
  }
  return progress({ ...phase, seeds: undefined, mask: masks.object() });
}

function composeSum2(phase: Sum2, context: Context): Transition {
  return progress({ name: 'sending-sum2', ...compose({ tag: 'sum2', sumSignature: phase.sumSignature, mask: phase.mask! }, context) });
}
