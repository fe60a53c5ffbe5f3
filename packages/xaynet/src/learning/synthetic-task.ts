// Vectors of any length as a task: everybody has an aim of their own around one that all have in common, and goes half the way to it. The mean
// of the aims is what there is to be learnt; how far a model is from the common aim tells how much of it was. No data, hardly any work, so that
// what is measured is the protocol. Vectors are made when they are needed and kept by nobody.

import { seededRandom } from './seeded-random.ts';
import type { LearningTask, TaskInput } from './task.ts';

/** The common aim lies in ± this, one's own another ± {@link SPREAD} away: never beyond the bound of B0. */
const AIM = 0.5;
const SPREAD = 0.4;
/** Share of the way to one's own aim that training goes. */
const STEP = 0.5;

/** Makes the task; shares are of equal size unless sizes are skewed. */
export function syntheticTask({ participants, seed, length = 1000, partition, skew, training: { proximal } }: TaskInput): LearningTask {
  const common = seededRandom(seed, 'aim');
  const aim = Float32Array.from({ length }, () => AIM * (2 * common.next() - 1));
  const sizes = seededRandom(seed, 'sizes');
  const examples = Array.from({ length: participants }, () =>
    partition === 'sizes' ? Math.max(1, Math.min(1000, Math.round(20 * Math.exp(skew * sizes.normal())))) : 20,
  );
  // The pull of FedProx is that of a spring towards the start: the way is shorter by 1 / (1 + μ).
  const step = STEP / (1 + proximal);
  return {
    name: 'synthetic',
    about: `vectors of ${length} weights, everybody with an aim of their own within ±${SPREAD} of the common one; the loss is the distance from that (root mean square)`,
    length,
    initial: new Float32Array(length),
    bound: AIM + SPREAD,
    examples,
    train(index, start) {
      const own = seededRandom(seed, `aim ${index}`);
      const trained = new Float32Array(length);
      for (let i = 0; i < length; i++) trained[i] = start[i]! + step * (aim[i]! + SPREAD * (2 * own.next() - 1) - start[i]!);
      return trained;
    },
    evaluate(weights) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += (weights[i]! - aim[i]!) ** 2;
      return { loss: Math.sqrt(sum / length) };
    },
  };
}
