// The masking kernel in AssemblyScript: what the module exports. All functions work on addresses that the caller lays out (see
// src/kernel/wasm/layout.ts); there is no allocation, no garbage collection, no start function.

export * from './encode';
export * from './fractions-read';
export * from './keystream';
export * from './narrow';
export * from './sieve';
export * from './wide';
export * from './wide-encode';
