// A masking configuration on the command line, by its name.

import { MASK_CONFIGS, type MaskConfig } from '@xaynet/core/mask';
import { InvalidArgumentError } from 'commander';

/** The configuration of a name, whatever the case of its letters. */
export function maskOption(text: string): MaskConfig {
  const config = MASK_CONFIGS.find(({ name }) => name.toLowerCase() === text.toLowerCase());
  if (config === undefined) throw new InvalidArgumentError('group/data/bound/model is expected, for example Power2/F32/B0/M6 (see --help).');
  return config;
}

/** The names that there are. */
export function maskNames(): string[] {
  return MASK_CONFIGS.map(({ name }) => name);
}
