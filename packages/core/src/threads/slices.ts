// Vectors cut into slices, and slices on their way to a thread: copied and moved, or laid once into memory that is shared with it.

import { copyBytes } from '../bytes/compare.ts';
import type { MaskConfigPair } from '../mask/config.ts';
import type { MaskObject } from '../mask/object.ts';
import { type PackedObject, shapeOf } from './protocol.ts';

/** Elements `from` up to `to` of a vector. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** Cuts `length` elements into slices of at most `size`; at least one, also of nothing. */
export function slicesOf(length: number, size: number): Slice[] {
  const count = Math.max(1, Math.ceil(length / size));
  return Array.from({ length: count }, (_, i) => ({ from: Math.floor((length * i) / count), to: Math.floor((length * (i + 1)) / count) }));
}

/** A slice ready to travel, and the buffers that move with it. */
export interface Parcel {
  readonly object: PackedObject;
  readonly transfer: readonly ArrayBuffer[];
}

/** How slices get to a thread. */
export interface Carrier {
  /** The slice of `object`; with shared memory, valid until the next one is packed. */
  pack(object: MaskObject, slice: Slice): Parcel;
}

/** To the caller's own thread: as views. */
export const views: Carrier = {
  pack: (object, slice) => ({ object: { ...head(object, slice), vect: bytesOf(object, slice), unit: object.unit }, transfer: [] }),
};

/** To a thread: as copies that move there. */
export const copies: Carrier = {
  pack(object, slice) {
    const vect = copyBytes(bytesOf(object, slice));
    return { object: { ...head(object, slice), vect, unit: copyBytes(object.unit) }, transfer: [vect.buffer as ArrayBuffer] };
  },
};

/** To a thread: in a block of shared memory for one slice of at most `length` elements, which is used again for the next. */
export function sharedBlock({ vect: { bytesPerNumber } }: MaskConfigPair, length: number): Carrier {
  const block = new Uint8Array(new SharedArrayBuffer(length * bytesPerNumber));
  return {
    pack(object, slice) {
      const vect = block.subarray(0, (slice.to - slice.from) * bytesPerNumber);
      vect.set(bytesOf(object, slice));
      return { object: { ...head(object, slice), vect, unit: copyBytes(object.unit) }, transfer: [] };
    },
  };
}

function head({ config }: MaskObject, { from, to }: Slice): Pick<PackedObject, 'vectConfig' | 'unitConfig' | 'length'> {
  return shapeOf(config, to - from);
}

function bytesOf({ vect, config }: MaskObject, { from, to }: Slice): Uint8Array {
  const width = config.vect.bytesPerNumber;
  return vect.subarray(from * width, to * width);
}
