// The map of an instance's memory: small parameters first, then the tiles that vectors pass through, then the lanes of a sum, if it
// has any. Tiles are small enough to stay in a core's caches; all addresses are multiples of 64.

/** Key and block counter of the keystream: 40 bytes. */
export const STATE = 0x400;
/** Numbers of a group of 64-bit lanes, as assembly/parameters.ts places them, and two bounds of 64 bits. */
export const GROUP = 0x800;
export const BOUNDS = 0x900;
/** Numbers of a configuration, such as the order as limbs: up to 16 KiB. */
export const PARAMETERS = 0x1000;
/** Keystream to sieve; what is left of one piece is moved in front of the next, hence the slack. */
export const KEYSTREAM_SLACK = 0x8000;
export const KEYSTREAM = 0x10000;
export const KEYSTREAM_BYTES = 0x10000;
/** Three tiles: what comes in, what goes out, and the lanes between. */
export const TILE_BYTES = 0x10000;
export const INPUT = 0x20000;
export const OUTPUT = 0x30000;
export const LANES = 0x40000;
/** A second tile of lanes: draws on their way. */
export const DRAWS = 0x50000;
/** Where the lanes of a sum begin, in an instance made for one. */
export const SUM = 0x80000;
