// What a check of the doctor found: how it stands, one sentence what was found, one what to do. Checks are functions of what was looked at,
// which comes in by argument, so that each fault can be had in a test.

/** `unknown`: it cannot be told here, which is no fault. */
export type State = 'ok' | 'warning' | 'fault' | 'unknown';

/** One finding; `--json` prints it as it is. */
export interface Finding {
  /** Stable name: `disk.free`. */
  readonly id: string;
  readonly state: State;
  /** What was found. */
  readonly found: string;
  /** What to do about it; where nothing is wrong there is nothing to do. */
  readonly todo?: string;
  /** What was measured, by name; bytes, milliseconds, counts. */
  readonly data?: Readonly<Record<string, unknown>>;
}

type Data = Readonly<Record<string, unknown>>;

/** A finding in order. */
export function ok(id: string, found: string, data?: Data): Finding {
  return { id, state: 'ok', found, ...(data === undefined ? {} : { data }) };
}

/** It works, not as it should. */
export function warning(id: string, found: string, todo: string, data?: Data): Finding {
  return { id, state: 'warning', found, todo, ...(data === undefined ? {} : { data }) };
}

/** It does not work. */
export function fault(id: string, found: string, todo: string, data?: Data): Finding {
  return { id, state: 'fault', found, todo, ...(data === undefined ? {} : { data }) };
}

/** It cannot be told; `todo` says how to find out. */
export function unknown(id: string, found: string, todo: string, data?: Data): Finding {
  return { id, state: 'unknown', found, todo, ...(data === undefined ? {} : { data }) };
}
