// Where Node is, every error has its sentence: coordinator and command report all of them.

import { ERRORS } from './errors.ts';

/** The sentence of a code of the table; for anything else the code. */
export function sentenceOf(code: string): string {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as keyof typeof ERRORS].sentence : code;
}
