// What is done with an unmasked sum, in plain TypeScript, for every engine and every configuration.

import { decode, decodeExactly } from './decode.ts';
import { writeFractions } from './fractions.ts';
import type { Unmasking } from './kernel.ts';

/** The portable way. */
export const plainUnmasking: Unmasking = { decode, decodeExactly, writeFractions };
