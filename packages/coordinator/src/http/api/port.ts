// What the API beside the five routes asks of a running coordinator, and nothing else: plain data, records and models of its store, events.
// A fake of these members is all that a test needs; secrets and key halves are on the other side of it.

import type { ErrorCode } from '@xaynet/core/errors';
import type { DataType, MaskConfig } from '@xaynet/core/mask';
import type { CoordinatorEvent } from '../../events.ts';
import type { MaskedSample } from '../../masked-sample.ts';
import type { ProcessHealth } from '../../process-health.ts';
import type { Counts, FailureCause, PhaseName } from '../../round/state.ts';
import type { ModelEntry, RoundRecord, RoundReport, StoreUsage } from '../../stores/contract.ts';
import type { FleetJson, SettingsJson } from './documents.ts';

/** What a coordinator is doing now; times in milliseconds since 1970. */
export interface ApiStatus {
  readonly round: number;
  readonly phase: PhaseName;
  /** For sum, update and sum2: when the phase ends at the earliest and at the latest, and its messages so far. */
  readonly earliestEnd?: number | undefined;
  readonly latestEnd?: number | undefined;
  readonly counts?: Counts | undefined;
  /** Sum participants of the published sum dictionary, updates in the aggregate, messages that wait, bytes kept of incomplete messages. */
  readonly sums: number;
  readonly updates: number;
  readonly queued: number;
  readonly chunkBytes: number;
  /** The processes that share the round, this one among them; undefined: it has the round to itself. */
  readonly fleet?: (Pick<FleetJson, 'self' | 'members'> & { readonly leader: string | undefined }) | undefined;
  /** Since when and why no message is taken, while that is so. */
  readonly paused?: { readonly since: number; readonly code: ErrorCode } | undefined;
  /** Rounds that failed in a row until now; why the last one did, while the phase is failure. */
  readonly failures: number;
  readonly cause?: FailureCause | undefined;
}

/** How the process is, with what waits in it. */
export interface ApiHealth extends ProcessHealth {
  /** Open connections. */
  readonly connections: number;
  /** Threads that open and verify messages, and messages that wait for one. */
  readonly workers: { readonly busy: number; readonly total: number; readonly waiting: number };
}

/** Whether it can take part in rounds now; if not, why (a code of status 503), and in how many seconds to ask again. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly code: ErrorCode; readonly retryAfter: number };

/** Measurements as text, in the format that `contentType` names. */
export interface MetricsSource {
  readonly contentType: string;
  render(): Promise<string>;
}

/** The coordinator as the API sees it. What is asked of the store rejects as the store does. */
export interface ApiPort {
  /** Version of the program. */
  readonly version: string;
  /** When it was started, in milliseconds since 1970. */
  readonly began: number;
  /** What every round of it has in common. `dataType` is what its models are averages of. */
  readonly task: { readonly modelLength: number; readonly mask: MaskConfig; readonly dataType: DataType };
  /** What does the masking arithmetic. */
  readonly masking: { readonly kernel: string; readonly keystream: string };
  /** Milliseconds since 1970, by the clock of the phases. */
  now(): number;
  /** Never throws, costs nothing. */
  status(): ApiStatus;
  /** Never throws; costs a look at the process. */
  health(): ApiHealth;
  /** What is in force for the rounds, and what it costs. */
  settings(): SettingsJson;
  /** A look at the update that was taken last, while it was masked; undefined before the first. Left out where not everybody may see it. */
  readonly maskedUpdate?: (() => MaskedSample | undefined) | undefined;
  /** Asks the store; never rejects. */
  ready(): Promise<Readiness>;
  /** Calls `listener` with every event from now on; returns what ends that. */
  on(listener: (event: CoordinatorEvent) => void): () => void;
  /** At most `limit` records of rounds before `before` (left out: of all), newest first. */
  records(limit: number, before?: number): Promise<readonly RoundRecord[]>;
  /** What the application reported: at most `limit` reports of rounds before `before` (left out: of all), newest first. */
  reports(limit: number, before?: number): Promise<readonly RoundReport[]>;
  /** All models, the one stored last first. */
  models(): Promise<readonly ModelEntry[]>;
  /** The bytes as `/model` serves them, never to be written to; undefined: there is none of this id. */
  model(id: string): Promise<Uint8Array | undefined>;
  /** Id of the model that `/model` serves; undefined before the first. */
  latestModelId(): Promise<string | undefined>;
  /** What the store takes on its disk. */
  usage(): Promise<StoreUsage>;
  /** Measurements, where they are taken. */
  readonly metrics?: MetricsSource | undefined;
}
