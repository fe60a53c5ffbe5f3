/**
 * The script for tags as text, or written to `outfile`; `wasm: false` leaves the WebAssembly kernel out, `smallest: false` is faster and a
 * little larger than what is published.
 */
export function buildScript(options?: { wasm?: boolean; smallest?: boolean; outfile?: string }): Promise<string>;
