// The participant's own limits: what it agrees to, whatever a coordinator announces. They bound memory before anything is
// allocated, and they are the minimum of company in which this participant is willing to be summed (threats T3, T6).

import { isUsableEncryptKey } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { maskObjectSize } from '@xaynet/core/mask';
import type { RoundParams } from '@xaynet/core/round';

/** Limits that the application sets and no coordinator can change. All have defaults. */
export interface RuleOptions {
  /**
   * Fewest updates whose masks this participant adds up as a sum participant; fewer: it leaves the round. Default 3: the
   * smallest number that an original coordinator can be configured to, so a legal round never fails by it, while a dictionary
   * with one entry, which would unmask one model, always does. Raise it (50 or more) wherever the cohort allows (threats T6).
   */
  readonly minUpdates?: number | undefined;
  /** Fewest sum participants to whom an update is sealed. Default 1, as in the protocol. */
  readonly minSums?: number | undefined;
  /** Most weights of a model. Default 50 000 000. */
  readonly maxModelLength?: number | undefined;
  /**
   * Most bytes of a masked model or mask: model length times the bytes a number of the masking configuration (wire 3.2), from 6 to
   * 268. Default 536 870 912 (512 MiB): 50 million weights take 350 MB with the default configuration of coordinators. While it masks
   * or adds up masks a participant holds up to 3.2 times as much, and 8 bytes a weight more for each thread; no body of `/model` of
   * more than 4 times as much is read. Lower it where memory is short: parameters of 136 bytes are enough to ask for all of this.
   */
  readonly maxMaskBytes?: number | undefined;
  /** Most entries of a sum dictionary. Default 100 000 (8 MB). */
  readonly maxSums?: number | undefined;
  /** Most entries of a seed dictionary. Default 1 000 000 (128 MB), and never more than the round's configuration can add up. */
  readonly maxUpdates?: number | undefined;
}

/** {@link RuleOptions} with every default filled in. */
export interface Rules {
  readonly minUpdates: number;
  readonly minSums: number;
  readonly maxModelLength: number;
  readonly maxMaskBytes: number;
  readonly maxSums: number;
  readonly maxUpdates: number;
}

/** Fills in the defaults; throws `option-invalid` for anything but positive whole numbers. */
export function rulesOf(options: RuleOptions): Rules {
  const whole = (name: keyof Rules, fallback: number): number => {
    const value = options[name] ?? fallback;
    if (!Number.isSafeInteger(value) || value < 1) throw new XaynetError('option-invalid', `${name}: a whole number of 1 or more expected, ${value} given`);
    return value;
  };
  return {
    minUpdates: whole('minUpdates', 3),
    minSums: whole('minSums', 1),
    maxModelLength: whole('maxModelLength', 50_000_000),
    maxMaskBytes: whole('maxMaskBytes', 512 * 2 ** 20),
    maxSums: whole('maxSums', 100_000),
    maxUpdates: whole('maxUpdates', 1_000_000),
  };
}

/**
 * Throws `decode-number` for parameters with a number that is none. Decoding refuses them too; a transport that does not
 * decode must not be able to stop a participant either: NaN never equals itself, so every tick would see a new round (participant 1.4).
 */
export function checkNumbers(params: RoundParams): void {
  for (const name of ['sum', 'update'] as const) {
    if (!Number.isFinite(params[name]) || params[name] < 0) throw new XaynetError('decode-number', `round parameters: ${name} probability ${params[name]}`);
  }
  const { modelLength } = params;
  if (!Number.isSafeInteger(modelLength) || modelLength < 0) throw new XaynetError('decode-number', `round parameters: model length ${modelLength}`);
}

/** Why this participant takes no part in such a round (`round-refused`), or undefined when it does. */
export function refusalOf(params: RoundParams, rules: Rules): XaynetError | undefined {
  const { modelLength, maskConfig, publicKey } = params;
  if (modelLength < 1) return new XaynetError('round-refused', 'model length 0: there is nothing to train');
  if (modelLength > rules.maxModelLength)
    return new XaynetError('round-refused', `model length ${modelLength}, at most ${rules.maxModelLength} allowed by maxModelLength`);
  const bytes = modelLength * maskConfig.vect.bytesPerNumber;
  if (bytes > rules.maxMaskBytes)
    return new XaynetError(
      'round-refused',
      `model length ${modelLength} with ${maskConfig.vect.name} makes masks of ${bytes} bytes, at most ${rules.maxMaskBytes} allowed by maxMaskBytes`,
    );
  if (maskObjectSize(maskConfig, modelLength) > MAX_OBJECT)
    return new XaynetError('round-refused', `model length ${modelLength} with ${maskConfig.vect.name} does not fit into a message`);
  if (!isUsableEncryptKey(publicKey))
    return new XaynetError('round-refused', 'the coordinator key is a low-order point: a message sealed to it could be read by anybody');
  return undefined;
}

/** The largest mask object that leaves room for signatures and a header in a 32-bit length field. */
const MAX_OBJECT = 2 ** 32 - 1024;

/** Largest answer of `/sums` in bytes: 8 and 80 an entry (wire 7.3). */
export function maxSumsBytes(rules: Rules): number {
  return 8 + 80 * rules.maxSums;
}

/** Largest answer of `/seeds` in bytes: 8 and 128 an entry, of which there are no more than models can be added up (wire 7.3). */
export function maxSeedsBytes(rules: Rules, params: RoundParams): number {
  return 8 + 128 * Math.min(rules.maxUpdates, params.maskConfig.vect.maxModels, params.maskConfig.unit.maxModels);
}

/**
 * Largest answer of `/model` in bytes: every fraction of a model unmasked with this configuration has at most order·E in its
 * numerator and denominator (wire 4.6, 7.3). Twice that, and 64 KiB, because the model may be of an earlier configuration; and never
 * more than four times maxMaskBytes, since parameters that nobody has agreed to yet must not decide how much is read.
 */
export function maxModelBytes(rules: Rules, params: RoundParams): number {
  const { vect, unit } = params.maskConfig;
  const words = Math.ceil((bits(vect.order) + bits(unit.expShift)) / 32) + Math.ceil((bits(unit.order) + bits(vect.expShift)) / 32);
  const length = Math.min(params.modelLength, rules.maxModelLength);
  return 65_536 + Math.min(2 * length * (18 + 4 * words), 4 * rules.maxMaskBytes);
}

function bits(value: bigint): number {
  return value.toString(16).length * 4;
}
