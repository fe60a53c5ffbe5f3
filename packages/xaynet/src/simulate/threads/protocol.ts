// What passes between the thread of a simulation and those of its crowd. Participants live on a thread from beginning to end; time, books and the
// coordinator stay where they are. Both sides put together what is to be said at once, and say it in order.

import type { SigningKeyPair } from '@xaynet/core/crypto';
import type { TaskInput } from '../../learning/task.ts';
import type { Answer } from '../direct-transport.ts';
import type { SimulationInput } from '../run.ts';
import type { Tally } from '../tally.ts';
import type { Topic } from '../timeline.ts';
import type { Conditions } from '../world.ts';

/** What a thread begins with. */
export interface CrowdSetup {
  readonly data: SimulationInput['data'];
  readonly task: TaskInput;
  readonly conditions: Conditions;
  readonly network: string;
  /** Who is on this thread. */
  readonly seats: readonly { readonly keys: SigningKeyPair; readonly tally: Tally; readonly share: number }[];
}

/** The documents that everybody may see. */
export interface Documents {
  readonly params: Uint8Array;
  readonly sums: Uint8Array | undefined;
  readonly model: Uint8Array | undefined;
}

/** What participants look up in the books. */
export interface BookState {
  readonly round: number;
  readonly roundSeed: string;
  readonly hasModel: boolean;
  readonly start: Float32Array;
}

/** To a thread of the crowd: the time and what is new, then whose turn it is and what was asked for. */
export interface ToCrowd {
  /** Milliseconds since the beginning, and the number of the last news. */
  readonly now: number;
  readonly latest: number;
  /** Where the coordinator listens, the same each time; undefined: it is asked over this port. */
  readonly url: string | undefined;
  /** Absent: as they were. */
  readonly documents?: Documents;
  readonly book?: BookState;
  readonly turns: readonly Turn[];
}

/** A participant begins, or goes on from where it rested or asked. */
export type Turn =
  | { readonly kind: 'begin' | 'wake'; readonly index: number }
  | { readonly kind: 'answer'; readonly index: number; readonly answer: Answer }
  | { readonly kind: 'seeds'; readonly index: number; readonly seeds: Uint8Array | undefined };

/** What participants count themselves. */
export const OWN_COUNTS: readonly ('up' | 'down' | 'lost' | 'late' | 'refused' | 'sumLeft' | 'updateLeft')[] = [
  'up',
  'down',
  'lost',
  'late',
  'refused',
  'sumLeft',
  'updateLeft',
];

/** From a thread of the crowd, several at a time. With whatever makes a participant wait comes what it has counted by then, in the order of {@link OWN_COUNTS}. */
export type FromCrowd = { readonly index: number } & (
  | { readonly kind: 'sleep'; readonly ms: number; readonly counts: readonly number[] }
  | { readonly kind: 'news'; readonly topic: Topic; readonly known: number; readonly delay: number; readonly counts: readonly number[] }
  | { readonly kind: 'send'; readonly bytes: Uint8Array; readonly counts: readonly number[] }
  | { readonly kind: 'seeds'; readonly counts: readonly number[] }
  | { readonly kind: 'end'; readonly counts: readonly number[]; readonly error?: string | undefined }
  | { readonly kind: 'computed'; readonly done: number; readonly total: number }
  | { readonly kind: 'selected'; readonly role: 'sum' | 'update' }
  | { readonly kind: 'keep'; readonly weights: Float32Array; readonly excess: number }
  | { readonly kind: 'drop' | 'clamped' }
  | { readonly kind: 'refused' | 'gaveUp'; readonly code: string }
  | { readonly kind: 'adversary'; readonly adversary: string; readonly verdict: string }
);

/** Calls `post` with what was put in, once for all that is put in before the running code is done. */
export class Outbox<T> {
  readonly #post: (items: readonly T[]) => void;
  #items: T[] = [];

  constructor(post: (items: readonly T[]) => void) {
    this.#post = post;
  }

  put(item: T): void {
    if (this.#items.push(item) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const items = this.#items;
    this.#items = [];
    this.#post(items);
  }
}
