// What masking runs on: said for logs, metrics and questions of speed, and chosen by name for tests and benchmarks.

import { choose, chosen, type MaskingBackend } from '../kernel/chosen.ts';

export type { MaskingBackend };

/**
 * The arithmetic in use: `kernel` is `wasm` or `plain`, `keystream` is `openssl` or as the kernel, `reason` says why it is not the
 * fastest, for example a content security policy that forbids WebAssembly. All give the same bytes. Chosen at the first use.
 * @example
 * ```ts
 * import { maskingBackend } from '@xaynet/core/mask';
 * maskingBackend(); // { kernel: 'wasm', keystream: 'openssl' } in Node
 * ```
 */
export function maskingBackend(): { readonly kernel: string; readonly keystream: string; readonly reason?: string } {
  const { kernel, reason } = chosen();
  const [name, source = name] = kernel.name.split('+') as [string, string?];
  return { kernel: name, keystream: source, ...(reason === undefined ? {} : { reason }) };
}

/**
 * Takes a backend by name from now on, for tests and benchmarks: `auto`, the default, is the fastest that works. Sums that exist keep
 * theirs. Throws when this engine has none of that name.
 * @example
 * ```ts
 * import { maskingBackend, useMaskingBackend } from '@xaynet/core/mask';
 * useMaskingBackend('plain');
 * maskingBackend().kernel; // 'plain'
 * useMaskingBackend('auto');
 * ```
 */
export function useMaskingBackend(backend: MaskingBackend | 'auto'): void {
  choose(backend);
}
