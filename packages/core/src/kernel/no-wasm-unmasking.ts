// In place of WebAssembly for unmasked sums in a bundle built with the condition `no-wasm`.

import type { Unmasking } from './kernel.ts';

/** Always throws. */
export function wasmUnmasking(): Unmasking {
  throw new Error('left out of this bundle by the condition no-wasm');
}
