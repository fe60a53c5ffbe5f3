// A participant for pages: puts together what browsers have (worker, locks, IndexedDB, conditions) and the two ends of the port.

import { portOf } from '@xaynet/core/threads';
import { engineWorker, masksWorker } from '#engine-worker';
import type { ParticipantRun } from '../run.ts';
import { rulesFor, watchConditions } from './conditions.ts';
import type { EngineLink } from './connection.ts';
import { type EngineHost, serveEngine } from './engine.ts';
import { indexedDbStore } from './indexed-db.ts';
import type { BrowserOptions } from './options.ts';
import { BrowserRun, type PageHost } from './page.ts';
import { type Scope, scope, type Target } from './scope.ts';

/**
 * Takes part in rounds from a page until it is stopped or the page goes away, like `runParticipant`, with the same events: the engine runs
 * in a worker, so that masking never holds up the page; keys and state are kept in IndexedDB, so that a tab that is closed in mid-round and
 * opened again goes on where it was; of several tabs one takes part, the others wait for it (`waitingFor: 'tab'`); and it rests by
 * `conditions`. Only the functions that you pass run in the page.
 *
 * Throws at once, like `runParticipant`, for options that cannot work. Everything later is an event: `engine` says where it runs and what
 * this browser cannot give it; `worker-lost` that a worker died, which is started again and goes on from what is stored.
 * @example
 * ```ts
 * import { runBrowserParticipant } from '@xaynet/participant/browser';
 *
 * const run = runBrowserParticipant({
 *   url: 'http://127.0.0.1:8081',
 *   train: async (global, { length }) => {
 *     const weights = Float32Array.from(global?.weights ?? new Float32Array(length), Number);
 *     return weights.map((weight) => weight + 0.01); // here goes the training
 *   },
 * });
 * for await (const event of run.events()) {
 *   if (event.type === 'engine') console.log(`masking in the ${event.place} (${event.kernel})`);
 *   if (event.type === 'sent' || event.type === 'refused' || event.type === 'error') break;
 * }
 * await run[Symbol.asyncDispose]();
 * ```
 */
export function runBrowserParticipant(options: BrowserOptions): ParticipantRun {
  const { worker } = options;
  const start = typeof worker === 'function' ? worker : engineWorker;
  return new BrowserRun(options, {
    inWorker: () => {
      const port = portOf(start());
      port.hold(true);
      return port;
    },
    inPage: () => joined({ locks: scope.navigator?.locks, spawn: masksWorker, store: indexedDbStore }),
    locks: scope.navigator?.locks,
    watch: (changed) => watchConditions(rulesFor(options.url, options.conditions), scope, changed),
    lifecycle: (sleep, wake) => watchLifecycle(scope, sleep, wake),
  } satisfies PageHost);
}

/** Both ends of a channel in one place: the engine runs here. */
export function joined(host: EngineHost): EngineLink {
  const { MessageChannel } = scope;
  if (MessageChannel === undefined) throw new Error('there is no MessageChannel here');
  const { port1, port2 } = new MessageChannel();
  let kill: () => void = () => undefined;
  return {
    post: (message, transfer) => port1.postMessage(message, transfer),
    listen({ message }) {
      port1.onmessage = ({ data }) => message(data);
      kill = serveEngine(
        {
          post: (data, transfer) => port2.postMessage(data, [...transfer]),
          listen: (listener) => {
            port2.onmessage = ({ data }) => listener.message(data);
          },
        },
        host,
      );
    },
    terminate() {
      kill();
      port1.close();
      port2.close();
    },
  };
}

/**
 * A page that is put away keeps its workers, frozen, and would keep the others waiting: it lets go. `freeze` and `resume` are Chromium's,
 * for tabs in the background.
 */
function watchLifecycle(window: Scope, sleep: () => void, wake: () => void): () => void {
  const { document } = window;
  const pairs: [Partial<Target> | undefined, string, (event: { readonly persisted?: boolean }) => void][] = [
    [window, 'pagehide', sleep],
    [window, 'pageshow', ({ persisted }) => persisted === true && wake()],
    [document, 'freeze', sleep],
    [document, 'resume', wake],
  ];
  for (const [target, type, run] of pairs) target?.addEventListener?.(type, run);
  return () => {
    for (const [target, type, run] of pairs) target?.removeEventListener?.(type, run);
  };
}
