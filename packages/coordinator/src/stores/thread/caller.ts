// Calls across threads: numbered, each with its own time limit, answered in any case. A thread that has died is replaced at the next call,
// since the store is on the disk and not in the thread; whoever waited for it is told that the outcome is unknown.

import type { Worker } from 'node:worker_threads';
import { XaynetError } from '@xaynet/core/errors';
import { type Memory, release } from '../../buffers.ts';
import { pack, unpack } from './parcel.ts';
import { type AnswerMessage, type CallMessage, errorOf, type StoreMethod } from './protocol.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
  /** Gets back what was lent. */
  readonly lent: readonly Memory[];
}

/** The opening of a store is answered under this number. */
const OPENING = 0;

/** Calls the methods of a store on another thread. */
export class ThreadCaller {
  readonly #spawn: () => Worker;
  /** Milliseconds. */
  readonly #timeout: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  /** The thread has failed but is not gone yet: it still holds the lock. */
  #isDying = false;
  #last = OPENING;

  constructor(spawn: () => Worker, timeout: number) {
    this.#spawn = spawn;
    this.#timeout = timeout;
  }

  /** Starts the thread and waits, as long as it takes, until it has opened its store; throws what that throws. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wait(OPENING, { resolve: () => resolve(), reject, timer: undefined, lent: [] });
      this.#start();
    });
  }

  /**
   * Calls a method; throws what it throws, `storage-timeout` when it takes too long, and `storage-failed` when the thread ends meanwhile.
   * `lend`: memory that goes there for the time of the call; without an answer it is lost.
   */
  call(method: StoreMethod, args: readonly unknown[], lend: readonly Memory[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#isDying) throw new XaynetError('storage-failed', `${method}: the thread of the store has just ended`);
      const worker = this.#worker ?? this.#start();
      const lent = lend.filter(({ buffer }) => buffer !== undefined && buffer.byteLength > 0);
      const buffers = lent.map(({ buffer }) => buffer!);
      const parcel = pack(args, buffers);
      const id = ++this.#last;
      const timer = setTimeout(() => this.#expire(id, method), this.#timeout);
      this.#wait(id, { resolve, reject, timer, lent });
      for (const memory of lent) memory.buffer = undefined;
      worker.postMessage({ id, method, args: parcel.value, lent: buffers } satisfies CallMessage, parcel.transfer);
    });
  }

  /** Calls `close` and waits for the end of the thread; one that does not answer in time is left to end by itself. */
  async end(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    try {
      if (!this.#isDying) await this.call('close', []);
    } catch (error) {
      void worker.terminate();
      throw error;
    }
    worker.ref();
    await ended;
  }

  #start(): Worker {
    const worker = this.#spawn();
    this.#worker = worker;
    let reason: string | undefined;
    worker.on('message', (message: AnswerMessage) => this.#answer(worker, message));
    worker.on('messageerror', (error) => this.#failAll(`an answer could not be read: ${error.message}`));
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
      if (this.#worker === worker) this.#isDying = true;
    });
    worker.on('exit', (code) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#isDying = false;
      this.#failAll(reason ?? `it exited with ${code}`);
    });
    if (this.#waiting.size > 0) worker.ref();
    return worker;
  }

  #answer(worker: Worker, message: AnswerMessage): void {
    if ('error' in message && message.id === OPENING) {
      // It holds nothing and ends now; the next call tries with another one.
      if (this.#worker === worker) this.#worker = undefined;
      this.#refuseAll(errorOf(message.error));
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) {
      for (const buffer of message.lent) release(buffer); // it came too late
      return;
    }
    this.#forget(message.id);
    for (const [i, memory] of waiting.lent.entries()) memory.buffer = message.lent[i];
    if ('error' in message) waiting.reject(errorOf(message.error));
    else waiting.resolve(unpack(message.value));
  }

  #expire(id: number, method: StoreMethod): void {
    const waiting = this.#waiting.get(id);
    this.#forget(id);
    waiting?.reject(new XaynetError('storage-timeout', `${method}: no answer within ${this.#timeout / 1000} s`));
  }

  #failAll(reason: string): void {
    this.#refuseAll(new XaynetError('storage-failed', `the thread of the store has ended: ${reason}`));
  }

  #refuseAll(error: Error): void {
    for (const [id, { reject }] of [...this.#waiting]) {
      this.#forget(id);
      reject(error);
    }
  }

  /** Only while somebody waits does the thread keep the process alive. */
  #wait(id: number, waiting: Waiting): void {
    this.#waiting.set(id, waiting);
    this.#worker?.ref();
  }

  #forget(id: number): void {
    clearTimeout(this.#waiting.get(id)?.timer);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker?.unref();
  }
}
