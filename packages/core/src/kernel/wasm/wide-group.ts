// Groups of more than 62 bits as assembly/wide.ts wants them, and how vectors of them pass through the tiles of an instance.

import { integerToBytes } from '../elements.ts';
import type { Group } from '../kernel.ts';
import { LANES, PARAMETERS, TILE_BYTES } from './layout.ts';

/** Where a group lies, and behind it what an encoding or a decoding needs: up to 8 KiB. */
export const GROUP: number = PARAMETERS;
export const JOB: number = PARAMETERS + 0x1000;
/** Addresses of the draws of a tile, and numbers of its weights that are left to exact arithmetic: 32 KiB each. */
export const LIST: number = LANES + 0x40;
export const UNDECIDED: number = LANES + 0x9000;
/** The tile of sums, differences and draws; operands are in INPUT and OUTPUT. */
export const RESULT: number = LANES + 0x20000;

/** What the layout has room for, 288 bytes; the widest configuration has 268. */
const MOST_LIMBS = 36;

/** 64-bit limbs of a group's numbers: two at least, which suits the arithmetic. Throws a RangeError beyond the layout, where no configuration is. */
export function limbsOf(group: Group): number {
  const limbs = Math.max(Math.ceil(group.prngBytes / 8), 2);
  if (limbs > MOST_LIMBS) throw new RangeError(`a group of ${limbs} limbs, ${MOST_LIMBS} are the most`);
  return limbs;
}

/** Whether a group is one for the arithmetic on limbs. */
export function isWide(group: Group): boolean {
  return group.bytesPerNumber >= 8;
}

/** Elements of a tile: they, their draws' addresses, and weights of eight bytes fit; writing the last may spoil eight bytes behind it. */
export function tileOf(group: Group): number {
  return Math.floor((TILE_BYTES - 16) / group.bytesPerNumber);
}

/** Writes a group, and the least element of a range if it is asked for. */
export function placeGroup(bytes: Uint8Array, group: Group, order: bigint = group.order, least = 0n): void {
  const limbs = limbsOf(group);
  const words = Math.ceil(group.prngBytes / 4);
  const view = new DataView(bytes.buffer, GROUP, 64);
  view.setUint32(0, limbs, true);
  view.setUint32(4, group.bytesPerNumber, true);
  view.setUint32(8, words, true);
  view.setUint32(12, 0xffff_ffff >>> (8 * (4 * words - group.prngBytes)), true);
  view.setBigUint64(16, ownBits(group.bytesPerNumber, limbs), true);
  view.setBigUint64(24, ownBits(group.prngBytes, limbs), true);
  integerToBytes(order, bytes, GROUP + 64, 8 * limbs);
  integerToBytes(least, bytes, GROUP + 512, 8 * limbs);
}

/** The bits of the last of `limbs` limbs that belong to a number of `width` bytes. */
export function ownBits(width: number, limbs: number): bigint {
  return (1n << BigInt(8 * Math.max(width - 8 * (limbs - 1), 0))) - 1n;
}
