// What there is to say about a masking configuration, as data: its costs, whether it is a trap, what a round of a given size sends and
// computes with it, and which configuration would do the same for less. `--json` prints this, text.ts makes it readable.

import { cheapestConfig, MASK_CONFIGS, type MaskConfig, maskConfigCosts } from '@xaynet/core/mask';
import { HEADER_LENGTH, MAX_PLAIN_MESSAGE, MESSAGE_OVERHEAD, sum2PayloadSize, updatePayloadSize } from '@xaynet/core/message';
import { grouped } from '../figures.ts';
import type { MaskTimes } from './times.ts';

/** The size of a round. */
export interface RoundSize {
  /** Number of weights of the model. */
  readonly length: number;
  readonly updates: number;
  /** Number of sum participants. */
  readonly sums: number;
}

/** A configuration by its numbers; sizes are bytes per weight. */
export interface ConfigSummary {
  /** Its name, such as `Power2/F32/B0/M6`. */
  readonly config: string;
  readonly bytesPerWeight: number;
  /** Bytes of one draw, and the 32-bit words of keystream that it uses up. */
  readonly bytesPerDraw: number;
  readonly wordsPerDraw: number;
  /** Binary logarithm of the group order. */
  readonly orderBits: number;
  /** Share of the draws that are used. */
  readonly acceptance: number;
  readonly drawsPerWeight: number;
  readonly keystreamBytesPerWeight: number;
  /** The step between two weights, absolute; a text, as 1e-324 is below all doubles. */
  readonly precision: string;
  /** Weights lie within ± this. */
  readonly largestWeight: number;
  readonly maxModels: number;
  /** Whether fewer than 2 % of the draws are used. */
  readonly isTrap: boolean;
}

/** What a round sends and computes; sizes in bytes, times in seconds. */
export interface RoundCosts extends RoundSize {
  /** One update message, sent in one piece. */
  readonly updateMessage: number;
  readonly sum2Message: number;
  /** All updates and masks that reach the coordinator. */
  readonly received: number;
  /** Keystream of one mask, and of all that a sum participant derives. */
  readonly keystreamPerMask: number;
  readonly keystreamPerSumParticipant: number;
  /** The model that everybody downloads, at most, when no scalar is above 1. */
  readonly modelAtMost: number;
  /** Estimates: measured on `measuredWeights` weights on this machine, one thread, and multiplied. */
  readonly seconds: {
    readonly measuredWeights: number;
    /** The kernel and its source of keystream. */
    readonly backend: string;
    /** Each update participant masks its model. */
    readonly mask: number;
    /** Each sum participant derives and adds the masks of all updates. */
    readonly derive: number;
    /** The coordinator checks and adds all updates. */
    readonly add: number;
    /** The coordinator unmasks the sum and writes the model. */
    readonly unmask: number;
  };
}

/** What `xaynet config explain --json` prints. */
export interface Explanation extends ConfigSummary {
  /** What is wrong with it, or with it for this round; one sentence each. */
  readonly warnings: readonly string[];
  /** The cheapest configuration of this data type with no less precision, bound and models; the same one when none is cheaper. */
  readonly cheapest: ConfigSummary & {
    /** How many times more keystream, and bytes on the wire, the explained configuration takes. */
    readonly keystreamFactor: number;
    readonly wireFactor: number;
  };
  readonly round: RoundCosts;
}

/** The numbers of a configuration. */
export function summaryOf(config: MaskConfig): ConfigSummary {
  const costs = maskConfigCosts(config);
  return {
    config: config.name,
    bytesPerWeight: costs.bytesPerWeight,
    bytesPerDraw: config.prngBytes,
    wordsPerDraw: costs.wordsPerDraw,
    orderBits: 8 * config.prngBytes + Math.log2(costs.acceptance),
    acceptance: costs.acceptance,
    drawsPerWeight: costs.drawsPerWeight,
    keystreamBytesPerWeight: costs.keystreamBytesPerWeight,
    precision: `1e-${costs.decimals}`,
    largestWeight: Number(config.addShift),
    maxModels: costs.maxModels,
    isTrap: costs.isTrap,
  };
}

/** Explains `config` for a round of `size`, with `times` measured on this machine. */
export function explain(config: MaskConfig, size: RoundSize, times: MaskTimes): Explanation {
  const summary = summaryOf(config);
  const cheapest = summaryOf(cheapestConfig(config));
  const { length, updates, sums } = size;
  const pair = { vect: config, unit: config };
  const updateMessage = updatePayloadSize(pair, length, sums) + MESSAGE_OVERHEAD;
  const sum2Message = sum2PayloadSize(pair, length) + MESSAGE_OVERHEAD;
  const keystreamPerMask = (length + 1) * summary.keystreamBytesPerWeight;
  return {
    ...summary,
    warnings: warningsAbout(config, summary, size),
    cheapest: {
      ...cheapest,
      keystreamFactor: summary.keystreamBytesPerWeight / cheapest.keystreamBytesPerWeight,
      wireFactor: summary.bytesPerWeight / cheapest.bytesPerWeight,
    },
    round: {
      ...size,
      updateMessage,
      sum2Message,
      received: updates * updateMessage + sums * sum2Message,
      keystreamPerMask,
      keystreamPerSumParticipant: updates * keystreamPerMask,
      modelAtMost: modelSizeAtMost(config, size),
      seconds: {
        measuredWeights: times.weights,
        backend: times.backend,
        mask: length * times.mask,
        derive: updates * length * times.derive,
        add: updates * length * times.add,
        unmask: length * times.unmask,
      },
    },
  };
}

/** A weight of the served model is a fraction of two big integers, each a count and 32-bit words (wire 7.2): both are below what U models sum to. */
export function modelSizeAtMost({ addShift, expShift }: MaskConfig, { length, updates }: RoundSize): number {
  const words = (largest: bigint): number => Math.ceil(largest.toString(2).length / 32);
  const denominator = BigInt(updates) * expShift;
  return 8 + length * (1 + 8 + 4 * words(denominator * addShift) + 1 + 8 + 4 * words(denominator));
}

function warningsAbout(config: MaskConfig, summary: ConfigSummary, { length, updates, sums }: RoundSize): string[] {
  const { group, data, bound } = config;
  const warnings: string[] = [];
  if (summary.isTrap) {
    const order = group === 'Power2' ? `2^${Math.round(summary.orderBits)}` : `2^${summary.orderBits.toFixed(1)}`;
    warnings.push(
      `a trap: an order of ${order} takes ${config.prngBytes} bytes per draw, and only 1 draw in ${Math.round(summary.drawsPerWeight)} is below it and used`,
    );
  }
  if (updates > config.maxModels) {
    const larger = MASK_CONFIGS.find((each) => each.group === group && each.data === data && each.bound === bound && each.maxModels >= updates);
    warnings.push(
      `${grouped(updates)} updates are more than the ${grouped(config.maxModels)} models that ${config.model} can sum, and a coordinator takes no more${larger === undefined ? '' : `; ${larger.name} has room`}`,
    );
  }
  const most = Math.floor((MAX_PLAIN_MESSAGE - HEADER_LENGTH - updatePayloadSize({ vect: config, unit: config }, 0, sums)) / config.bytesPerNumber);
  if (length > most) {
    warnings.push(
      `an update of ${grouped(length)} weights does not fit one message of 2^32 - 1 bytes, and a coordinator refuses the setting; ${grouped(most)} do`,
    );
  }
  return warnings;
}
