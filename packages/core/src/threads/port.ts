// A worker as the pool sees it: a way to post and to be told, and its end. Node's worker_threads and Web Workers differ in how they
// tell; both are made alike here, without the types of either.

/** A worker that can be posted to. */
export interface WorkerPort {
  /** Sends a message; the buffers in `transfer` move to the worker and are empty here afterwards. */
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  /** Called once, before the first message is posted. `ended` may be called more than once. */
  listen(listener: PortListener): void;
  /** Whether the process shall stay alive for this worker. */
  hold(busy: boolean): void;
  /** Ends the worker at once, whatever it does. */
  terminate(): void;
}

/** Who is told what a worker does. */
export interface PortListener {
  message(data: unknown): void;
  /** The worker has failed, or is gone. */
  ended(reason: string): void;
}

/** What is used of a Web Worker. */
export interface WebWorkerLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: { data?: unknown; message?: string; preventDefault(): void }) => void): void;
  terminate(): void;
}

/** What is used of a `Worker` of `node:worker_threads`. */
export interface NodeWorkerLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  on(event: string, listener: (value: unknown) => void): unknown;
  terminate(): unknown;
  ref(): void;
  unref(): void;
}

/** What an application may return where it starts workers itself. */
export type WorkerLike = WorkerPort | WebWorkerLike | NodeWorkerLike;

/** The port of a worker of any kind. */
export function portOf(worker: WorkerLike): WorkerPort {
  if ('listen' in worker) return worker;
  return 'unref' in worker ? nodePort(worker) : webPort(worker);
}

function nodePort(worker: NodeWorkerLike): WorkerPort {
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    listen({ message, ended }) {
      worker.on('message', message);
      worker.on('messageerror', () => ended('a message could not be read'));
      worker.on('error', (error) => ended(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => ended(`it exited with ${code}`));
    },
    hold: (busy) => (busy ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

function webPort(worker: WebWorkerLike): WorkerPort {
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    listen({ message, ended }) {
      worker.addEventListener('message', ({ data }) => message(data));
      worker.addEventListener('messageerror', () => ended('a message could not be read'));
      worker.addEventListener('error', (event) => {
        event.preventDefault(); // told by the pool, not to the page's console as well
        ended(event.message || 'its script could not be loaded or run');
      });
    },
    hold: () => undefined,
    terminate: () => worker.terminate(),
  };
}
