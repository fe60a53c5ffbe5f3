// Where keystream comes from besides the kernel itself: nowhere, in an engine without a native cipher. Node has another file in place
// of this one (see `imports` in package.json).

/** A native ChaCha20 in its original layout (wire 2.1). */
export interface KeystreamSource {
  /** Name for logs and metrics. */
  readonly name: string;
  /** From so many bytes on, opening it pays. */
  readonly worthwhile: number;
  /** Opens the keystream of `seed` at a block; each call of what is returned gives the next `length` bytes, at most 64 KiB, valid until the next call. */
  open(seed: Uint8Array, block: number): (length: number) => Uint8Array;
}

/** The source of this environment, if there is one. */
export function keystreamSource(): KeystreamSource | undefined {
  return undefined;
}
