// The data of the example: 569 samples of breast tissue, each measured in thirty ways, and whether it was malignant. Every service
// has a share of them that the others never see; every fifth sample is nobody's, and the models are judged by those.
import { readFileSync } from 'node:fs';

/** Measurements of a sample. */
export const FEATURES = 30;

/** Samples: their measurements, and 1 for malignant, 0 for benign. */
export interface Cells {
  readonly features: readonly (readonly number[])[];
  readonly malignant: readonly number[];
}

const HELD_OUT = 5;

function rows(keep: (row: number) => boolean): Cells {
  const [, ...lines] = readFileSync(new URL('data/breast_cancer.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const numbers = lines.filter((_, row) => keep(row)).map((line) => line.split(',').map(Number));
  return { features: numbers.map((row) => row.slice(0, FEATURES)), malignant: numbers.map((row) => 1 - row[FEATURES]!) };
}

/** The samples of service `index` (from 1) of `services`. */
export function shareOf(index: number, services: number): Cells {
  return rows((row) => row % HELD_OUT !== HELD_OUT - 1 && row % services === index - 1);
}

/** The samples that nobody trains on. */
export function heldOut(): Cells {
  return rows((row) => row % HELD_OUT === HELD_OUT - 1);
}
