// What the coordinator tells about where its time goes. Parts that work observe stages here; who listens (Prometheus, traces, a benchmark, nobody)
// is chosen by argument, and nothing that is measured waits for it.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';
import type { MessageTag } from '@xaynet/core/message';

/** What is done to a message on its way, and to a round at its end; see ARCHITECTURE for the path. */
export type Stage =
  | 'receive'
  | 'wait'
  | 'open'
  | 'verify'
  | 'eligibility'
  | 'check'
  | 'queue'
  | 'store'
  | 'aggregate'
  | 'checkpoint'
  | 'unmask'
  | 'publish'
  | 'message';

/** Takes measurements. */
export interface Meter {
  /** `stage` took so many seconds, for so many bytes (0 where bytes say nothing). Never throws. */
  observe(stage: Stage, seconds: number, bytes: number): void;
  /**
   * Begins to watch one message from now on; undefined when nobody wants to know about single messages, so that it costs nothing then. What is
   * observed through the watch counts as observed here too: `const at = meter.watch?.() ?? meter`.
   */
  watch?(): MessageWatch | undefined;
}

/** A meter for one message: knows its stages, and at last what became of it. */
export interface MessageWatch extends Meter {
  /** The verdict is known; to be called once. */
  end(outcome: MessageOutcome): void;
}

/** What became of a message; what was never found out about it is left out. */
export interface MessageOutcome {
  readonly round: number;
  readonly phase: string;
  readonly tag?: MessageTag | undefined;
  readonly participant?: PublicSigningKey | undefined;
  readonly bytes: number;
  /** `incomplete`: a chunk of a message of which others are missing; a code: refused. */
  readonly verdict: 'accepted' | 'incomplete' | ErrorCode;
}

/** Takes them and does nothing. */
export const SILENT_METER: Meter = { observe: () => {} };
