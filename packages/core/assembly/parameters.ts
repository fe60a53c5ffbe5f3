// Where the numbers of a group lie, relative to the address that every function on 64-bit lanes is given first. Big integers cross
// into WebAssembly slowly, so they are written once for an operation and read from memory here.

/** The order: 64 bits. */
export const ORDER: usize = 0;
/** The bits of a candidate: 64 bits. */
export const CANDIDATE_MASK: usize = 8;
/** The bits of an element: 64 bits. */
export const ELEMENT_MASK: usize = 16;
/** Where the sieve stopped reading: an address. */
export const READ: usize = 24;
/** Bytes of a packed element. */
export const WIDTH: usize = 28;
/** Byte numbers that bring two packed elements into two lanes, and back. */
export const WIDEN: usize = 32;
export const NARROW: usize = 48;
/**
 * Of an encoding, as doubles: the factor in two parts, the largest weight not clamped for certain, 2^52 + A·E, 2^52 + 2·A·E, the margin,
 * and 2^52.
 */
export const FACTOR: usize = 64;
export const FACTOR_REST: usize = 72;
export const LIMIT: usize = 80;
export const MIDDLE: usize = 88;
export const MOST: usize = 96;
export const MARGIN: usize = 104;
export const LEAST: usize = 112;
/** All ones when the second part of the factor is zero. */
export const IS_SHORT: usize = 120;
