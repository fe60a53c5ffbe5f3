// The script of a worker of worker_threads.

import { serve } from './worker.ts';

interface ParentPort {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  on(event: 'message', listener: (data: unknown) => void): void;
}

declare const process: { getBuiltinModule(name: 'node:worker_threads'): { readonly parentPort: ParentPort } };

const { parentPort } = process.getBuiltinModule('node:worker_threads');
serve(
  (message, transfer) => parentPort.postMessage(message, transfer),
  (receive) => parentPort.on('message', receive),
);
