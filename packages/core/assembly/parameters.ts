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
/**
 * What to do with two candidates, for each of the four cases of which are accepted: the byte numbers that bring them out (128 bits), and
 * how far that moves the place (32 bits), in 32 bytes. One alone moves it by the stride.
 */
export const STEPS: usize = 128;
export const STRIDE: usize = STEPS + 48;
/** Of an encoding, as doubles: the factor, rounded, and the margin of products with it. These lie where one entry has nothing else. */
export const ROUNDED_FACTOR: usize = STEPS + 24;
export const ROUNDED_MARGIN: usize = STEPS + 56;
