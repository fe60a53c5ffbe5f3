// What runs rounds, as the rest of a coordinator sees it: the driver of a process of its own, or a member of a fleet.

import type { ErrorCode } from '@xaynet/core/errors';
import type { Bulletin } from './bulletin.ts';
import type { Pause } from './patience.ts';
import type { PhaseWindow } from './publisher.ts';
import type { Request } from './request.ts';
import type { Answer, Counts, FailureCause, PhaseName } from './round/state.ts';
import type { Member } from './stores/shared.ts';

/** Where the round stands. */
export interface RoundStanding {
  readonly round: number;
  readonly phase: PhaseName;
  /** Rounds that failed in a row before this one. */
  readonly failures: number;
  /** For sum, update and sum2. */
  readonly counts?: Counts;
  /** Why the last round failed, while the phase is failure. */
  readonly cause?: FailureCause;
}

/** See the head of the file. */
export interface RoundEngine {
  /** What is published. */
  readonly bulletin: Bulletin;
  readonly state: RoundStanding;
  /** When the phase ends; undefined for a phase without times. */
  readonly window: PhaseWindow | undefined;
  /** Requests that have no answer yet. */
  readonly queued: number;
  /** Updates that were admitted. */
  readonly updates: number;
  /** Why the round does not go on, while that is so. */
  readonly paused: Pause | undefined;
  /** Why no message is taken now, though nothing is wrong with it. */
  readonly unavailable: { readonly code: ErrorCode; readonly retryAfter: number } | undefined;
  /** The processes that share the round; left out: it has the round to itself. */
  readonly fleet?: { readonly self: string; readonly leader: string | undefined; readonly members: readonly Member[] };
  /** Whether it does nothing until a message comes or time goes by. */
  readonly isWaiting: boolean;
  /** Resolves when what is published is what holds since the call, where others publish as well; left out: it always is. Never rejects. */
  fresh?(): Promise<void>;
  submit(request: Request): Promise<Answer>;
  start(): void;
  stop(): Promise<void>;
}
