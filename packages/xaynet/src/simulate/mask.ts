// The masking configuration of a simulation that names none: the cheapest group, wide enough for what participants train and for how many they are.

import { type MaskConfig, parseMaskConfig } from '@xaynet/core/mask';

/** For products of weight and share up to `bound`, and so many models. */
export function defaultMask(bound: number, participants: number): MaskConfig {
  const bounded = bound <= 1 ? 'B0' : bound <= 100 ? 'B2' : 'B4';
  return parseMaskConfig(`Power2/F32/${bounded}/${participants <= 1_000_000 ? 'M6' : 'M9'}`);
}
