// A fair draw: every subset of the asked size is as likely as every other. Who comes first decides nothing (threats T6).

import type { RandomBytes } from '@xaynet/core/crypto';

const WORD = 2 ** 32;

/** A uniform integer from 0 to `below` - 1, `below` at most 2^32: words that would favour small numbers are drawn again. */
export function uniform(below: number, random: RandomBytes): number {
  const fair = WORD - (WORD % below);
  for (;;) {
    const bytes = random(4);
    const word = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
    if (word < fair) return word % below;
  }
}

/** `count` of the items, or all when there are fewer. */
export function draw<T>(items: readonly T[], count: number, random: RandomBytes): T[] {
  const left = [...items];
  const end = Math.min(count, left.length);
  for (let i = 0; i < end; i++) {
    const j = i + uniform(left.length - i, random);
    [left[i], left[j]] = [left[j]!, left[i]!];
  }
  return left.slice(0, end);
}
