// Groups of more than 62 bits in an instance: vectors stay packed and pass through its tiles. In groups of up to 128 bits a number is
// a pair of 64-bit limbs, beyond that a row of them; both are faster by far than big integers, which only the odd weight needs.

import { everyInRange } from '../elements.ts';
import { encode } from '../encode.ts';
import type { Encoding, Group, Model, Weights } from '../kernel.ts';
import type { Rational } from '../rational.ts';
import { areFinite } from './encoding.ts';
import { tiles } from './engine.ts';
import type { Lanes } from './lanes.ts';
import { INPUT, OUTPUT } from './layout.ts';
import { drawWide } from './wide-draws.ts';
import { type WideEncoder, wideEncoder } from './wide-encoding.ts';
import { GROUP, placeGroup, tileOf } from './wide-group.ts';
import { WideSum } from './wide-sum.ts';

/** Groups wider than a 64-bit lane, up to 288 bytes. */
export const wide: Lanes = {
  write(stream, group, out) {
    drawWide(stream, group, out);
  },
  mask(stream, encoding, scalar, weights, out) {
    if ((weights instanceof Float32Array || weights instanceof Float64Array) && !areFinite(weights)) return false;
    const { bytes } = tiles();
    const width = encoding.bytesPerNumber;
    const encodeTile = tileEncoder(encoding, scalar, weights);
    if (encodeTile === undefined) encode(encoding, scalar, weights, out);
    drawWide(stream, encoding, out, encodeTile ?? ((from, to) => bytes.set(out.subarray(from * width, to * width), OUTPUT)));
    forget(encoding, weights.length);
    return true;
  },
  sum: (group, length) => new WideSum(group, length),
  inRange,
  encode(encoding, scalar, weights, out) {
    const encodeTile = tileEncoder(encoding, scalar, weights);
    if (encodeTile === undefined) return encode(encoding, scalar, weights, out);
    const { bytes } = tiles();
    const width = encoding.bytesPerNumber;
    const tile = tileOf(encoding);
    for (let from = 0; from < weights.length; from += tile) {
      const to = Math.min(from + tile, weights.length);
      encodeTile(from, to);
      out.set(bytes.subarray(OUTPUT, OUTPUT + (to - from) * width), from * width);
    }
    forget(encoding, weights.length);
  },
};

/** What encodes weights number `from` to `to` into OUTPUT; undefined for what only big integers can encode. */
function tileEncoder(encoding: Encoding, scalar: Rational, weights: Weights | Model): ((from: number, to: number) => void) | undefined {
  if (!isArray(weights)) return undefined;
  const encodeTile: WideEncoder | undefined = wideEncoder(tiles(), encoding, scalar);
  return encodeTile && ((from, to) => encodeTile(weights.subarray(from, to)));
}

function isArray(weights: Weights | Model): weights is Weights {
  return ArrayBuffer.isView(weights);
}

/** Leaves neither weights nor elements in the tiles. */
function forget(encoding: Encoding, length: number): void {
  const { bytes } = tiles();
  const count = Math.min(tileOf(encoding), length);
  bytes.fill(0, INPUT, INPUT + count * 8);
  bytes.fill(0, OUTPUT, OUTPUT + count * encoding.bytesPerNumber + 8);
}

function inRange(group: Group, elements: Uint8Array, low: bigint, high: bigint): boolean {
  const width = group.bytesPerNumber;
  if (low < 0n || high <= 0n || high >> BigInt(8 * width) > 0n) return everyInRange(width, elements, low, high);
  if (low >= high) return elements.length === 0;
  const { bytes, exports } = tiles();
  const tile = tileOf(group) * width;
  placeGroup(bytes, group, high, low);
  for (let from = 0; from < elements.length; from += tile) {
    const some = elements.subarray(from, from + tile);
    bytes.set(some, INPUT);
    if (exports.inRangeWide(GROUP, INPUT, some.length / width) === 0) return false;
  }
  return true;
}
