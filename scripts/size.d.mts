/** Names of all bundles. */
export const BUNDLES: readonly string[];
/** A bundle's text, minified. */
export function bundle(name: string): Promise<string>;
/** Bytes of a text, compressed. */
export function compressed(text: string): number;
