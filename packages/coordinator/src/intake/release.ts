// Memory that is done with, given back at once: a collector sees a small object and not the megabytes that hang on it, so it comes late, and
// hurries everybody when it comes.

/** Empties the buffer that these bytes lie in; whoever holds another view of it holds an empty one. */
export function release({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) structuredClone(null, { transfer: [buffer] });
}
