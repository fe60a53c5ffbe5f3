// Sum: composes the sum message. The ephemeral pair goes along to Sum2, where its secret half opens the seeds (participant 1.5).

import type { Sum } from '../state.ts';
import { compose } from './sending.ts';
import { type Context, progress, type Transition } from './transition.ts';

/** Announces the ephemeral key. */
export function sum(phase: Sum, context: Context): Transition {
  const { ephemeral, sumSignature } = phase;
  const sending = compose({ tag: 'sum', sumSignature, ephemeralKey: ephemeral.publicKey }, context);
  return progress({ name: 'sending-sum', ...sending, next: { name: 'sum2', ephemeral, sumSignature } });
}
