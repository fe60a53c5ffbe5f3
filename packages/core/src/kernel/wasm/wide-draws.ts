// Draws of wide groups: tile by tile, the keystream is sieved where it lies for candidates below the order, and those are packed, or
// added to what is in the tile.

import type { Group } from '../kernel.ts';
import { Cursor, type Stream } from './draws.ts';
import { type Instance, tiles } from './engine.ts';
import { OUTPUT } from './layout.ts';
import { GROUP, LIST, placeGroup, RESULT, tileOf } from './wide-group.ts';

/**
 * Writes the next draws over `out`; if there is a `prepare`, it is told which elements (from, to) of `out` are next, puts them into
 * OUTPUT, and draws are added to them.
 */
export function drawWide(stream: Stream, group: Group, out: Uint8Array, prepare?: (from: number, to: number) => void): void {
  const instance = tiles();
  const { bytes } = instance;
  const width = group.bytesPerNumber;
  const length = out.length / width;
  const tile = tileOf(group);
  placeGroup(bytes, group);
  const cursor = new Cursor(stream, instance, expectedBytes(group, length));
  for (let from = 0; from < length; from += tile) {
    const to = Math.min(from + tile, length);
    prepare?.(from, to);
    drawTile(instance, cursor, group, to - from, prepare !== undefined);
    out.set(bytes.subarray(RESULT, RESULT + (to - from) * width), from * width);
  }
  cursor.close();
  // No mask stays in the memory.
  const used = Math.min(tile, length) * width + 8;
  bytes.fill(0, RESULT, RESULT + used);
  if (prepare !== undefined) bytes.fill(0, OUTPUT, OUTPUT + used);
}

function drawTile({ bytes, exports }: Instance, cursor: Cursor, group: Group, count: number, isAdded: boolean): void {
  const found = new DataView(bytes.buffer, LIST - 4, 4);
  const candidate = 4 * Math.ceil(group.prngBytes / 4);
  for (let done = 0; done < count; ) {
    if (cursor.end - cursor.at < candidate) cursor.refill();
    cursor.at = exports.sieveWide(GROUP, cursor.at, cursor.end, LIST, count - done);
    const draws = found.getUint32(0, true);
    const from = done * group.bytesPerNumber;
    if (isAdded) exports.addListedWide(GROUP, OUTPUT + from, LIST, draws, RESULT + from);
    else exports.packWide(GROUP, LIST, draws, RESULT + from);
    done += draws;
  }
}

/** Keystream for so many draws, with two standard deviations to spare: what is missing comes in small pieces. */
function expectedBytes(group: Group, count: number): number {
  const accepted = Number((group.order << 64n) >> BigInt(8 * group.prngBytes)) / 2 ** 64;
  const candidates = (count + 2 * Math.sqrt(count * (1 - accepted))) / accepted;
  return Math.ceil(candidates) * 4 * Math.ceil(group.prngBytes / 4);
}
