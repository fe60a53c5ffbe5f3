// Groups of at most 62 bits, in lanes of 64: vectors pass through tiles of an instance, so that nothing of their size is held twice.

import { Drawing } from './drawing.ts';
import { makeEncoder } from './encoding.ts';
import { tiles } from './engine.ts';
import type { Lanes } from './lanes.ts';
import { BOUNDS, GROUP, INPUT, LANES, OUTPUT } from './layout.ts';
import { NarrowSum } from './narrow-sum.ts';
import { bring, eachTile, forget, setGroup, take } from './narrow-tiles.ts';

/** The lanes of groups of at most 62 bits. */
export const narrow: Lanes = {
  write(stream, group, out) {
    const instance = tiles();
    setGroup(instance, group);
    const length = out.length / group.bytesPerNumber;
    const drawing = new Drawing(stream, instance, group, length);
    eachTile(length, (from, count) => {
      drawing.toOutput(count);
      take(instance, out, from, count, group.bytesPerNumber);
    });
    drawing.close();
    forget(instance, length);
  },
  mask(stream, encoding, scalar, weights, out) {
    const instance = tiles();
    setGroup(instance, encoding);
    const encoder = makeEncoder(instance, encoding, scalar, weights);
    const drawing = new Drawing(stream, instance, encoding, weights.length);
    const areFinite = eachTile(weights.length, (from, count) => {
      drawing.toLanes(count);
      if (!encoder.mask(from, count)) return false;
      take(instance, out, from, count, encoding.bytesPerNumber);
      return true;
    });
    drawing.close();
    forget(instance, weights.length);
    return areFinite;
  },
  encode(encoding, scalar, weights, out) {
    const instance = tiles();
    setGroup(instance, encoding);
    const encoder = makeEncoder(instance, encoding, scalar, weights);
    eachTile(weights.length, (from, count) => {
      encoder.encode(from, count);
      instance.exports.packLanes(GROUP, LANES, count, OUTPUT);
      take(instance, out, from, count, encoding.bytesPerNumber);
    });
    forget(instance, weights.length);
  },
  inRange(group, elements, low, high) {
    const width = group.bytesPerNumber;
    const all = 1n << BigInt(8 * width);
    const first = low < 0n ? 0n : low;
    const end = high > all ? all : high;
    if (first === 0n && end === all) return true;
    if (end <= first) return elements.length === 0;
    const instance = tiles();
    setGroup(instance, group);
    const bounds = new DataView(instance.bytes.buffer, BOUNDS);
    bounds.setBigUint64(0, first, true);
    bounds.setBigUint64(8, end - first, true);
    return eachTile(elements.length / width, (from, count) => {
      bring(instance, elements, from, count, width);
      return instance.exports.areInRange(GROUP, BOUNDS, INPUT, count) !== 0;
    });
  },
  sum: (group, length) => new NarrowSum(group, length),
};
