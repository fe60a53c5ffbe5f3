// SendingX: delivers a message part by part, in order, one at a time. A part that failed is kept sealed and sent again byte for
// byte; parts that arrived are sent again only when the coordinator says that it has dropped them; a new round drops the rest (participant 1.5, 3.6, 3.7).

import { seal } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { EncoderState, Payload } from '@xaynet/core/message';
import { MessageEncoder } from '@xaynet/core/message';
import type { Verdict } from '../ports.ts';
import type { Sending, SendingSum, SendingSum2, SendingUpdate } from '../state.ts';
import { countsAlready } from '../verdict.ts';
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
  // The part has moved from the encoder to `failed`: a pending outcome that changes data (quirk Q-02).
  if ('error' in answer) return pending({ ...phase, encoder: state, failed: bytes }, 'network', answer.error);
  const sent = { tag: state.tag, part: state.next, parts: phase.parts, bytes: bytes.length };
  const verdict = answer.value;
  if (verdict?.accepted === false && verdict.code === 'chunk-evicted' && phase.parts > 1 && context.mayBeginAgain()) {
    const error = new XaynetError('transport-refused', `${verdict.code}: ${verdict.reason}; the message is sent again from its beginning`);
    return pending({ ...phase, encoder: begunAgain(state, random), failed: undefined }, 'network', error);
  }
  if (verdict?.accepted === false && !countsAlready(verdict)) return { ...refused(phase, verdict, context), sent, verdict };
  const delivered = { ...phase, encoder: state, failed: undefined };
  const next = delivered.name === 'sending-sum' && verdict !== undefined ? { ...delivered, next: { ...delivered.next, accepted: true } } : delivered;
  return { ...progress(next), sent, verdict };
}

/** The same message, byte for byte what was masked and sealed before (threats T17), in chunks of another number: those of the old one are refused. */
function begunAgain(state: EncoderState, random: Context['random']): EncoderState {
  const [high, low] = random(2);
  const drawn = 256 * high! + low!;
  return { ...state, next: 0, messageId: drawn === state.messageId ? (drawn + 1) % 65_536 : drawn };
}

/** A refusal that a repetition cannot change ends the task, but a sum message that came before its phase will be sent again (quirk Q-13). */
function refused(phase: SendingSum | SendingUpdate | SendingSum2, { code, reason }: Verdict & { accepted: false }, { sumDoubt }: Context): Transition {
  if (phase.name === 'sending-sum' && code === 'message-unexpected' && sumDoubt !== undefined) return progress(phase.next);
  return idle(new XaynetError('transport-refused', `${code}: ${reason}`));
}

function leave(phase: SendingSum | SendingUpdate | SendingSum2): Transition {
  return phase.name === 'sending-sum' ? progress(phase.next) : idle();
}

function encoderOf(payload: Payload | EncoderState, context: Context): MessageEncoder {
  const { keys, params, maxMessageSize, random } = context;
  return new MessageEncoder(payload, { keys, coordinator: params.publicKey, maxMessageSize, random });
}
