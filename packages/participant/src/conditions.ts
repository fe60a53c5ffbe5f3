// When a participant that drives itself shall rest: hidden pages, no network, little battery. It only asks and is told; what the
// reasons are is the business of whoever passes them.

/**
 * Reasons not to work now, and how to hear that they changed.
 * @example
 * ```ts
 * import { type Conditions, runParticipant } from '@xaynet/participant';
 *
 * let listeners: (() => void)[] = [];
 * let metered = true;
 * const conditions: Conditions = {
 *   reasons: () => (metered ? ['metered'] : []),
 *   subscribe: (changed) => {
 *     listeners.push(changed);
 *     return () => {
 *       listeners = listeners.filter((listener) => listener !== changed);
 *     };
 *   },
 * };
 * const run = runParticipant({ url: 'http://127.0.0.1:8081', conditions, train: (_, { length }) => new Float32Array(length) });
 * for await (const event of run.events()) {
 *   if (event.type === 'paused') {
 *     metered = false; // event.reasons was ['metered']
 *     for (const changed of listeners) changed();
 *   }
 *   if (event.type === 'resumed') break;
 * }
 * await run.stop();
 * ```
 */
export interface Conditions {
  /** Why not to work now; empty: go on. Must be cheap: it is asked before every tick. An exception counts as no reason, and is told. */
  reasons(): readonly string[];
  /** Calls `changed`, later, whenever `reasons()` may have changed, until the returned function is called. */
  subscribe(changed: () => void): () => void;
}
