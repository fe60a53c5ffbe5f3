// What is done with an unmasked sum, through WebAssembly.

import { decodeExactly } from '../decode.ts';
import type { Unmasking } from '../kernel.ts';
import { decode } from './decoding.ts';
import { writeFractions } from './fraction-writing.ts';
import { RIGHT_UNMASKING, testUnmasking } from './self-test-unmasking.ts';

const fast: Unmasking = { decode, decodeExactly, writeFractions };

/** The fast way, tested; throws where there is no WebAssembly, or a wrong one. */
export function wasmUnmasking(): Unmasking {
  if (testUnmasking(fast) !== RIGHT_UNMASKING) throw new Error('the self-test of the WebAssembly module for unmasking failed');
  return fast;
}
