// The script of the thread on which an embedded store works: opens it, carries out calls one after another, and ends when it is closed.

import { parentPort, workerData } from 'node:worker_threads';
import { SqliteStore } from '../sqlite.ts';
import { pack, unpack } from './parcel.ts';
import { type AnswerMessage, type CallMessage, type ThreadStart, wireError } from './protocol.ts';

const port = parentPort!;

function answer(id: number, value: unknown, lent: readonly ArrayBuffer[] = []): void {
  const parcel = pack(value);
  port.postMessage({ id, value: parcel.value, lent } satisfies AnswerMessage, [...parcel.transfer, ...lent]);
}

function refuse(id: number, error: unknown, lent: readonly ArrayBuffer[] = []): void {
  port.postMessage({ id, error: wireError(error), lent } satisfies AnswerMessage, [...lent]);
}

function open({ folder, options }: ThreadStart): SqliteStore | undefined {
  try {
    return SqliteStore.open(folder, options, { withoutChunks: true });
  } catch (error) {
    refuse(0, error);
    return undefined;
  }
}

const store = open(workerData as ThreadStart);
if (store !== undefined) {
  answer(0, undefined);
  // The store does all of a call before it returns, so calls cannot overtake each other.
  port.on('message', async ({ id, method, args, lent }: CallMessage) => {
    try {
      const call = store[method] as (...args: unknown[]) => Promise<unknown>;
      answer(id, await call.apply(store, unpack(args) as unknown[]), lent);
    } catch (error) {
      refuse(id, error, lent);
    }
    if (method === 'close') port.close();
  });
}
