// Where chance comes from: a function that the root passes in. The portable packages name no global generator, because some
// engines have none, and because a test must be able to repeat a round byte by byte.

/**
 * A source of cryptographically secure random bytes: returns a fresh array of exactly `length` bytes, which then belongs to
 * the caller. Node: `randomBytes` of `node:crypto`; browsers: `(n) => crypto.getRandomValues(new Uint8Array(n))`.
 */
export type RandomBytes = (length: number) => Uint8Array;
