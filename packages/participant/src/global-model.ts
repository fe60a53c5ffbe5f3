// The global model as an application wants it: numbers of the round's data type, with the exact fractions for who asks.
// Nothing is converted before it is used: what is held is the document and the typed array, never a fraction a weight.

import { toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import type { DataType, Model, Weights } from '@xaynet/core/mask';
import { type PublishedModel, type RoundParams, roundIdOf } from '@xaynet/core/round';

/** What the participants of an earlier round have learnt together. */
export interface GlobalModel {
  /** Id of the round in which it was fetched: the one to train for. */
  readonly round: string;
  /** Data type of the round's masks, and so of `weights`. */
  readonly dataType: DataType;
  /** Number of weights. */
  readonly length: number;
  /** Whether it has the number of weights that the round takes; false after a coordinator was given another model length. */
  readonly matchesRound: boolean;
  /** Weights as a typed array of `dataType`, correctly rounded (integers truncated); computed at the first use. */
  readonly weights: Weights;
  /** Weights as primitives of another type, computed at each call; throws `model-not-representable`. */
  toWeights(data: 'F32'): Float32Array;
  toWeights(data: 'F64'): Float64Array;
  toWeights(data: 'I32'): Int32Array;
  toWeights(data: 'I64'): BigInt64Array;
  toWeights(data: DataType): Weights;
  /** The document as it was published (wire 7.3); not to be written to. */
  readonly bytes: Uint8Array;
  /**
   * SHA-256 of `bytes`, in hexadecimal; computed at each use. Participants that were given the same model have the same one, and the signed
   * record of the round that made it names it (`hashes.model`), as another names `round` (`hashes.params`): whoever compares finds out
   * a coordinator that shows different models to different people (threats T4).
   */
  readonly digest: string;
  /** Weights as exact fractions; computed at each use. */
  readonly model: Model;
}

/** Wraps a fetched model. Reading `weights` throws `model-not-representable` when one does not fit the data type. */
export function globalModelOf(model: PublishedModel, params: RoundParams): GlobalModel {
  const dataType = params.maskConfig.vect.data;
  let weights: Weights | undefined;
  return {
    round: roundIdOf(params),
    dataType,
    length: model.length,
    matchesRound: model.length === params.modelLength,
    bytes: model.bytes,
    get weights(): Weights {
      weights ??= model.toWeights(dataType);
      return weights;
    },
    toWeights: model.toWeights,
    get digest(): string {
      return toHex(sha256(model.bytes));
    },
    get model(): Model {
      return model.toModel();
    },
  };
}
