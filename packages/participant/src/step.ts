// One unit of work: make sure that the round is still the same, then let the phase do its next step (participant 1.4). A pure
// function of state and ports: it changes nothing but what the coordinator was sent, and returns the next state.

import { generateSigningKeyPair } from '@xaynet/core/crypto';
import { isXaynetError } from '@xaynet/core/errors';
import { equalRoundParams } from '@xaynet/core/round';
import { newRound } from './phases/new-round.ts';
import { sending } from './phases/sending.ts';
import { sum } from './phases/sum.ts';
import { sum2 } from './phases/sum2.ts';
import { attempt, type Context, idle, pending, progress, type Transition } from './phases/transition.ts';
import { update } from './phases/update.ts';
import { checkNumbers } from './rules.ts';
import { isComputation, type State } from './state.ts';

/**
 * When to ask for the parameters of the round: before `every-step`, as the original does, or (`auto`) not before steps that
 * only compute, which no coordinator can tell apart.
 */
export type Freshness = 'auto' | 'every-step';

/** What the outside provides to a step. */
export type StepPorts = Pick<
  Context,
  'rules' | 'transport' | 'models' | 'random' | 'pause' | 'sumMasks' | 'onProgress' | 'sumDoubt' | 'mayBeginAgain' | 'signal'
> & {
  readonly freshness: Freshness;
  readonly freshKeys: boolean;
};

/** What one step came to: a transition and the state after it. */
export interface Step extends Transition {
  readonly state: State;
}

/** Does one unit of work. Rejects when the signal aborts; whatever network, coordinator and model can cause is a value. */
export async function step(state: State, ports: StepPorts): Promise<Step> {
  let { params } = state;
  if (params === undefined || ports.freshness === 'every-step' || !isComputation(state.phase)) {
    const answer = await attempt(ports, 'transport-unreachable', async () => {
      const fresh = await ports.transport.params(ports.signal);
      checkNumbers(fresh);
      return fresh;
    });
    if ('error' in answer) return { ...pending(state.phase, 'network', answer.error), state };
    if (params === undefined || !equalRoundParams(params, answer.value)) {
      // All private data of the old round goes, unsent parts included; the role in the new one is the next step's business.
      const keys = ports.freshKeys ? generateSigningKeyPair(ports.random) : state.keys;
      const next: State = { ...state, keys, params: answer.value, phase: { name: 'new-round' } };
      return { ...progress(next.phase, 'new-round'), state: next };
    }
    params = answer.value;
  }
  const { keys, scalar, maxMessageSize } = state;
  const { freshness: _, freshKeys: __, ...given } = ports;
  const { signal } = ports;
  const context: Context = { ...given, keys, scalar, maxMessageSize, params };
  const transition = await own(state, context).catch((error: unknown): Transition => {
    // A message that cannot be made (too many chunks, say) cannot be made at the next tick either.
    if (!isXaynetError(error) || signal?.aborted) throw error;
    return idle(error);
  });
  return { ...transition, state: transition.phase === state.phase ? state : { ...state, phase: transition.phase } };
}

async function own({ phase }: State, context: Context): Promise<Transition> {
  switch (phase.name) {
    case 'new-round':
      return newRound(context);
    case 'awaiting':
      return pending(phase, 'round');
    case 'sum':
      return sum(phase, context);
    case 'update':
      return update(phase, context);
    case 'sum2':
      return sum2(phase, context);
    default:
      return sending(phase, context);
  }
}
