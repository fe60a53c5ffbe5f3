// Options of the stores of this package, and their defaults.

import { XaynetError } from '@xaynet/core/errors';

/** How a store of this package keeps things. */
export interface StoreOptions {
  /** Whether masked models are kept besides the aggregate; see {@link Store.keepsContributions}. Default false. */
  readonly keepsContributions?: boolean | undefined;
  /** How many global models are kept, the latest included; 0: all of them. Default 10. */
  readonly keepModels?: number | undefined;
  /** How many records of past rounds are kept; 0: all of them. Default 1000. */
  readonly keepRounds?: number | undefined;
}

/** {@link StoreOptions} with every default filled in; throws `option-invalid`. */
export function storeOptions({ keepsContributions = false, keepModels = 10, keepRounds = 1000 }: StoreOptions): {
  keepsContributions: boolean;
  keepModels: number;
  keepRounds: number;
} {
  for (const [name, value] of Object.entries({ keepModels, keepRounds })) {
    if (!Number.isSafeInteger(value) || value < 0) throw new XaynetError('option-invalid', `${name}: a whole number expected, ${value} given`);
  }
  return { keepsContributions, keepModels, keepRounds };
}
