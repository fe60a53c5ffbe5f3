// What a participant answers to one tick, and the options of its calls.

import type { XaynetError } from '@xaynet/core/errors';
import type { ClampReport } from '@xaynet/core/mask';
import type { MessageTag } from '@xaynet/core/message';
import type { SentPart, WaitingFor } from './phases/transition.ts';
import type { LocalModel, Notification, Verdict } from './ports.ts';
import type { PhaseName, Task } from './state.ts';

/** What one {@link Participant.tick} came to. */
export interface Tick {
  /** `progress`: call again at once. `pending`: call again later. */
  readonly outcome: 'progress' | 'pending';
  /** Phase after the tick. */
  readonly state: PhaseName;
  /** What the participant does in this round. */
  readonly task: Task;
  /** Id of the round, undefined before the first answer of the coordinator. */
  readonly round: string | undefined;
  /** What a pending participant waits for. */
  readonly waitingFor: WaitingFor | undefined;
  /** Milliseconds to wait at least before the next tick, where rounds begin too fast (`rounds-too-fast`) or the coordinator asks for it (`transport-busy`); undefined: as you like. */
  readonly wait: number | undefined;
  /** What failed and will be tried again: a request, a model source, the store. */
  readonly error: XaynetError | undefined;
  /** Why the task was given up until the next round. */
  readonly failure: XaynetError | undefined;
  /** The message part that was delivered, which is not the same as accepted. */
  readonly sent: SentPart | undefined;
  /**
   * What the coordinator says of the message that was delivered; undefined where it does not say. A refusal that a repetition cannot change
   * ends the task, with `failure`, unless the message counts already (`sum-already-exists`, say) or came before the sum phase.
   */
  readonly verdict: Verdict | undefined;
  /** What was cut off of the model that was masked in this tick: weights beyond the bound of the round, or its scalar; undefined when nothing was. */
  readonly clamped: ClampReport | undefined;
  /** The message under way: how many of its parts were delivered. */
  readonly sending: { readonly tag: MessageTag; readonly part: number; readonly parts: number } | undefined;
  /** What the host was notified of in this tick, in order (participant 1.6). */
  readonly notifications: readonly Notification[];
}

/** Options of a single call. */
export interface CallOptions {
  /** Aborts the call: it rejects with the signal's reason, and counts as never made. */
  readonly signal?: AbortSignal | undefined;
}

/** How a model is given to {@link Participant.setModel}. */
export interface SetModelOptions extends Omit<LocalModel, 'weights'> {
  /** Id of the round that it was trained for, from {@link Participant.modelNeeded} or {@link Participant.round}. */
  readonly round?: string | undefined;
}
