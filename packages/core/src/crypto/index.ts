// Keys, signatures, sealed boxes, hash: wire 1.1 and 1.2.
export * from './encrypt-keys.ts';
export * from './hash.ts';
export type { RandomBytes } from './random.ts';
export * from './sealed-box.ts';
export * from './signing.ts';
