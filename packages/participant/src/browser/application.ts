// The application as the engine sees it: its functions, its store and those who read its events are at the other end of the port. A call
// is answered once, or never, when the other end is gone; then this end is too, or about to be.

import type { WorkerPort } from '@xaynet/core/threads';
import type { StateStore } from '../ports.ts';
import type { RunOptions } from '../run.ts';
import type { ParticipantEvent } from '../run-events.ts';
import type { TrainContext } from '../training.ts';
import { alone, Packer, unpackError } from './parcels.ts';
import type { Callback, ToEngine, ToPage } from './protocol.ts';

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Application {
  readonly #port: Pick<WorkerPort, 'post'>;
  readonly #packer = new Packer();
  readonly #calls = new Map<number, Call>();
  #nextCall = 1;
  #silent = false;

  constructor(port: Pick<WorkerPort, 'post'>) {
    this.#port = port;
  }

  post(message: ToPage): void {
    if (!this.#silent) this.#port.post(message, this.#packer.take());
  }

  emit(event: ParticipantEvent): void {
    this.post({ type: 'event', event: this.#packer.event(event) });
  }

  /** Says the last thing. */
  end(last: Omit<Extract<ToPage, { type: 'ended' }>, 'type'>): void {
    const snapshot = last.snapshot && this.#moving(last.snapshot);
    this.post({ type: 'ended', snapshot, error: last.error });
    this.#silent = true;
  }

  /** Nothing is said any more. */
  silence(): void {
    this.#silent = true;
  }

  /** An answer arrived. */
  answered(answer: Extract<ToEngine, { call: number }>): void {
    const call = this.#calls.get(answer.call);
    this.#calls.delete(answer.call);
    if (answer.type === 'answer') call?.resolve(answer.value);
    else call?.reject(unpackError(answer.error));
  }

  /** The functions that the application has, as the engine calls them. */
  functions(names: readonly Callback[]): Pick<RunOptions, Callback> {
    return Object.fromEntries(names.map((name) => [name, this.#function(name)])) as unknown as Pick<RunOptions, Callback>;
  }

  /** The application's own store. */
  get store(): StateStore {
    return {
      load: () => this.#call((call) => ({ type: 'load', call })) as Promise<Uint8Array | undefined>,
      save: async (bytes) => {
        const moving = this.#moving(bytes);
        await this.#call((call) => ({ type: 'save', call, bytes: moving }));
      },
    };
  }

  #function(name: Callback): (...given: unknown[]) => Promise<unknown> {
    return (...given) => {
      const context = given[given.length - 1] as TrainContext;
      const model = given.length > 1 ? (given[0] as Parameters<RunOptions['train']>[0]) : undefined;
      const packed = this.#packer.context(context);
      if (packed.content !== undefined) context.signal.addEventListener('abort', () => this.post({ type: 'abort', context: packed.id }), { once: true });
      const parcel = model && this.#packer.model(model);
      return this.#call((call) => ({ type: 'call', call, name, context: packed, model: parcel }));
    };
  }

  /** Bytes that move with the next message. */
  #moving(bytes: Uint8Array): Uint8Array {
    const moving = alone(bytes);
    this.#packer.transfer.push(moving.buffer);
    return moving;
  }

  #call(message: (call: number) => ToPage): Promise<unknown> {
    const call = this.#nextCall++;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.post(message(call));
    });
  }
}
