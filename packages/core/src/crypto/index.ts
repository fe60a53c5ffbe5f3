// Keys, signatures, sealed boxes, hash: wire 1.1 and 1.2.
export { type CryptoProviders, cryptoProviders, detectCryptoProviders, useCryptoProvider } from './chosen.ts';
export * from './encrypt-keys.ts';
export * from './hash.ts';
export type { CryptoProviderName } from './provider.ts';
export type { RandomBytes } from './random.ts';
export * from './sealed-box.ts';
export * from './signing.ts';
