// One tab at a time: whoever takes part under a name holds a lock of that name, which the browser frees when its holder is gone, however
// it went. Tabs that wait are served in order. Where there are no locks (insecure contexts, old engines), everybody goes on at once.

import { toHex } from '@xaynet/core/bytes';
import { systemRandom } from '../clock.ts';
import type { LockManager } from './scope.ts';

/** Runs `run` while holding the turn of `name`; `waiting` is told when another has it. Returns early when the signal aborts before. */
export async function holdTurn(
  locks: LockManager | undefined,
  name: string,
  signal: AbortSignal,
  waiting: () => void,
  run: () => Promise<void>,
): Promise<void> {
  if (signal.aborted) return;
  if (locks === undefined) return run();
  const lock = turnOf(name);
  const free = await locks.request(lock, { ifAvailable: true }, async (held) => {
    if (held !== null && !signal.aborted) await run();
    return held !== null;
  });
  if (free || signal.aborted) return;
  waiting();
  await locks.request(lock, { signal }, run).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Whether another waits for the turn of `name`. */
export async function isWanted(locks: LockManager, name: string): Promise<boolean> {
  const { pending = [] } = await locks.query();
  return pending.some((request) => request.name === turnOf(name));
}

function turnOf(name: string): string {
  return `xaynet participant ${name}`;
}

/** Holds a lock of a fresh name for as long as this thread lives; undefined where there are no locks. */
export async function lifeline(locks: LockManager | undefined): Promise<string | undefined> {
  if (locks === undefined) return undefined;
  const name = `xaynet engine ${toHex(systemRandom(16))}`;
  await new Promise<void>((held) => {
    void locks.request(name, {}, () => {
      held();
      return new Promise<void>(() => undefined);
    });
  });
  return name;
}

/** Calls `died` when whoever holds the lifeline is gone, unless the signal aborts before. */
export function watchLifeline(locks: LockManager, name: string, signal: AbortSignal, died: () => void): void {
  locks.request(name, { signal }, async () => died()).catch(() => undefined); // aborted: nobody watches any more
}
