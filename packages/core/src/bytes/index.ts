// Bytes: reading, writing, comparing, naming.
export * from './compare.ts';
export * from './fixed.ts';
export * from './key-map.ts';
export * from './reader.ts';
export * from './text.ts';
export * from './writer.ts';
