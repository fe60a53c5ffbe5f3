// What can be shown of masked numbers: a few of their bytes, where the first thousand lie in the group, and how they are spread over it. Masked
// numbers are uniform whatever they hide, so a picture of these is a picture of noise, and beside the mean it says what masking does.

import { toHex } from '@xaynet/core/bytes';
import type { MaskObject } from '@xaynet/core/mask';

/** A look at a masked vector. */
export interface MaskedSample {
  /** Numbers in the whole vector. */
  readonly elements: number;
  /** Bytes of each. */
  readonly bytesPerElement: number;
  /** The first bytes of the vector as it travels, hexadecimal. */
  readonly hex: string;
  /** Where the first numbers lie in the group: 0 at its beginning, 255 at its end. */
  readonly levels: Uint8Array;
  /** Numbers in each of equal parts of the group, of the first {@link COUNTED}. */
  readonly histogram: readonly number[];
}

/** Bytes that are shown as they are. */
const SHOWN_BYTES = 64;
/** Numbers that are shown as a level. */
export const LEVELS = 1024;
/** Numbers that a histogram counts: a tenth of a millisecond, however long the vector is. */
const COUNTED = 4096;
/** Parts of a histogram. */
export const BINS = 32;
/** Bytes of a number that are looked at: more than a level or a part can tell apart. */
const LEADING = 6;

/** Looks at the vector of a mask object, and copies what it keeps. */
export function sampleOf({ vect, config }: MaskObject): MaskedSample {
  const { bytesPerNumber: width, order } = config.vect;
  const elements = vect.length / width;
  const counted = Math.min(COUNTED, elements);
  const skipped = Math.max(0, width - LEADING);
  const scale = Number(order >> BigInt(8 * skipped)) || 1;
  const histogram = new Array<number>(BINS).fill(0);
  const levels = new Uint8Array(Math.min(LEVELS, elements));
  for (let i = 0; i < counted; i++) {
    let leading = 0;
    for (let at = (i + 1) * width - 1; at >= i * width + skipped; at--) leading = leading * 256 + vect[at]!;
    const place = Math.min(leading / scale, 1 - Number.EPSILON);
    histogram[Math.floor(place * BINS)]!++;
    if (i < levels.length) levels[i] = Math.floor(place * 256);
  }
  return { elements, bytesPerElement: width, hex: toHex(vect.slice(0, SHOWN_BYTES)), levels, histogram };
}
