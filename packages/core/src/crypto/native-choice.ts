// Which native library does what, where there are any: the best first, measured, and only what gives the known answers.

import { knownAnswers } from './native-answers.ts';
import type { CryptoProvider, CryptoProviderName } from './provider.ts';

/** A part of a provider. */
export type ProviderPart = 'signing' | 'hashing' | 'agreement' | 'cipher';
/** What a part is wanted for. */
export type Purpose = ProviderPart | 'shortSigning';

/** A part and whose it is. */
export interface Choice<T> {
  readonly name: CryptoProviderName;
  readonly use: T;
}

/** Best first; measured, best of several, in `docs/ARCHITECTURE.md`. */
const PREFERENCE: Readonly<Record<Purpose, readonly CryptoProviderName[]>> = {
  signing: ['node:crypto', 'sodium-native'],
  shortSigning: ['sodium-native', 'node:crypto'],
  hashing: ['node:crypto'],
  agreement: ['sodium-native', 'node:crypto'],
  cipher: ['sodium-native'],
};

/** The best of the providers for a purpose, or the forced one if it is among them; undefined: noble does it. */
export function choiceOf<K extends ProviderPart>(
  providers: readonly CryptoProvider[],
  purpose: Purpose,
  part: K,
  forced: CryptoProviderName | undefined,
): Choice<Required<CryptoProvider>[K]> | undefined {
  const knows = knownAnswers[part] as (candidate: Required<CryptoProvider>[K]) => boolean;
  for (const name of forced === undefined ? PREFERENCE[purpose] : [forced]) {
    const use = providers.find((provider) => provider.name === name)?.[part] as Required<CryptoProvider>[K] | undefined;
    if (use !== undefined && answers(() => knows(use))) return { name, use };
  }
  return undefined;
}

function answers(ask: () => boolean): boolean {
  try {
    return ask();
  } catch {
    return false;
  }
}
