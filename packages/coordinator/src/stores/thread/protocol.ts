// What is asked of the thread of a store, and how it answers. Errors go as their code and text, because a class does not survive the way.

import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { SqliteStore, SqliteStoreOptions } from '../sqlite.ts';

/** What a thread begins with. */
export interface ThreadStart {
  readonly folder: string;
  readonly options: SqliteStoreOptions;
}

/** Methods that are called across threads; the two iterables go item by item. */
export type StoreMethod = Exclude<
  { [Name in keyof SqliteStore]: SqliteStore[Name] extends (...args: never) => Promise<unknown> ? Name : never }[keyof SqliteStore],
  never
>;

/** A call; `args` packed, `lent` comes back with the answer. Calls take effect in the order in which they are posted. */
export interface CallMessage {
  readonly id: number;
  readonly method: StoreMethod;
  readonly args: unknown;
  readonly lent: readonly ArrayBuffer[];
}

/** An error on its way. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The answer to the call `id`, `value` packed; number 0 is the opening. */
export type AnswerMessage = ({ readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: WireError }) & {
  readonly lent: readonly ArrayBuffer[];
};

/** An error as the other thread can be told. */
export function wireError(error: unknown): WireError {
  if (isXaynetError(error)) return { code: error.code, message: error.message };
  return wireError(new XaynetError('storage-failed', error instanceof Error ? error.message : String(error)));
}

/** The error that {@link wireError} was given, with the stack of here. */
export function errorOf({ code, message }: WireError): XaynetError {
  return Object.assign(new XaynetError(code), { message });
}
