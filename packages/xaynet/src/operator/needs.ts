// What a coordinator with given settings needs: memory, disk, network, as formulas of weights, updates and sum participants. The constants come
// from measurements (docs/OPERATING.md, sizing); they are upper estimates, because an operator orders machines by them.

import type { Settings } from '@xaynet/coordinator';
import { maskObjectSize } from '@xaynet/core/mask';
import { MESSAGE_OVERHEAD, updatePayloadSize } from '@xaynet/core/message';
import { modelSizeAtMost } from '../config/explanation.ts';

/** What a process takes that has nothing to do yet, with its threads. */
const PROCESS_BYTES = 220e6;
/** Contributions are summed up in a checkpoint after so many bytes, and not before so many contributions. */
const CHECKPOINT_BYTES = 64 * 2 ** 20;
const FEWEST_PER_CHECKPOINT = 16;
/** Uploads of large messages that arrive at once, as far as the needs of memory go. */
const UPLOADS = 8;
/** Times that a message under way is in memory, at most: a whole one once, opened where it lies; one in chunks also as a chunk, and joined. */
const COPIES = 2;
/** Bytes of bodies under way that are always admitted. */
const BODY_BYTES = 256 * 2 ** 20;
/** A sealed seed in the dictionary in memory and in the database: key, seed, and what holds them. */
const SEED_MEMORY = 400;
const SEED_DISK = 160;
/** The same in the memory of Redis; measured. */
const SEED_REDIS = 190;
const RECORD_BYTES = 1500;
/** Models and records of "keep all" grow without bound; so many are counted. */
const MANY = 100;

/** Bytes. */
export interface Needs {
  /** Peak memory of the process with so many uploads at once. */
  readonly memory: number;
  readonly uploads: number;
  /** On the disk, or in Redis and S3, at most, by what takes it. */
  readonly disk: { readonly contributions: number; readonly dictionaries: number; readonly models: number; readonly records: number };
  /** In and out in a full round. */
  readonly received: number;
  readonly sentToSumParticipants: number;
  readonly sentPerModelDownload: number;
  readonly updateMessage: number;
}

/** What a round of `updates` updates and `sums` sum participants needs at most. */
export function needsOf(settings: Settings, round: { readonly updates: number; readonly sums: number }): Needs {
  const { mask, modelLength: length, store } = settings;
  const { updates, sums } = round;
  const pair = { vect: mask, unit: mask };
  const object = maskObjectSize(pair, length);
  const updateMessage = updatePayloadSize(pair, length, sums) + MESSAGE_OVERHEAD;
  const model = modelSizeAtMost(mask, { length, updates, sums });
  const perCheckpoint = Math.max(FEWEST_PER_CHECKPOINT, Math.ceil(CHECKPOINT_BYTES / object));
  const isKept = store.kind !== 'memory';
  const keptModels = store.keepModels === 0 ? MANY : store.keepModels;
  const keptRounds = store.keepRounds === 0 ? MANY : store.keepRounds;
  const underWay = COPIES * updateMessage * Math.min(UPLOADS, Math.max(2, BODY_BYTES / updateMessage));
  return {
    // Three vectors of 8 bytes a weight: the sum, and a mask and the result, or a checkpoint, beside it; then the model and its latest copy.
    memory: PROCESS_BYTES + 3 * 8 * length + underWay + 2 * model + updates * sums * SEED_MEMORY,
    uploads: UPLOADS,
    disk: isKept
      ? {
          contributions: Math.min(updates, 2 * perCheckpoint) * object + 2 * object,
          dictionaries: updates * sums * (store.kind === 'redis' ? SEED_REDIS : SEED_DISK) + sums * object,
          models: (keptModels + 1) * model,
          records: keptRounds * RECORD_BYTES,
        }
      : { contributions: 0, dictionaries: 0, models: 0, records: 0 },
    received: updates * updateMessage + sums * object,
    sentToSumParticipants: updates * sums * 128,
    sentPerModelDownload: model,
    updateMessage,
  };
}
