// The WebAssembly kernel as the choice wants it: tested first.

import type { Kernel } from '../kernel.ts';
import type { KeystreamSource } from '../keystream-source.ts';
import { RIGHT, selfTest } from './self-test.ts';
import { wasmKernel } from './wasm.ts';

/** The kernel of {@link wasmKernel}; throws where there is no WebAssembly, or a wrong one. */
export function testedKernel(source?: KeystreamSource): Kernel {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) throw new Error('a big-endian machine');
  const kernel = wasmKernel(source);
  if (source === undefined && selfTest(kernel) !== RIGHT) throw new Error('the self-test of the WebAssembly kernel failed');
  return kernel;
}
