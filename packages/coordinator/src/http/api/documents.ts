// The JSON documents that the page at / reads, as types: the answers of /live, /settings, /masked, /models and /rounds. Schemas.ts says the same to
// everybody else, and tests hold the answers to it.

import type { ErrorCode } from '@xaynet/core/errors';
import type { PhaseName } from '../../round/state.ts';
import type { RoundRecord } from '../../stores/contract.ts';

/** A code and its sentence. */
export interface CauseDocument {
  readonly code: ErrorCode;
  readonly title: string;
}

/** The coordinator processes that share a round. */
export interface FleetJson {
  /** The one that answers. */
  readonly self: string;
  /** The one that moves the phases; null while there is none. */
  readonly leader: string | null;
  readonly members: readonly {
    readonly id: string;
    readonly version: string;
    readonly began: number;
    /** Messages that it admitted, and that it refused as the phase or the store said, since it began. */
    readonly accepted: number;
    readonly refused: number;
  }[];
}

/** `GET /status`; times in milliseconds since 1970. */
export interface StatusJson {
  readonly version: string;
  readonly now: number;
  readonly began: number;
  /** Whole seconds. */
  readonly uptime: number;
  readonly round: number;
  readonly phase: PhaseName;
  readonly window: { readonly earliestEnd: number; readonly latestEnd: number } | null;
  readonly counts: { readonly accepted: number; readonly rejected: number; readonly discarded: number } | null;
  readonly sums: number;
  readonly updates: number;
  readonly queued: number;
  readonly chunkBytes: number;
  readonly paused: ({ readonly since: number } & CauseDocument) | null;
  readonly failures: number;
  readonly lastFailure: ({ readonly round: number; readonly phase: PhaseName; readonly at: number } & CauseDocument) | null;
  readonly model: { readonly id: string; readonly round: number | null } | null;
  /** Null: it has the round to itself. */
  readonly fleet: FleetJson | null;
  readonly task: { readonly modelLength: number; readonly mask: string };
  readonly masking: { readonly kernel: string; readonly keystream: string };
  readonly store: { readonly bytes: number; readonly free: number | null } | null;
}

/** Messages that became nothing, by why: `rejected` by the phase, `discarded` because it had enough or was over, `refused` before they were messages. */
export interface RefusalCount extends CauseDocument {
  readonly verdict: 'rejected' | 'discarded' | 'refused';
  readonly count: number;
}

/** What this process has seen of a round. */
export interface RoundTally {
  readonly round: number;
  /** When this process began to look: the beginning of the round, or the restart in the midst of it. */
  readonly since: number;
  /** When the next round began, or nothing was to come any more. */
  readonly until: number | null;
  readonly probability: { readonly sum: number; readonly update: number };
  readonly phases: readonly { readonly phase: PhaseName; readonly began: number; readonly ended: number | null }[];
  /** Messages in equal steps of time from `since` on; a step's length in milliseconds. */
  readonly step: number;
  readonly arrivals: Readonly<Record<'sum' | 'update' | 'sum2' | 'refused', readonly number[]>>;
  readonly bytes: { readonly accepted: number; readonly refused: number };
  readonly refusals: readonly RefusalCount[];
}

/** How the process is. */
export interface HealthJson {
  readonly rss: number;
  readonly heapUsed: number;
  /** Processors at work. */
  readonly cpu: number;
  /** Milliseconds. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  readonly connections: number;
  readonly workers: { readonly busy: number; readonly total: number; readonly waiting: number };
  /** Clients that read /events and /live. */
  readonly streams: number;
}

/** `GET /live`. */
export interface LiveJson {
  readonly status: StatusJson;
  readonly round: RoundTally | null;
  readonly health: HealthJson;
  /** These numbers grow when there is something new at /models, /rounds and /masked. */
  readonly news: { readonly models: number; readonly rounds: number; readonly masked: number };
}

/** `GET /settings`. */
export interface SettingsJson {
  readonly settings: readonly { readonly key: string; readonly value: string | number | boolean; readonly meaning: string }[];
  readonly costs: {
    readonly mask: string;
    readonly bytesPerWeight: number;
    readonly drawsPerWeight: number;
    readonly keystreamBytesPerWeight: number;
    readonly decimals: number;
    readonly maxModels: number;
    readonly isTrap: boolean;
    /** Does the same for less; null: nothing does. */
    readonly cheaper: string | null;
    /** Bytes of one update with `pet.sum.count.min` sum participants, of one sum2 message, of a model as f32, and of the smallest round in all. */
    readonly updateBytes: number;
    readonly maskBytes: number;
    readonly modelBytes: number;
    readonly roundBytes: number;
    /** Participants that must be there on average for the smallest round. */
    readonly participants: number;
  };
}

/** Numbers under a mask. `levels`: base64, a byte for each of the first 1024: where it lies in the group. */
export interface MaskedJson {
  readonly elements: number;
  readonly bytesPerElement: number;
  readonly hex: string;
  readonly levels: string;
  readonly histogram: readonly number[];
}

/** Weights of a model. `levels`: base64, a byte for each of the first 1024: where it lies between min and max. */
export interface MeanJson {
  readonly id: string;
  readonly weights: number;
  readonly min: number;
  readonly max: number;
  readonly l2: number;
  readonly first: readonly number[];
  readonly levels: string;
  readonly histogram: readonly number[];
}

/** `GET /masked`. */
export interface MaskedViewJson {
  /** Of the round whose model was published last by this process; null before the first. */
  readonly sum: ({ readonly round: number; readonly updates: number; readonly masked: MaskedJson } & { readonly mean: MeanJson | null }) | null;
  /** Whether a single update is shown to everybody (`page.masked_update`), and the one that was taken last. */
  readonly shown: boolean;
  readonly update: MaskedJson | null;
}

/** One of `GET /models`. */
export interface ModelJson {
  readonly id: string;
  readonly round: number | null;
  readonly bytes: number;
  readonly weights: number | null;
  readonly latest: boolean;
  /** Null as long as it is not measured, or where its weights are too large for floats. */
  readonly measures: { readonly min: number; readonly max: number; readonly l2: number } | null;
  /** To the model before it. */
  readonly difference: { readonly from: string; readonly l2: number; readonly max: number } | null;
  readonly links: Readonly<Record<string, string>>;
}

/** `GET /models`. */
export interface ModelListJson {
  readonly models: readonly ModelJson[];
  readonly total: number;
}

/** `GET /rounds`. */
export interface RoundListJson {
  readonly rounds: readonly RoundRecord[];
  readonly next: string | null;
  readonly reports: readonly { readonly round: number; readonly values: Readonly<Record<string, number>> }[];
}
