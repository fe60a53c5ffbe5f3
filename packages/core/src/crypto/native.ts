// What `#native` means where there is no Node: nothing. Bundles for browsers and phones take this file, and so pay nothing.

import type { Choice, ProviderPart, Purpose } from './native-choice.ts';
import type { CryptoProvider, CryptoProviderName } from './provider.ts';

/** The native providers of this platform: none. */
export function nativeProviders(): readonly CryptoProvider[] {
  return [];
}

/** What nobody native does. */
export function nativeChoice<K extends ProviderPart>(
  _purpose: Purpose,
  _part: K,
  _forced: CryptoProviderName | undefined,
): Choice<Required<CryptoProvider>[K]> | undefined {
  return undefined;
}
