// All of core under one name; the subpaths (`@xaynet/core/mask`, …) hold the same things for those who import less.
export * from './bytes/index.ts';
export * from './crypto/index.ts';
export * from './errors.ts';
export * from './mask/index.ts';
export * from './message/index.ts';
export * from './round/index.ts';
