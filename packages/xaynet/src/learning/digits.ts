// Data to learn from: 1797 real handwritten digits, 8×8 grey pixels each, from `data/digits.csv.gz` beside the sources.
// The file names no writers, but its labels repeat one printed form of about 130 digits fourteen times: it is in the order of
// filled forms. The last four forms are held out, so no test image comes from a sheet that was trained on. (UCI speaks of 13
// writers: one of them filled two forms, and only if those two lay apart could a writer be on both sides.)

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Pixels of an image. */
export const PIXELS = 64;
/** Digits 0 to 9. */
export const CLASSES = 10;
/** First row of each of the fourteen forms: where the printed sequence 0, 1, 2, … starts again. */
export const FORM_STARTS: readonly number[] = [0, 130, 256, 386, 516, 646, 776, 906, 1029, 1157, 1287, 1415, 1545, 1667];
/** First held-out row: the rows from here to the end (four forms, 28 % of all) are never trained on. */
export const FIRST_TEST_ROW: number = FORM_STARTS[10]!;

/** Images and their labels, row by row. */
export interface Digits {
  /** Rows × 64 grey values, divided by 16: 0 to 1. */
  readonly images: Float32Array;
  /** One digit a row. */
  readonly labels: Uint8Array;
}

/** All 1797 rows in the order of the file; throws an ordinary Error naming the line when the file is damaged. */
export function loadDigits(file: URL = new URL('../../data/digits.csv.gz', import.meta.url)): Digits {
  const lines = gunzipSync(readFileSync(file))
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '');
  const images = new Float32Array(lines.length * PIXELS);
  const labels = new Uint8Array(lines.length);
  lines.forEach((line, row) => {
    const values = line.split(',').map(Number);
    const whole = values.length === PIXELS + 1 && values.every((value, i) => Number.isInteger(value) && value >= 0 && value <= (i < PIXELS ? 16 : 9));
    if (!whole) throw new Error(`${file.pathname}, line ${row + 1}: 64 pixels of 0 to 16 and a digit expected`);
    for (let i = 0; i < PIXELS; i++) images[row * PIXELS + i] = values[i]! / 16;
    labels[row] = values[PIXELS]!;
  });
  return { images, labels };
}

/** The rows of `digits` named by `rows`, copied in that order. */
export function pickRows(digits: Digits, rows: ArrayLike<number>): Digits {
  const images = new Float32Array(rows.length * PIXELS);
  const labels = new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    images.set(digits.images.subarray(rows[i]! * PIXELS, (rows[i]! + 1) * PIXELS), i * PIXELS);
    labels[i] = digits.labels[rows[i]!]!;
  }
  return { images, labels };
}

/** Training rows (all forms but the last four) and test rows, in the order of the file. */
export function splitDigits(digits: Digits): { train: Digits; test: Digits } {
  const rows = Array.from(digits.labels, (_, row) => row);
  return { train: pickRows(digits, rows.slice(0, FIRST_TEST_ROW)), test: pickRows(digits, rows.slice(FIRST_TEST_ROW)) };
}
