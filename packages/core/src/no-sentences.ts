// In place of the sentences of errors in a bundle built with the condition `no-sentences`, 2 kB less: messages begin with the code, and
// say where its sentence is.

/** What stands for a sentence. */
export function sentenceOf(code: string): string {
  return `${code}, see docs/ERRORS.md`;
}
