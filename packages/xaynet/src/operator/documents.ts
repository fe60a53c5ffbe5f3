// What the API of a coordinator answers, as far as the commands show it (its /openapi.json has the rest). Another program may answer, so what
// is needed is checked and everything else may be missing.

import type { RoundRecord } from '@xaynet/coordinator';
import { XaynetError } from '@xaynet/core/errors';

/** Why something is not as it should be: a code of docs/ERRORS.md and its sentence. */
export interface Cause {
  readonly code: string;
  readonly title?: string;
}

/** `GET /status`; times in milliseconds since 1970. */
export interface StatusDocument {
  readonly version: string;
  readonly now: number;
  /** Seconds. */
  readonly uptime: number;
  readonly round: number;
  readonly phase: string;
  readonly window?: { readonly earliestEnd: number; readonly latestEnd: number } | null;
  readonly counts?: { readonly accepted: number; readonly rejected: number; readonly discarded: number } | null;
  readonly sums?: number;
  readonly updates?: number;
  readonly queued?: number;
  readonly chunkBytes?: number;
  readonly paused?: (Cause & { readonly since: number }) | null;
  readonly failures?: number;
  readonly lastFailure?: (Cause & { readonly round: number; readonly phase: string; readonly at: number }) | null;
  readonly model?: { readonly id: string; readonly round: number | null } | null;
  readonly task?: { readonly modelLength: number; readonly mask: string };
  readonly fleet?: { readonly self: string; readonly leader?: string | null; readonly members: readonly { readonly id: string }[] } | null;
  readonly store?: { readonly bytes: number; readonly free: number | null } | null;
}

/** `GET /rounds`. */
export interface RoundListDocument {
  readonly rounds: readonly RoundRecord[];
  readonly next: string | null;
}

/** The document as a status; throws `transport-not-pet`. */
export function statusOf(document: unknown): StatusDocument {
  const { round, phase, now, uptime } = (document ?? {}) as Partial<Record<string, unknown>>;
  if (typeof phase !== 'string' || ![round, now, uptime].every((value) => typeof value === 'number')) {
    throw new XaynetError('transport-not-pet', 'its /status has no round and phase');
  }
  return document as StatusDocument;
}

/** The document as a list of records; throws `transport-not-pet`. */
export function roundListOf(document: unknown): RoundListDocument {
  const { rounds } = (document ?? {}) as { rounds?: unknown };
  const isRecord = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && typeof (value as RoundRecord).round === 'number' && typeof (value as RoundRecord).outcome === 'string';
  if (!Array.isArray(rounds) || !rounds.every(isRecord)) throw new XaynetError('transport-not-pet', 'its /rounds is no list of rounds');
  return document as RoundListDocument;
}
