// What a phase is given and what it gives back. A phase is a function (phase, context) → transition: it looks at its data,
// does the first thing that is still to do, and returns the next data. Chance, the network and the model come in by the context.

import type { RandomBytes, SigningKeyPair } from '@xaynet/core/crypto';
import type { ErrorCode } from '@xaynet/core/errors';
import { XaynetError } from '@xaynet/core/errors';
import type { ClampReport, ObjectSum, Scalar } from '@xaynet/core/mask';
import type { MessageTag } from '@xaynet/core/message';
import type { RoundParams } from '@xaynet/core/round';
import type { MaskSumWork } from '@xaynet/core/threads';
import type { ModelSource, Notification, Transport, Verdict } from '../ports.ts';
import type { Rules } from '../rules.ts';
import type { Phase } from '../state.ts';
import { errorOf, wordsOf } from '../thrown.ts';

/** Everything a phase may use besides its own data. */
export interface Context {
  readonly keys: SigningKeyPair;
  readonly scalar: Scalar;
  readonly maxMessageSize: number;
  readonly params: RoundParams;
  readonly rules: Rules;
  readonly transport: Transport;
  readonly models: ModelSource;
  readonly random: RandomBytes;
  /** Lets other work of the process run; long computations call it between two pieces. */
  readonly pause: () => Promise<void>;
  /** Sums the masks of many seeds, on threads where that pays. */
  readonly sumMasks: (work: MaskSumWork) => Promise<ObjectSum>;
  /** Told how far a long computation is. */
  readonly onProgress: (progress: ComputationProgress) => void;
  /** Whether it is time for a sum participant without seeds to see what became of its sum message; undefined: it never does (quirk Q-13). */
  readonly sumDoubt: (() => boolean) | undefined;
  /** Asked when a coordinator has dropped what it had of a message: whether to send it once more in this round. */
  readonly mayBeginAgain: () => boolean;
  readonly signal: AbortSignal | undefined;
}

/** A computation that can take long: adding masks (`sum2`), masking a large model (`mask`), or sealing the mask seed for every sum participant (`update`). */
export interface ComputationProgress {
  /** Which computation: masks added up for `sum2`, weights masked for `mask`, seeds sealed for `update`. */
  readonly task: 'sum2' | 'mask' | 'update';
  /** Seeds, or weights, that are done. */
  readonly done: number;
  /** As many in all. */
  readonly total: number;
}

/**
 * What a participant waits for: the next `round`, the sum dictionary (`sums`), its sealed mask `seeds`, a `model` from the
 * application, the `network`, or its own state `store`; in pages also for another `tab` that takes part.
 */
export type WaitingFor = 'round' | 'sums' | 'seeds' | 'model' | 'network' | 'store' | 'tab';

/** A message part that was delivered in this step. Delivered is not accepted: the coordinator answers alike (participant 2.6). */
export interface SentPart {
  /** Kind of the message. */
  readonly tag: MessageTag;
  /** Which part, from 1. */
  readonly part: number;
  /** Parts of the message in all. */
  readonly parts: number;
  /** Sealed bytes of this part. */
  readonly bytes: number;
}

/** What one step of a phase came to. */
export interface Transition {
  /** `progress`: something changed, go on at once. `pending`: nothing can be done now, come back later. */
  readonly outcome: 'progress' | 'pending';
  readonly phase: Phase;
  readonly notifications: readonly Notification[];
  readonly waitingFor?: WaitingFor | undefined;
  /** What failed and will be tried again. */
  readonly error?: XaynetError | undefined;
  /** Why the task was given up until the next round. */
  readonly failure?: XaynetError | undefined;
  readonly sent?: SentPart | undefined;
  /** What the coordinator says of the message that was sent, if it says anything. */
  readonly verdict?: Verdict | undefined;
  /** What masking cut off of the model in this step. */
  readonly clamped?: ClampReport | undefined;
}

/** Something changed. */
export function progress(phase: Phase, ...notifications: Notification[]): Transition {
  return { outcome: 'progress', phase, notifications };
}

/** Nothing can be done before `waitingFor` comes; `error` says what failed, if something did. */
export function pending(phase: Phase, waitingFor: WaitingFor, error?: XaynetError): Transition {
  return { outcome: 'pending', phase, notifications: [], waitingFor, error };
}

/** The task is over for this round, done or given up because of `failure`: one `idle`, never two (quirk Q-04). */
export function idle(failure?: XaynetError): Transition {
  return { outcome: 'progress', phase: { name: 'awaiting' }, notifications: ['idle'], failure };
}

/**
 * Runs something that can fail outside of this program. A failure is a value, coded; an abort that the caller asked for is
 * thrown on, so that the step counts as not done.
 */
export async function attempt<T>(
  context: { readonly signal: AbortSignal | undefined },
  code: ErrorCode,
  run: () => Promise<T> | T,
): Promise<{ readonly value: T } | { readonly error: XaynetError }> {
  try {
    return { value: await run() };
  } catch (error) {
    if (context.signal?.aborted) throw error;
    return { error: coded(error, code) };
  }
}

/** Between two pieces of a long computation: lets others run, and stops when the caller has had enough. */
export async function breathe({ pause, signal }: Pick<Context, 'pause' | 'signal'>): Promise<void> {
  await pause();
  if (signal?.aborted) throw signal.reason;
}

/** The error itself when it has a code, else one with `code` that has it as its cause. */
export function coded(error: unknown, code: ErrorCode, where?: string): XaynetError {
  const known = errorOf(error, XaynetError);
  if (known !== undefined) return known;
  const text = wordsOf(error);
  return new XaynetError(code, where === undefined ? text : `${where}: ${text}`, { cause: error });
}
