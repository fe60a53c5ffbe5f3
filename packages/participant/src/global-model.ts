// The global model as an application wants it: numbers of the round's data type, with the exact fractions beside them.

import { type DataType, type Model, modelToWeights, type Weights } from '@xaynet/core/mask';
import type { RoundParams } from '@xaynet/core/round';
import { roundIdOf } from '@xaynet/core/round';

/** What the participants of an earlier round have learnt together. */
export interface GlobalModel {
  /** Id of the round in which it was fetched: the one to train for. */
  readonly round: string;
  readonly dataType: DataType;
  /** Number of weights. */
  readonly length: number;
  /** Whether it has the number of weights that the round takes; false after a coordinator was given another model length. */
  readonly matchesRound: boolean;
  /** Weights as a typed array of `dataType`, correctly rounded (integers truncated); computed at the first use. */
  readonly weights: Weights;
  /** Weights as exact fractions. */
  readonly model: Model;
}

/** Wraps a fetched model. Reading `weights` throws `model-not-representable` when one does not fit the data type. */
export function globalModelOf(model: Model, params: RoundParams): GlobalModel {
  const dataType = params.maskConfig.vect.data;
  let weights: Weights | undefined;
  return {
    round: roundIdOf(params),
    dataType,
    length: model.length,
    matchesRound: model.length === params.modelLength,
    get weights(): Weights {
      weights ??= modelToWeights(model, dataType);
      return weights;
    },
    model,
  };
}
