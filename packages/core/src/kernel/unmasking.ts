// The choice for unmasked sums: WebAssembly where masking runs on it, after a test of its own; else, and where that fails, the plain way.

import { wasmUnmasking } from '#wasm-unmasking';
import { kernel } from './chosen.ts';
import type { Unmasking } from './kernel.ts';
import { plainUnmasking } from './plain-unmasking.ts';

let tested: Unmasking | undefined;

/** What all of unmasking uses, beside the kernel that is in use. */
export function unmasking(): Unmasking {
  if (kernel().name === 'plain') return plainUnmasking;
  tested ??= load();
  return tested;
}

function load(): Unmasking {
  try {
    return wasmUnmasking();
  } catch {
    return plainUnmasking;
  }
}
