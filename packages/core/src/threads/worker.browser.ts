// The script of a Web Worker.

import { serve } from './worker.ts';

interface Scope {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

const scope = globalThis as unknown as Scope;
serve(
  (message, transfer) => scope.postMessage(message, transfer),
  (receive) => scope.addEventListener('message', ({ data }) => receive(data)),
);
