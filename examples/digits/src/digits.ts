// The data: 1797 handwritten digits, 8×8 grey pixels each. Training rows are dealt out in shares, one a participant; the last four forms
// of the file are held out, and the models are judged by them. Runs in pages and in Node.

/** Pixels of an image. */
export const PIXELS = 64;

/** Images, 64 values from 0 to 1 each, and what they show. */
export interface Digits {
  readonly images: readonly Float32Array[];
  readonly labels: readonly number[];
}

/** The first row that nobody trains on: the rows from here on were written on other sheets (see packages/xaynet/src/demo/digits.ts). */
const FIRST_HELD_OUT = 1287;

/** Shares that the training rows are dealt out in: the even ones go to the devices, the odd ones to tabs. */
const SHARES = 16;

/** Reads the rows of digits.csv: 64 values of 0 to 16, and the digit. */
export function parseDigits(csv: string): Digits {
  const rows = csv
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  return { images: rows.map((row) => Float32Array.from(row.slice(0, PIXELS), (grey) => grey / 16)), labels: rows.map((row) => row[PIXELS]!) };
}

function pick({ images, labels }: Digits, wanted: (row: number) => boolean): Digits {
  return { images: images.filter((_, row) => wanted(row)), labels: labels.filter((_, row) => wanted(row)) };
}

/** Share `share` of the training rows; there are 32, after which they repeat. */
export function shareOf(digits: Digits, share: number): Digits {
  return pick(digits, (row) => row < FIRST_HELD_OUT && row % SHARES === share % SHARES);
}

/** The 510 rows that nobody trains on. */
export function heldOut(digits: Digits): Digits {
  return pick(digits, (row) => row >= FIRST_HELD_OUT);
}
