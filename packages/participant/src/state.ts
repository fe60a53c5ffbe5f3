// The state of a participant as plain data: what is common to all phases, and one shape per phase (participant 1.1). Nothing
// here is ever changed in place, so the last state is always whole: it can be saved at any moment, in the middle of a tick too.

import type { MaskSeed, Signature } from '@xaynet/core/bytes';
import type { EncryptKeyPair, SigningKeyPair } from '@xaynet/core/crypto';
import type { ConversionMode, MaskObject, Model, Scalar, Weights } from '@xaynet/core/mask';
import type { EncoderState, LocalSeedDict } from '@xaynet/core/message';
import type { RoundParams, SumDict, UpdateSeedDict } from '@xaynet/core/round';
import { roundIdOf } from '@xaynet/core/round';
import type { ModelRequest } from './ports.ts';

/** New parameters were seen; the role in the round is not decided yet. */
export interface NewRound {
  readonly name: 'new-round';
}

/** Nothing to do until the parameters change. */
export interface Awaiting {
  readonly name: 'awaiting';
}

/** Selected for sum: the ephemeral pair that mask seeds will be sealed to exists, the message does not yet. */
export interface Sum {
  readonly name: 'sum';
  readonly ephemeral: EncryptKeyPair;
  readonly sumSignature: Signature;
}

/** A model that was taken for this round, with its share in the mean. */
export interface TakenModel {
  readonly weights: Weights | Model;
  readonly scalar: Scalar;
  readonly mode: ConversionMode;
}

/** A mask seed and the object masked with it: always kept together, so that one seed never masks two models (threats T17). */
export interface Masked {
  readonly seed: MaskSeed;
  readonly object: MaskObject;
}

/** Selected for update: collects sum dictionary, model, masked object and sealed seeds, in this order. */
export interface Update {
  readonly name: 'update';
  readonly sumSignature: Signature;
  readonly updateSignature: Signature;
  /** Dropped when `localSeedDict` exists. */
  readonly sums?: SumDict | undefined;
  readonly localSeedDict?: LocalSeedDict | undefined;
  /** Dropped when `masked` exists. */
  readonly model?: TakenModel | undefined;
  readonly masked?: Masked | undefined;
}

/** The sum message is out: waits for the sealed seeds, opens them, adds up their masks. */
export interface Sum2 {
  readonly name: 'sum2';
  readonly ephemeral: EncryptKeyPair;
  readonly sumSignature: Signature;
  /** The coordinator said that it took the sum message, or has it already. */
  readonly accepted?: boolean | undefined;
  /** The ephemeral key is in the published sum dictionary. */
  readonly counted?: boolean | undefined;
  /** How often the sum message was sent again. */
  readonly resent?: number | undefined;
  /** Dropped when `seeds` exist. */
  readonly sealedSeeds?: UpdateSeedDict | undefined;
  /** Dropped when `mask` exists. */
  readonly seeds?: readonly MaskSeed[] | undefined;
  readonly mask?: MaskObject | undefined;
}

/** A message under way. */
export interface Sending {
  readonly encoder: EncoderState;
  /** Number of parts in all: 1, or the number of chunks. */
  readonly parts: number;
  /** The sealed part whose delivery failed: the same bytes are sent again. */
  readonly failed?: Uint8Array | undefined;
}

/** The sum message is under way; `next` is what follows it. */
export interface SendingSum extends Sending {
  readonly name: 'sending-sum';
  readonly next: Sum2;
}

/** The update message is under way. */
export interface SendingUpdate extends Sending {
  readonly name: 'sending-update';
}

/** The sum2 message is under way. */
export interface SendingSum2 extends Sending {
  readonly name: 'sending-sum2';
}

/** Where a participant stands in a round, with the private data of that phase (participant 1.1). */
export type Phase = NewRound | Awaiting | Sum | Update | Sum2 | SendingSum | SendingUpdate | SendingSum2;

/** The name of a phase, for logs and messages. */
export type PhaseName = Phase['name'];

/** All that survives a restart, apart from a model that was set but not taken yet. */
export interface State {
  readonly keys: SigningKeyPair;
  /** Share in the mean of models that come without one of their own. */
  readonly scalar: Scalar;
  /** Largest sealed message in bytes; 0 = unlimited. */
  readonly maxMessageSize: number;
  /** Parameters of the round the participant is in; undefined before the first answer. */
  readonly params: RoundParams | undefined;
  readonly phase: Phase;
}

/** What the participant does in a round: nothing, sum (sum2 included) or update. */
export type Task = 'none' | 'sum' | 'update';

/** The task of a phase: derived, never stored, so that a restored participant reports the right one (quirk Q-17). */
export function taskOf(phase: Phase): Task {
  switch (phase.name) {
    case 'sum':
    case 'sum2':
    case 'sending-sum':
    case 'sending-sum2':
      return 'sum';
    case 'update':
    case 'sending-update':
      return 'update';
    default:
      return 'none';
  }
}

/** The model that a state lacks, or undefined when it needs none. */
export function modelRequestOf(state: State): ModelRequest | undefined {
  const { params, phase } = state;
  if (params === undefined || phase.name !== 'update') return undefined;
  if (phase.model !== undefined || phase.masked !== undefined) return undefined;
  return modelRequest(params);
}

/** The model that a round takes. */
export function modelRequest(params: RoundParams): ModelRequest {
  return { round: roundIdOf(params), dataType: params.maskConfig.vect.data, length: params.modelLength };
}

/** Whether the next step of this phase only computes: then asking for fresh parameters first may be skipped (participant 1.8). */
export function isComputation(phase: Phase): boolean {
  switch (phase.name) {
    case 'new-round':
    case 'sum':
      return true;
    case 'awaiting':
      return false;
    case 'update':
      return phase.masked !== undefined || (phase.model !== undefined && phase.sums !== undefined);
    case 'sum2':
      return phase.sealedSeeds !== undefined || phase.seeds !== undefined || phase.mask !== undefined;
    default:
      return phase.failed === undefined && phase.encoder.next >= phase.parts;
  }
}

/** Overwrites the one-time secrets that `before` held and `after` does not: ephemeral keys and mask seeds (threats T16). */
export function eraseDropped(before: Phase, after: Phase): void {
  if (before === after) return;
  const kept = new Set<Uint8Array>(secretsOf(after));
  for (const secret of secretsOf(before)) if (!kept.has(secret)) secret.fill(0);
}

function secretsOf(phase: Phase): Uint8Array[] {
  switch (phase.name) {
    case 'sum':
      return [phase.ephemeral.secretKey];
    case 'sum2':
      return [phase.ephemeral.secretKey, ...(phase.seeds ?? [])];
    case 'sending-sum':
      return secretsOf(phase.next);
    case 'update':
      return phase.masked === undefined ? [] : [phase.masked.seed];
    default:
      return [];
  }
}
