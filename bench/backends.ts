// Which masking backend and which crypto provider are in force: the switches of core.

import { type CryptoProviderName, cryptoProviders, useCryptoProvider } from '@xaynet/core/crypto';
import { type MaskingBackend, maskingBackend, useMaskingBackend } from '@xaynet/core/mask';

/** The masking backends there may be, fastest first. */
export const BACKENDS: readonly MaskingBackend[] = ['wasm+openssl', 'wasm', 'plain'];

/** Makes a masking backend be used from here on, or 'auto'; throws when it is not there. */
export function useBackend(name: string): void {
  useMaskingBackend(name as MaskingBackend | 'auto');
}

/** The masking backend in force. */
export function currentBackend(): string {
  const { kernel, keystream } = maskingBackend();
  return keystream === kernel ? kernel : `${kernel}+${keystream}`;
}

/** Does something with the plain kernel in force, which the oracle's tests hold to every byte. */
export function onPlain<T>(run: () => T): T {
  const name = currentBackend();
  useBackend('plain');
  try {
    return run();
  } finally {
    useBackend(name);
  }
}

/** Makes a crypto provider be used wherever it can, or 'best'; throws when it is not there. */
export function useProvider(name: CryptoProviderName | 'best'): void {
  useCryptoProvider(name);
}

/** Who does most of the work of a case: the curve for short ones, the bytes for long ones. */
export function workerOf(name: string, isLong: boolean): CryptoProviderName {
  const { signing, shortSigning, agreement, sealing } = cryptoProviders();
  if (name === 'sign' || name === 'verify') return isLong ? signing : shortSigning;
  return isLong ? sealing : agreement;
}
