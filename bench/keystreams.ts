// The physical limits: the raw keystream of the source that a backend draws from, in pieces of 64 KiB that nobody reads, and a copy in
// memory. Reaches into core's kernel folder, past its public door, because the WASM keystream alone is nothing that core would export.

import { chacha20 } from '@noble/ciphers/chacha.js';
import { instantiate } from '../packages/core/src/kernel/wasm/engine.ts';
import { KEYSTREAM, STATE } from '../packages/core/src/kernel/wasm/layout.ts';

/** Makes at least `bytes` bytes of keystream, and drops them. */
export type Keystream = (bytes: number) => void;

const PIECE = 65536;

/** noble's ChaCha20: the source of the plain kernel. */
export function nobleKeystream(): Keystream {
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12);
  const piece = new Uint8Array(PIECE);
  return (bytes) => {
    for (let at = 0; at < bytes; at += PIECE) {
      const part = piece.subarray(0, bytes - at);
      chacha20(key, nonce, part, part, at / 64);
    }
  };
}

/** The WASM kernel's ChaCha20 alone; throws where there is no WebAssembly with SIMD. */
export function wasmKeystream(): Keystream {
  const { exports, bytes: memory } = instantiate(KEYSTREAM + 2 * PIECE);
  memory.fill(1, STATE, STATE + 32);
  return (bytes) => {
    for (let at = 0; at < bytes; at += PIECE) exports.keystream(STATE, KEYSTREAM, 4 * Math.ceil(Math.min(PIECE, bytes - at) / 256));
  };
}

/** Copies `bytes` bytes from one place to another, which are there from the first time on. */
export function memoryCopy(bytes: number): () => void {
  let places: { readonly from: Uint8Array; readonly to: Uint8Array } | undefined;
  return () => {
    places ??= { from: new Uint8Array(bytes).fill(1), to: new Uint8Array(bytes) };
    places.to.set(places.from);
  };
}
