// The round parameters: what a coordinator publishes at the start of a round and everything else refers to (wire 7.3). Always
// 136 bytes. Probabilities that no eligibility can be decided with are refused in both directions (wire 1.4, 8.48).

import { equalBytes } from '../bytes/compare.ts';
import { PublicEncryptKey, RoundSeed } from '../bytes/fixed.ts';
import { Reader } from '../bytes/reader.ts';
import { toHex } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { sha256 } from '../crypto/hash.ts';
import { XaynetError } from '../errors.ts';
import { type MaskConfigPair, readMaskConfigIndices, writeMaskConfigIndices } from '../mask/config.ts';

/** Length of encoded round parameters in bytes (wire 7.3). */
export const ROUND_PARAMS_LENGTH = 136;

/** The parameters of one round (wire 7.3). */
export interface RoundParams {
  /** The coordinator's key of this round: messages are sealed to it. */
  readonly publicKey: PublicEncryptKey;
  /** Probability to be selected for the sum task; a binary64, bit-exact. */
  readonly sum: number;
  /** Probability to be selected for the update task when not selected for sum; a binary64, bit-exact. */
  readonly update: number;
  /** What task signatures sign. */
  readonly seed: RoundSeed;
  /** Configurations of masked vector and scalar. */
  readonly maskConfig: MaskConfigPair;
  /** Number of weights of a model. */
  readonly modelLength: number;
}

/**
 * The 136 bytes of round parameters (wire 7.3). Throws `decode-number` for a probability that is negative, infinite or NaN
 * and for a model length that is no non-negative safe integer.
 * @example
 * ```ts
 * import { PublicEncryptKey, RoundSeed } from '@xaynet/core/bytes';
 * import { parseMaskConfig } from '@xaynet/core/mask';
 * import { decodeRoundParams, encodeRoundParams } from '@xaynet/core/round';
 * const config = parseMaskConfig('Prime/F32/B0/M3');
 * const bytes = encodeRoundParams({
 *   publicKey: PublicEncryptKey(new Uint8Array(32).fill(1)),
 *   sum: 0.01,
 *   update: 0.1,
 *   seed: RoundSeed(new Uint8Array(32)),
 *   maskConfig: { vect: config, unit: config },
 *   modelLength: 4,
 * });
 * decodeRoundParams(bytes).update; // 0.1
 * ```
 */
export function encodeRoundParams(params: RoundParams): Uint8Array {
  const writer = new Writer(ROUND_PARAMS_LENGTH);
  writeRoundParams(writer, params);
  return writer.finish();
}

/** Writes the 136 bytes of round parameters; throws as {@link encodeRoundParams}. */
export function writeRoundParams(writer: Writer, params: RoundParams): void {
  checkNumbers(params);
  writer.byteString(params.publicKey).f64le(params.sum).f64le(params.update).byteString(params.seed);
  writeMaskConfigIndices(writer, params.maskConfig.vect);
  writeMaskConfigIndices(writer, params.maskConfig.unit);
  writer.u64le(params.modelLength);
}

/**
 * The round parameters in exactly 136 bytes, whose keys are views of `bytes` (wire 7.3, 7.4). Throws `decode-truncated`,
 * `decode-trailing`, `decode-length` (key or seed not of 32 bytes), `decode-config` (unknown index) and `decode-number`
 * (probability negative, infinite or NaN; model length above 2^53 - 1).
 */
export function decodeRoundParams(bytes: Uint8Array): RoundParams {
  const reader = new Reader(bytes, 'round parameters');
  const params = readRoundParams(reader);
  reader.end();
  return params;
}

/** Reads the 136 bytes of round parameters and leaves the rest; throws as {@link decodeRoundParams}. */
export function readRoundParams(reader: Reader): RoundParams {
  const params: RoundParams = {
    publicKey: PublicEncryptKey(reader.byteString(PublicEncryptKey.LENGTH)),
    sum: reader.f64le(),
    update: reader.f64le(),
    seed: RoundSeed(reader.byteString(RoundSeed.LENGTH)),
    maskConfig: { vect: readMaskConfigIndices(reader), unit: readMaskConfigIndices(reader) },
    modelLength: reader.u64le(),
  };
  checkNumbers(params);
  return params;
}

function checkNumbers({ sum, update, modelLength }: RoundParams): void {
  for (const [name, probability] of [['sum', sum] as const, ['update', update] as const]) {
    if (!Number.isFinite(probability) || probability < 0) throw new XaynetError('decode-number', `${name} probability ${probability}`);
  }
  if (!Number.isSafeInteger(modelLength) || modelLength < 0) throw new XaynetError('decode-number', `model length ${modelLength}`);
}

/** Whether two round parameters are the same 136 bytes: if not, a new round has begun (wire 7.3). */
export function equalRoundParams(a: RoundParams, b: RoundParams): boolean {
  return a === b || equalBytes(encodeRoundParams(a), encodeRoundParams(b));
}

/**
 * The name of a round for those who have its parameters only: 64 hexadecimal digits, SHA-256 of the 136 bytes (wire 7.3). The
 * coordinator's number of a round is not published.
 * @example
 * ```ts
 * import { PublicEncryptKey, Reader, RoundSeed, Writer } from '@xaynet/core/bytes';
 * import { parseMaskConfig } from '@xaynet/core/mask';
 * import { equalRoundParams, ROUND_PARAMS_LENGTH, readRoundParams, roundIdOf, writeRoundParams } from '@xaynet/core/round';
 * const vect = parseMaskConfig('Prime/F32/B0/M3');
 * const publicKey = PublicEncryptKey(new Uint8Array(32).fill(1));
 * const params = { publicKey, sum: 0.01, update: 0.1, seed: RoundSeed(new Uint8Array(32)), maskConfig: { vect, unit: vect }, modelLength: 4 };
 * roundIdOf(params).slice(0, 8); // '67edfdc6'
 * const writer = new Writer(ROUND_PARAMS_LENGTH);
 * writeRoundParams(writer, params);
 * const again = readRoundParams(new Reader(writer.finish(), 'stored parameters'));
 * equalRoundParams(again, params); // true
 * equalRoundParams({ ...again, modelLength: 5 }, params); // false
 * ```
 */
export function roundIdOf(params: RoundParams): string {
  let id = ids.get(params);
  if (id === undefined) {
    id = toHex(sha256(encodeRoundParams(params)));
    ids.set(params, id);
  }
  return id;
}

/** Asked for at every tick of every participant. */
const ids = new WeakMap<RoundParams, string>();
