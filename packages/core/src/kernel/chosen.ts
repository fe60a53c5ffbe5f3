// The one place where the kernel is chosen. Today there is one; a faster one is preferred here when it loads and passes its self-test.

import type { Kernel } from './kernel.ts';
import { plain } from './plain.ts';

/** The kernel that all of masking uses. */
export const kernel: Kernel = plain;
