// A participant's share in the mean as the exact fraction that its update carries.

import { type Rational, rational } from '@xaynet/core/mask';

/** `share` units of 1 / `shareUnit`. */
export function scalarOf({ share }: { readonly share: number }, { shareUnit }: { readonly shareUnit: number }): Rational {
  return rational(BigInt(share), BigInt(shareUnit));
}
