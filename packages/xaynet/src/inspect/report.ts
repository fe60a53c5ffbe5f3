// What is found out about captured bytes: a tree of fields in the order of the bytes, checks, and what the strict decoder says. Secrets
// never enter it: a field that holds one says so in place of its value, so that no view of the report can give it away.

import type { ErrorCode } from '@xaynet/core/errors';

/** Something about a field that is not as it should be: wrong, or only unusual (`isWrong` false: every reader takes it). */
export interface Problem {
  readonly isWrong: boolean;
  readonly says: string;
}

/** Bytes from `offset` to `offset + length` of a document, and what they mean. */
export interface Field {
  readonly name: string;
  readonly offset: number;
  length: number;
  /** For people; empty for a mere group. */
  value: string;
  /**
   * For programs: bytes, which become hexadecimal in full where they are printed, numbers, names; big integers as decimal text. Undefined for groups
   * and for what is secret.
   */
  data?: string | number | boolean | Uint8Array | undefined;
  /** Where the protocol says so: `wire 6.1` is docs/protocol/wire.md, section 6.1. */
  readonly section: string;
  /** Its bytes are not shown. */
  isSecret?: true | undefined;
  /** Its fields are shown only where somebody asks, or something in them is wrong. */
  isFolded?: true;
  /** Remarks that are no problem. */
  readonly notes: string[];
  readonly problems: Problem[];
  readonly fields: Field[];
}

/** What came of a check that looks at more than one field; `open`: it needs something that was not given. */
export interface Check {
  readonly outcome: 'ok' | 'wrong' | 'open';
  readonly says: string;
  readonly section: string;
}

/** What the decoder of the protocol, which stops at the first fault, says of the bytes; undefined code: it takes them. */
export interface Verdict {
  readonly code: ErrorCode | undefined;
  readonly says: string;
  readonly advice: string;
}

/** One document: a file, or what was in a sealed box of one, or what chunks give together. */
export interface Report {
  /** Where the bytes come from. */
  readonly source: string;
  /** Identifier of the kind, as `--as` takes it. */
  readonly kind: string;
  readonly title: string;
  readonly size: number;
  /** How the kind was found out, or that it was asked for. */
  readonly because: string;
  readonly fields: readonly Field[];
  /** The bytes that the signature in a message covers: from the first up to the second, not included. */
  readonly signed: { readonly from: number; readonly to: number } | undefined;
  readonly checks: readonly Check[];
  readonly verdict: Verdict | undefined;
  /** Documents inside this one. */
  readonly inside: readonly Report[];
  /** Whether all is as it should be, where the rest of the report does not say: of many documents, or of one that has to be wrong. */
  readonly isRight?: boolean | undefined;
  /** The bytes, for a hexdump; undefined when they are not held in memory. */
  readonly bytes: Uint8Array | undefined;
}

/** Whether anything about a field or one inside it is wrong. */
export function isWrongField(field: Field): boolean {
  return field.problems.some(({ isWrong }) => isWrong) || field.fields.some(isWrongField);
}

/** Whether anything about a document is wrong. */
export function isWrong(report: Report): boolean {
  const { fields, checks, verdict, inside, isRight } = report;
  if (isRight !== undefined) return !isRight;
  return verdict?.code !== undefined || fields.some(isWrongField) || checks.some(({ outcome }) => outcome === 'wrong') || inside.some(isWrong);
}

/** All fields that hold no others, in order. */
export function leaves(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => (field.fields.length === 0 ? [field] : leaves(field.fields)));
}
