// What the pool and its workers say to each other. Bytes are handed over, never copied: a body goes to the worker as its buffer, is opened in
// place, and comes back as the same memory with the places of what is in it; whoever has handed a buffer over holds an empty one.

import { PublicSigningKey } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';
import type { Meter } from '../meter.ts';
import type { FrozenContext, JudgeContext } from './context.ts';
import { type Judgement, type JudgeTimes, judgeBody, judgePayload } from './judge.ts';

/** What is to be judged: a body as it came, or the payload that the chunks of a participant came to. */
export interface Task {
  readonly context: JudgeContext;
  readonly bytes: Uint8Array;
  readonly from?: PublicSigningKey | undefined;
  /** Who is told how long it took. */
  readonly meter?: Meter | undefined;
}

/** To a worker. */
export type ToWorker =
  /** Everything from here on is judged by this; the one before is wiped. */
  | { readonly kind: 'context'; readonly context: FrozenContext | undefined }
  | { readonly kind: 'judge'; readonly id: number; readonly bytes: Uint8Array; readonly from: Uint8Array | undefined }
  /** Wipe, and end by yourself. */
  | { readonly kind: 'close' };

/** From a worker. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'judged';
      readonly id: number;
      readonly judgement: Judgement;
      readonly times: JudgeTimes;
      /** Seconds from the arrival of the task to the end of the work on it. */
      readonly seconds: number;
      /** The memory of a task that was refused. */
      readonly spent?: ArrayBuffer | undefined;
    }
  /** A mistake of the program; the bytes come back unless they are no longer what they were. */
  | { readonly kind: 'thrown'; readonly id: number; readonly error: string; readonly bytes: Uint8Array | undefined };

/** Judges on this thread; `inPlace`: a body is opened where it lies. Throws only for mistakes of the program. */
export function judgeTask({ context, bytes, from }: Task, times: JudgeTimes, inPlace = false): Judgement {
  return from === undefined ? judgeBody(context, bytes, times, inPlace) : judgePayload(context, PublicSigningKey(from), bytes, times);
}

/** Refusal of a task that nobody could judge. */
export function unjudged(code: ErrorCode): Judgement {
  return { kind: 'refused', code };
}
