// The global model for apps: what the open task starts from, so that both are of one round; without a task the latest, asked for when somebody
// asks. Most apps ask seldom, so nothing is fetched for nobody.

import { XaynetError } from '@xaynet/core/errors';
import type { DataType, Weights } from '@xaynet/core/mask';
import { type RoundParams, roundIdOf } from '@xaynet/core/round';
import type { Transport } from '@xaynet/participant';
import type { OpenTask } from './tasks.ts';

/** A global model to be given away. */
export interface GivenModel {
  readonly length: number;
  readonly dataType: DataType;
  /** The round that trains from it. */
  readonly round: string;
  toWeights(data: DataType): Weights;
}

/** The global models of a participant. */
export class Globals {
  readonly #transport: Transport;
  readonly #task: () => OpenTask | undefined;

  constructor(transport: Transport, task: () => OpenTask | undefined) {
    this.#transport = transport;
    this.#task = task;
  }

  /** The model to start from or the latest; undefined: there is none. Rejects with the transport's errors. */
  async latest(signal: AbortSignal): Promise<GivenModel | undefined> {
    const task = this.#task();
    if (task !== undefined) return task.global;
    const params: RoundParams = await this.#transport.params(signal);
    const model = await this.#transport.model(signal);
    if (model === undefined) return undefined;
    if (model.length === 0) throw new XaynetError('transport-not-pet', 'a model without weights');
    return { length: model.length, dataType: params.maskConfig.vect.data, round: roundIdOf(params), toWeights: model.toWeights };
  }
}
