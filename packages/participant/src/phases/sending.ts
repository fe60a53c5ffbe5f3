// SendingX: delivers a message part by part, in order, one at a time. A part that failed is kept sealed and sent again byte for
// byte; parts that arrived are never sent again; a new round drops the rest (participant 1.5, 3.6, 3.7).

import { seal } from '@xaynet/core/crypto';
import type { EncoderState, Payload } from '@xaynet/core/message';
import { MessageEncoder } from '@xaynet/core/message';
import type { Sending, SendingSum, SendingSum2, SendingUpdate } from '../state.ts';
import { attempt, type Context, idle, pending, progress, type Transition } from './transition.ts';

/** Splits a payload into parts, none of which is signed or sealed yet. */
export function compose(payload: Payload, context: Context): Sending {
  const encoder = encoderOf(payload, context);
  return { encoder: encoder.state(), parts: encoder.count };
}

/** Delivers the next part; when there is none left, goes on to what follows the message. */
export async function sending(phase: SendingSum | SendingUpdate | SendingSum2, context: Context): Promise<Transition> {
  const { transport, params, random, signal } = context;
  const encoder = encoderOf(phase.encoder, context);
  let sealed = phase.failed;
  if (sealed === undefined) {
    const part = await encoder.nextAsync();
    if (part === undefined) return leave(phase);
    sealed = seal(part, params.publicKey, random);
  }
  const bytes = sealed;
  const state = encoder.state();
  const answer = await attempt(context, 'transport-unreachable', () => transport.send(bytes, signal));
  // The part has moved from the encoder to `failed`: this is the one pending outcome that changes data (quirk Q-02).
  if ('error' in answer) return pending({ ...phase, encoder: state, failed: bytes }, 'network', answer.error);
  const sent = { tag: state.tag, part: state.next, parts: phase.parts, bytes: bytes.length };
  return { ...progress({ ...phase, encoder: state, failed: undefined }), sent };
}

function leave(phase: SendingSum | SendingUpdate | SendingSum2): Transition {
  return phase.name === 'sending-sum' ? progress(phase.next) : idle();
}

function encoderOf(payload: Payload | EncoderState, context: Context): MessageEncoder {
  const { keys, params, maxMessageSize, random } = context;
  return new MessageEncoder(payload, { keys, coordinator: params.publicKey, maxMessageSize, random });
}
