// The WebAssembly kernel, put together from its parts; each part is an object of functions in a file of its own.
// To add to it: arithmetic on elements is a `Lanes` (lanes.ts) for a family of groups, everything else a pick of `Kernel`. Operations
// share the instance that `tiles()` of engine.ts gives, with the tiles of layout.ts; nothing stays in it between two calls. Keystream is
// read through a `Cursor` of draws.ts, from `at` to `end`, with `refill()` when too little is left and `close()` at the end. Functions of
// packages/core/assembly are declared in `Exports` of engine.ts; `node scripts/build-wasm.mjs` builds them.

import type { Draws, Encoding, Group, Kernel, Model, Weights } from '../kernel.ts';
import type { KeystreamSource } from '../keystream-source.ts';
import type { Rational } from '../rational.ts';
import { Stream } from './draws.ts';
import { areFinite } from './encoding.ts';
import { readFractions } from './fraction-reading.ts';
import { isLane64, type Lanes } from './lanes.ts';
import { narrow } from './narrow.ts';
import { wide } from './wide.ts';

function lanesOf(group: Group): Lanes {
  return isLane64(group) ? narrow : wide;
}

class WasmDraws extends Stream implements Draws {
  write(group: Group, out: Uint8Array): void {
    lanesOf(group).write(this, group, out);
  }

  mask(encoding: Encoding, scalar: Rational, weights: Weights | Model, out: Uint8Array): boolean {
    return lanesOf(encoding).mask(this, encoding, scalar, weights, out);
  }
}

/** The WebAssembly kernel, with its own keystream or, for long draws, that of `source`. */
export function wasmKernel(source?: KeystreamSource): Kernel {
  return {
    name: source === undefined ? 'wasm' : `wasm+${source.name}`,
    draws: (seed) => new WasmDraws(seed, source),
    sum: (group, length) => lanesOf(group).sum(group, length),
    inRange: (group, elements, low, high) => lanesOf(group).inRange(group, elements, low, high),
    areFinite,
    encode: (encoding, scalar, weights, out) => lanesOf(encoding).encode(encoding, scalar, weights, out),
    readFractions,
  };
}
