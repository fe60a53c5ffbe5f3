// What an original coordinator stores of itself: 320 bytes with its secret key in clear (coordinator 0.2). Read for migration,
// written so that an original coordinator can read it.

import { PublicEncryptKey, SecretEncryptKey } from '../bytes/fixed.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { EncryptKeyPair } from '../crypto/encrypt-keys.ts';
import { XaynetError } from '../errors.ts';
import { type RoundParams, readRoundParams, writeRoundParams } from './round-params.ts';

/** Length of an encoded coordinator state in bytes (coordinator 0.2). */
export const COORDINATOR_STATE_LENGTH = 320;

/** How many messages a phase takes and how long it lasts; times in whole seconds (coordinator 0.2). */
export interface PhaseParams {
  /** Fewest messages. */
  readonly countMin: number;
  /** Most messages. */
  readonly countMax: number;
  /** Shortest time, in seconds. */
  readonly timeMin: number;
  /** Longest time, in seconds. */
  readonly timeMax: number;
}

/** The stored state of a coordinator (coordinator 0.2). */
export interface CoordinatorState {
  /** The pair of the round; the public half stands in {@link RoundParams} again. */
  readonly keys: EncryptKeyPair;
  /** The coordinator's number of the round; the first is 1 (coordinator 1.4). */
  readonly roundId: number;
  readonly params: RoundParams;
  readonly sum: PhaseParams;
  readonly update: PhaseParams;
  readonly sum2: PhaseParams;
}

/**
 * The 320 bytes of a coordinator state (coordinator 0.2). Throws `decode-number` for a count, time or round number that is no
 * non-negative safe integer (fractions of a second have no place there), and as `encodeRoundParams`.
 * @example
 * ```ts
 * import { EncryptKeySeed } from '@xaynet/core/bytes';
 * import { encryptKeyPairFromSeed } from '@xaynet/core/crypto';
 * import { parseMaskConfig } from '@xaynet/core/mask';
 * import { decodeCoordinatorState, encodeCoordinatorState, initialRoundSeed } from '@xaynet/core/round';
 * const keys = encryptKeyPairFromSeed(EncryptKeySeed(new Uint8Array(32)));
 * const vect = parseMaskConfig('Prime/F32/B0/M3');
 * const phase = { countMin: 3, countMax: 100, timeMin: 5, timeMax: 3600 };
 * const bytes = encodeCoordinatorState({
 *   keys,
 *   roundId: 1,
 *   params: { publicKey: keys.publicKey, sum: 0.01, update: 0.1, seed: initialRoundSeed(), maskConfig: { vect, unit: vect }, modelLength: 4 },
 *   sum: phase,
 *   update: phase,
 *   sum2: phase,
 * });
 * bytes.length; // 320
 * decodeCoordinatorState(bytes).sum2.countMin; // 3
 * ```
 */
export function encodeCoordinatorState(state: CoordinatorState): Uint8Array {
  const writer = new Writer(COORDINATOR_STATE_LENGTH).byteString(state.keys.publicKey).byteString(state.keys.secretKey);
  writeCount(writer, 'round number', state.roundId);
  writeRoundParams(writer, state.params);
  for (const phase of ['sum', 'update', 'sum2'] as const) {
    for (const field of PHASE_FIELDS) writeCount(writer, `${phase} ${field}`, state[phase][field]);
  }
  return writer.finish();
}

const PHASE_FIELDS = ['countMin', 'countMax', 'timeMin', 'timeMax'] as const;

function writeCount(writer: Writer, what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new XaynetError('decode-number', `coordinator state: ${what} ${value}`);
  writer.u64le(value);
}

/**
 * The coordinator state in exactly 320 bytes, whose keys are views of `bytes` (coordinator 0.2). Throws `decode-truncated`,
 * `decode-trailing`, `decode-length`, `decode-config` and `decode-number`.
 */
export function decodeCoordinatorState(bytes: Uint8Array): CoordinatorState {
  const reader = new Reader(bytes, 'coordinator state');
  const state: CoordinatorState = {
    keys: {
      publicKey: PublicEncryptKey(reader.byteString(PublicEncryptKey.LENGTH)),
      secretKey: SecretEncryptKey(reader.byteString(SecretEncryptKey.LENGTH)),
    },
    roundId: reader.u64le(),
    params: readRoundParams(reader),
    sum: readPhaseParams(reader),
    update: readPhaseParams(reader),
    sum2: readPhaseParams(reader),
  };
  reader.end();
  return state;
}

function readPhaseParams(reader: Reader): PhaseParams {
  return { countMin: reader.u64le(), countMax: reader.u64le(), timeMin: reader.u64le(), timeMax: reader.u64le() };
}
