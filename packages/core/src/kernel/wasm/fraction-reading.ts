// Fractions of a published model read through an instance, tile by tile, when they are usual.

import { dataTypeOf } from '../decode.ts';
import type { Progress, Weights } from '../kernel.ts';
import { KINDS, tiles } from './engine.ts';
import { INPUT, OUTPUT, TILE_BYTES } from './layout.ts';

/** Fractions of a tile: none is read here that takes less than 22 bytes. */
const MOST = Math.floor(TILE_BYTES / 22);

/** Told with the progress of reading: the next fraction is for the caller. */
const REFUSED = 0x8000_0000n;

/** See {@link Kernel.readFractions}. */
export function readFractions(bytes: Uint8Array, weights: Weights, from: number): Progress {
  const kind = KINDS[dataTypeOf(weights)];
  const size = weights.BYTES_PER_ELEMENT;
  const out = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  const { exports, bytes: memory } = tiles();
  let count = 0;
  let at = 0;
  while (from + count < weights.length) {
    const piece = bytes.subarray(at, at + TILE_BYTES);
    memory.set(piece, INPUT);
    const progress = exports.readFractions(INPUT, INPUT + piece.length, kind, Math.min(MOST, weights.length - from - count), OUTPUT);
    const read = Number(progress & 0xffff_ffffn);
    const upper = BigInt.asUintN(32, progress >> 32n);
    out.set(memory.subarray(OUTPUT, OUTPUT + read * size), (from + count) * size);
    count += read;
    at += Number(upper & ~REFUSED);
    if ((upper & REFUSED) !== 0n || read === 0) break;
  }
  return { count, bytes: at };
}
