// One participant's way to the coordinator: counts what travels, takes the time that its network takes, and loses what that loses.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { PublishedModel, RoundParams, SumDict, UpdateSeedDict } from '@xaynet/core/round';
import { type Transport, TransportError, type Verdict } from '@xaynet/participant';
import type { SeededRandom } from '../learning/seeded-random.ts';
import { type Link, requestTime } from './links.ts';
import type { Tally } from './tally.ts';
import type { Turns } from './world.ts';

/** Bytes of the bodies of the protocol (wire 7.3). */
const PARAMS = 136;
const SUM_ENTRY = 80;
const SEED_ENTRY = 128;
const DICTIONARY = 8;

export interface SeatTransportOptions {
  /** What all participants share. */
  readonly way: Transport;
  readonly tally: Tally;
  readonly timeline: Pick<Turns, 'sleep'>;
  readonly link: Link | undefined;
  /** How many times longer than usual everything takes on its line. */
  readonly slowdown: number;
  /** Decides what is lost. */
  readonly random: SeededRandom;
}

/** See the head of the file. */
export class SeatTransport implements Transport {
  readonly #options: SeatTransportOptions;

  constructor(options: SeatTransportOptions) {
    this.#options = options;
  }

  async params(signal?: AbortSignal): Promise<RoundParams> {
    await this.#carry(0, PARAMS);
    return this.#options.way.params(signal);
  }

  async sums(signal?: AbortSignal, maxBytes?: number): Promise<SumDict | undefined> {
    return this.#get(await this.#options.way.sums(signal, maxBytes), ({ size }) => DICTIONARY + SUM_ENTRY * size);
  }

  async seeds(participant: PublicSigningKey, signal?: AbortSignal, maxBytes?: number): Promise<UpdateSeedDict | undefined> {
    return this.#get(await this.#options.way.seeds(participant, signal, maxBytes), ({ size }) => DICTIONARY + SEED_ENTRY * size);
  }

  async model(signal?: AbortSignal, maxBytes?: number): Promise<PublishedModel | undefined> {
    return this.#get(await this.#options.way.model(signal, maxBytes), ({ bytes }) => bytes.length);
  }

  async send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined> {
    await this.#carry(bytes.length, 0);
    return this.#options.way.send(bytes, signal);
  }

  async #get<T>(document: T | undefined, size: (document: T) => number): Promise<T | undefined> {
    await this.#carry(0, document === undefined ? 0 : size(document));
    return document;
  }

  async #carry(up: number, down: number): Promise<void> {
    const { link, random, slowdown, tally, timeline } = this.#options;
    tally.up += up;
    tally.down += down;
    if (link === undefined) return;
    await timeline.sleep(requestTime(link, up, down, slowdown));
    if (random.next() >= link.loss) return;
    tally.lost++;
    throw new TransportError('transport-unreachable', 'lost by the simulated network', { url: 'in-process:network' });
  }
}
