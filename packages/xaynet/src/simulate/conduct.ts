// What an adversary does otherwise than an honest participant; everything else it does as well. The kinds are in adversaries/.

import type { ModelRequest, Participant, Transport } from '@xaynet/participant';
import type { Seat } from './virtual-participant.ts';
import type { World } from './world.ts';

/** An update that is asked for: everything that an adversary needs to make one of its own. */
export interface Occasion {
  readonly participant: Participant;
  readonly wanted: ModelRequest;
  readonly seat: Seat;
  readonly world: World;
  /** What an honest participant would hand over. */
  readonly weights: Float32Array;
  /** Its own way to the coordinator. */
  readonly way: Transport;
}

/** See the head of the file. */
export interface Conduct {
  /** Its way to the coordinator, on top of the honest one; the honest one when left out. */
  way?(way: Transport, seat: Seat, world: World): Transport;
  /** The model that it hands over in place of the one that it trained from `start`. */
  train?(trained: Float32Array, start: Float32Array): Float32Array;
  /** Sends what it likes in place of an update; its participant leaves the round then. */
  forge?(occasion: Occasion): Promise<void>;
  /** As a sum participant it never sends its mask. */
  readonly withholds?: boolean;
}
