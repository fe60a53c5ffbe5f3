// One participant of the demo: what an application on a phone would contain. It ticks; when a model is wanted it fetches the
// global one over HTTP, trains on its own rows and hands the result over; in between it sleeps. It sees nothing of the
// coordinator but its HTTP answers.

import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { Rational } from '@xaynet/core/mask';
import type { ModelRequest, Participant } from '@xaynet/participant';
import type { Digits } from '../learning/digits.ts';
import { train, WEIGHTS } from '../learning/network.ts';
import { seededRandom } from '../learning/seeded-random.ts';
import { LOCAL_TRAINING } from './baselines.ts';
import type { Role } from './progress.ts';

/** What a device is and holds. */
export interface Device {
  readonly participant: Participant;
  /** Names the stream of random numbers of its training. */
  readonly index: number;
  readonly seed: number;
  readonly share: Digits;
  /** Its share of all examples. */
  readonly scalar: Rational;
  /** Untrained weights, for the first round. */
  readonly initial: Float32Array;
  /** The largest |scalar · weight| that the masking configuration leaves unclamped. */
  readonly bound: number;
  /** Seconds between two questions to the coordinator while there is nothing to do. */
  readonly poll: number;
  readonly signal: AbortSignal;
  /** Told of its role in a round. */
  readonly onRole: (role: Role) => void;
  /** Told of the model it hands over, before it is masked. */
  readonly onTrained: (round: string, weights: Float32Array) => void;
  /** Told of the size of each part of an update that was delivered, and whether it was the last one. */
  readonly onUpdateSent: (bytes: number, last: boolean) => void;
}

/** The round had all it takes, or had ended: so it is with most messages on a busy machine, and the next round is another chance. */
const CAME_TOO_LATE: readonly string[] = ['transport-refused', 'sum-not-counted'];

/** Takes part in round after round until the signal aborts; rejects with what its participant cannot get over. */
export async function runDevice(device: Device): Promise<void> {
  const { participant, signal, poll } = device;
  let known: string | undefined;
  while (!signal.aborted) {
    try {
      const tick = await participant.tick({ signal });
      if (tick.failure !== undefined && !CAME_TOO_LATE.includes(tick.failure.code)) throw tick.failure;
      const decided = tick.state !== 'new-round' && tick.round !== undefined && tick.round !== known;
      if (decided) {
        known = tick.round;
        device.onRole(tick.task);
      }
      if (tick.sent?.tag === 'update') device.onUpdateSent(tick.sent.bytes, tick.sent.part === tick.sent.parts);
      const wanted = participant.modelNeeded;
      if (wanted !== undefined) await handOver(device, wanted);
      else if (tick.outcome === 'pending') await sleep(1000 * poll, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** Trains on top of the global model and gives the result to the participant. */
async function handOver(device: Device, wanted: ModelRequest): Promise<void> {
  const { participant, initial, share, seed, index, scalar, signal } = device;
  const global = await participant.globalModel({ signal });
  if (global !== undefined && global.round !== wanted.round) return; // the round changed meanwhile; the next tick sees it
  // As 64-bit floats, whatever the data type of the masks: integers would cut the weights off.
  const weights = global === undefined ? initial : Float32Array.from(global.toWeights('F64').subarray(0, WEIGHTS));
  const trained = new Float32Array(wanted.length); // padded with zeros
  trained.set(train(weights, share, LOCAL_TRAINING, seededRandom(seed, `round ${toHex(participant.params!.seed)} participant ${index}`)));
  checkBound(trained, scalar, device.bound, index);
  device.onTrained(wanted.round, trained);
  participant.setModel(trained, { round: wanted.round, scalar });
}

/** Throws `demo-weight-out-of-bound` when masking would clamp a weight: then the mean would be another one (wire 4.3). */
export function checkBound(weights: Float32Array, scalar: Rational, bound: number, index: number): void {
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) * (Number(scalar.numerator) / Number(scalar.denominator));
  if (largest > bound) throw new XaynetError('demo-weight-out-of-bound', `participant ${index + 1}: ${largest.toFixed(3)}, at most ${bound} allowed`);
}
