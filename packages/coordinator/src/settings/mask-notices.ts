// What an operator should know about the masking configuration before a round finds out: some of the 240 look harmless and make every
// participant compute a hundred times as long as another that holds as much.

import { cheapestConfig, type MaskConfig, maskConfigCosts } from '@xaynet/core/mask';

/** The notices about `mask`: one when it is a trap, that is when fewer than 2 % of the draws of a mask are used; else none. */
export function maskNotices(mask: MaskConfig): readonly string[] {
  const { isTrap, acceptance, keystreamBytesPerWeight } = maskConfigCosts(mask);
  if (!isTrap) return [];
  const better = cheapestConfig(mask);
  const keystream = maskConfigCosts(better).keystreamBytesPerWeight;
  const factor = keystreamBytesPerWeight / keystream;
  const instead =
    better === mask
      ? 'none that holds as much is cheaper; a smaller bound or model type is.'
      : `${better.name} holds as much, with equal or better precision, and takes ${digits(keystream)}, ${digits(factor)} times less.`;
  return [
    `[mask] is ${mask.name}, which uses only ${(100 * acceptance).toFixed(2)} % of what it draws: a weight of a mask takes ${digits(keystreamBytesPerWeight)} bytes of keystream; ${instead} To learn more: xaynet config explain ${mask.name}`,
  ];
}

function digits(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0).replace(/\.0$/, '');
}
