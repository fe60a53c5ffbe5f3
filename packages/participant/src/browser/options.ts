// The options of a participant in a page: those of runParticipant that a worker can be given, and what only pages have.

import type { WorkerLike } from '@xaynet/core/threads';
import type { StateStore } from '../ports.ts';
import type { RunOptions } from '../run.ts';
import type { ConditionRules } from './conditions.ts';

/** How to run a participant in a page. */
export interface BrowserOptions extends Omit<RunOptions, 'transport' | 'fetch' | 'random' | 'clock' | 'spawn' | 'conditions' | 'store'> {
  /** Base URL of the coordinator, which must allow requests from the page's origin (ours do). */
  readonly url: string;
  /** Name of the stored identity, for several participants on one origin. Default: `url`. One tab at a time takes part under a name. */
  readonly name?: string | undefined;
  /**
   * Starts the worker that the engine runs in, where the default cannot: bundlers that do not follow `new Worker(new URL(…))`, esbuild
   * among them, bundle `@xaynet/participant/browser/worker` as a file of its own and pass
   * `() => new Worker('/engine.js', { type: 'module' })`. `false`: everything runs in the page. Default `auto`: a worker where there can be
   * one, else the page; the event `engine` says which, and why.
   */
  readonly worker?: 'auto' | false | (() => WorkerLike) | undefined;
  /** When to rest, see {@link ConditionRules}. */
  readonly conditions?: ConditionRules | undefined;
  /** Where keys and state are kept. Default: `indexedDbStore(name)`. `false`: nowhere, every visit is another participant. */
  readonly store?: StateStore | false | undefined;
}
