// What all participants of a simulation share.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Transport } from '@xaynet/participant';
import type { LearningTask } from '../learning/task.ts';
import type { AdversaryBook } from './adversary-book.ts';
import type { Link } from './links.ts';
import type { RoundBook } from './round-book.ts';
import type { Timeline } from './timeline.ts';

/** What a participant may do with the time of a simulation, wherever that is kept. */
export type Turns = Pick<Timeline, 'latest' | 'participantClock' | 'sleep' | 'untilNews'>;

/** What a participant looks up in the books, and has written there. */
export interface Books
  extends Pick<RoundBook, 'clamped' | 'computed' | 'drop' | 'gaveUp' | 'hasModel' | 'isOpen' | 'keep' | 'refused' | 'round' | 'selected' | 'start'> {
  readonly adversaries: Pick<AdversaryBook, 'sent'>;
}

/** What is the same for all participants of a run, as plain values. */
export interface Conditions {
  readonly seed: number;
  /** How many times slower stragglers are. */
  readonly slowdown: number;
  /** Share of the selected who leave. */
  readonly dropout: number;
  /** Median milliseconds of training. */
  readonly training: number;
  /** Longest milliseconds between two questions to the coordinator. */
  readonly poll: number;
  readonly maxMessageSize: number;
  /** Shares are whole numbers of this part of one. */
  readonly shareUnit: number;
}

/** See the head of the file. */
export interface World extends Conditions {
  readonly task: LearningTask;
  readonly timeline: Turns;
  readonly book: Books;
  readonly signal: AbortSignal;
  /** The shared way to the coordinator. */
  readonly way: Transport;
  readonly link: Link | undefined;
  /** Lets others have the thread when it has been held for long. */
  breathe(): Promise<void>;
}

/** Milliseconds for which the thread is held at most before others may have it. */
const BREATH = 20;

/** Makes a {@link World.breathe} for this thread. */
export function breather(): World['breathe'] {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < BREATH) return;
    await nextTurn();
    last = performance.now();
  };
}
