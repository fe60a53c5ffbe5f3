// What `#native` means where there is no Node: nothing. Bundles for browsers and phones take this file, and so pay nothing.

import type { CryptoProvider } from './provider.ts';

/** The native providers of this platform: none. */
export function nativeProviders(): readonly CryptoProvider[] {
  return [];
}
