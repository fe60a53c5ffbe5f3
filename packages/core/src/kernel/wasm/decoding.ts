// Elements of at most eight bytes as primitives through an instance, tile by tile; what its arithmetic leaves undecided is decided here
// exactly, weight by weight. Wide elements, and factors far from those of a mean, go the plain way.

import { decode as decodePlainly, makeWeights, toPrimitive } from '../decode.ts';
import { bytesToInteger } from '../elements.ts';
import type { DataType, Decoding, Group, Weights } from '../kernel.ts';
import { exactly, FLOAT64, nearestFloat } from '../rational.ts';
import { type Instance, KINDS } from './instances.ts';
import { isLane64 } from './lanes.ts';
import { INPUT, LANES, OUTPUT, PARAMETERS } from './layout.ts';
import { type UnmaskingExports, unmaskingTiles } from './unmasking-engine.ts';
import { decodeWide } from './wide-decoding.ts';

/** Elements of a tile: eight bytes each fill it, coming in and going out. */
const TILE = 8192;

/** Factors between these keep every product of 62 bits inside the normal floats of 32 bits. */
const SMALLEST_FACTOR = 2 ** -120;
const LARGEST_FACTOR = 2 ** 60;

/** See {@link Unmasking.decode}; fast for elements of at most eight bytes, and for most of the wide ones. */
export function decode(group: Group, elements: Uint8Array, decoding: Decoding, data: DataType): Weights {
  if (!isLane64(group)) return decodeWide(group, elements, decoding, data);
  const parameters = parametersOf(decoding);
  if (parameters === undefined) return decodePlainly(group, elements, decoding, data);
  const width = group.bytesPerNumber;
  const length = elements.length / width;
  const instance = unmaskingTiles();
  const weights = makeWeights(data, length);
  const out = new Uint8Array(weights.buffer);
  const size = weights.BYTES_PER_ELEMENT;
  instance.bytes.set(parameters, PARAMETERS);
  for (let from = 0; from < length; from += TILE) {
    const count = Math.min(TILE, length - from);
    instance.bytes.set(elements.subarray(from * width, (from + count) * width), INPUT);
    const doubts = decodeTile(instance, width, count, data);
    out.set(instance.bytes.subarray(OUTPUT, OUTPUT + count * size), from * size);
    for (const at of new Uint32Array(instance.bytes.buffer, LANES, doubts)) {
      const element = bytesToInteger(elements, (from + at) * width, width);
      const numerator = (element - decoding.offset) * decoding.factor.numerator;
      weights[from + at] = toPrimitive(numerator, decoding.factor.denominator, data, from + at);
    }
  }
  return weights;
}

function decodeTile({ exports }: Instance<UnmaskingExports>, width: number, count: number, data: DataType): number {
  return data === 'F32'
    ? exports.decodeFloat32(INPUT, width, count, PARAMETERS, OUTPUT, LANES)
    : exports.decodeOthers(KINDS[data], INPUT, width, count, PARAMETERS, OUTPUT, LANES);
}

/** The parameters as assembly/decode.ts wants them; undefined when its error bounds do not hold for them. */
function parametersOf({ offset, factor: { numerator, denominator } }: Decoding): Uint8Array | undefined {
  const factor = nearestFloat(numerator, denominator, FLOAT64);
  if (factor === undefined || factor < SMALLEST_FACTOR || factor > LARGEST_FACTOR || offset < 0n || offset >= 1n << 62n) return undefined;
  const held = exactly(factor);
  const rest = nearestFloat(numerator * held.denominator - held.numerator * denominator, denominator * held.denominator, FLOAT64)!;
  const view = new DataView(new ArrayBuffer(32));
  view.setBigUint64(0, offset, true);
  view.setFloat64(8, factor, true);
  view.setFloat64(16, rest, true);
  view.setFloat64(24, 1 / Number(denominator), true);
  return new Uint8Array(view.buffer);
}
