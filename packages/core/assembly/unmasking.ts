// A module of its own for what is done with an unmasked sum, which only coordinators do: a page need not load it. Otherwise as masking.ts.

export * from './decode';
export * from './fractions-write';
export * from './wide-decode';
