// One participant of a chaos run: the real engine over real HTTP, whose model is its own one-hot vector. It tells the proxy who it is, asks
// for true verdicts, and otherwise does what any application does: tick, give a model when one is wanted, wait, tick again.

import { setTimeout as sleep } from 'node:timers/promises';
import type { SigningKeyPair } from '@xaynet/core/crypto';
import { type Fetch, Participant, type StateStore } from '@xaynet/participant';
import { SENDER_HEADER } from './fault-proxy.ts';
import { oneHot } from './one-hot.ts';

/** What all participants of a run have in common. */
export interface ActorSettings {
  /** Where the proxy listens. */
  readonly url: string;
  readonly participants: number;
  /** Weights of a model. */
  readonly length: number;
  /** Milliseconds between two questions while there is nothing to do. */
  readonly poll: number;
  readonly maxMessageSize: number;
}

/** What a participant tells. */
export type ActorNews =
  | { readonly type: 'drawn'; readonly participant: number; readonly round: string; readonly role: 'sum' | 'update' }
  | { readonly type: 'gave-up'; readonly participant: number; readonly round: string; readonly code: string };

/** One participant. */
export interface Actor {
  readonly index: number;
  readonly keys: SigningKeyPair;
  readonly settings: ActorSettings;
  /** Where its state survives; undefined: nowhere. */
  readonly store: StateStore | undefined;
  readonly signal: AbortSignal;
  readonly tell: (news: ActorNews) => void;
}

/** Takes part until the signal aborts; goes on from the store when there is something in it. */
export async function act(actor: Actor): Promise<void> {
  const { index, keys, settings, store, signal, tell } = actor;
  const { url, participants, length, poll, maxMessageSize } = settings;
  const fetch: Fetch = (to, request) => politeFetch(to, request, senderOf(index, participant));
  const options = { url, keys, store, maxMessageSize, fetch, scalar: 1, timeout: 10_000 };
  const saved = await store?.load();
  const participant = saved === undefined ? await Participant.create(options) : await Participant.restore(saved, options);
  while (!signal.aborted) {
    try {
      const tick = await participant.tick({ signal });
      const { round = '' } = tick;
      for (const notification of tick.notifications) {
        if (notification === 'sum' || notification === 'update') tell({ type: 'drawn', participant: index, round, role: notification });
      }
      if (tick.failure !== undefined && tick.failure.code !== 'sum-not-counted') tell({ type: 'gave-up', participant: index, round, code: tick.failure.code });
      const wanted = participant.modelNeeded;
      if (wanted !== undefined) participant.setModel(oneHot(index, participants, wanted.round, length), { round: wanted.round });
      else if (tick.outcome === 'pending') await sleep(poll * (0.5 + Math.random()), undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

const TAGS: Readonly<Record<string, string>> = { 'sending-sum': 'sum', 'sending-update': 'update', 'sending-sum2': 'sum2' };

function senderOf(index: number, participant: Participant): string {
  const tag = TAGS[participant.state];
  return tag === undefined ? String(index) : `${index} ${tag} ${participant.round}`;
}

/**
 * Asks for the true verdict of a message. The participant itself is told what an original client is told: 200 for everything that need not be
 * sent again.
 */
async function politeFetch(url: string, request: Parameters<Fetch>[1], sender: string): ReturnType<Fetch> {
  const post = request.method === 'POST';
  const headers = { [SENDER_HEADER]: post ? sender : sender.split(' ', 1)[0]!, ...(post ? { accept: 'application/problem+json' } : {}) };
  const response = await fetch(url, { ...request, headers });
  const refused = post && response.status >= 400 && !response.headers.has('retry-after') && response.headers.get('content-type') === headers.accept;
  if (!refused) return response;
  await response.arrayBuffer();
  return new Response(null, { status: 200 });
}
