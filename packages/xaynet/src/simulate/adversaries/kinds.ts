// The kinds of adversaries: what somebody with valid keys and a seat in the crowd can try (docs/SECURITY.md). Each is a participant of the library
// that does one thing otherwise: its way to the coordinator lies or repeats, its model is another one, or it makes messages by hand.

import { KeyMap, type PublicSigningKey } from '@xaynet/core/bytes';
import { generateEncryptKeyPair, seal } from '@xaynet/core/crypto';
import { maskConfig } from '@xaynet/core/mask';
import { MessageEncoder } from '@xaynet/core/message';
import type { RoundParams, SumDict, UpdateSeedDict } from '@xaynet/core/round';
import type { Transport, Verdict } from '@xaynet/participant';
import { seededBytes } from '../../learning/seeded-bytes.ts';
import { seededRandom } from '../../learning/seeded-random.ts';
import type { Conduct } from '../conduct.ts';
import { WayOver } from './counting-way.ts';
import { forgedUpdate, sendAnyway, sendForged } from './forged-update.ts';
import { ADVERSARIES, BOOST, FLOOD, OVERFLOW } from './names.ts';

/** Largest message of a flooding participant: less than an update of one weight takes, so that there is always more to come. */
const FLOOD_CHUNK = 256;
/** Messages of earlier rounds that a replaying participant keeps. */
const KEPT = 2;

const CONDUCTS: Readonly<Record<string, Conduct>> = {
  garbage: { way: (way, { tally }, { seed }) => new Garbler(way, seed, tally.index) },
  replay: { way: (way) => new Replayer(way) },
  double: {
    async forge(occasion) {
      const { seat, weights, world } = occasion;
      const [one, another] = [await forgedUpdate(occasion, weights, 'first'), await forgedUpdate(occasion, weights.toReversed(), 'second')];
      world.book.keep(seat.tally, weights);
      for (const payload of [one, another]) if (payload !== undefined) await sendForged(occasion, payload);
    },
  },
  malformed: { way: (way, { tally }) => new Misreader(way, tally.index % 2 === 0) },
  boost: { train: (trained, start) => trained.map((weight, i) => start[i]! + BOOST * (weight - start[i]!)) },
  flip: { train: (trained, start) => trained.map((weight, i) => 2 * start[i]! - weight) },
  overflow: {
    async forge(occasion) {
      const { participant, seat, weights, world } = occasion;
      const payload = await forgedUpdate(occasion, weights, 'only', OVERFLOW);
      if (payload === undefined) return;
      const bound = Number(participant.params!.maskConfig.vect.addShift);
      world.book.keep(seat.tally, weights, OVERFLOW * bound * world.shareUnit);
      await sendForged(occasion, payload);
    },
  },
  'bad-seeds': { way: (way, { tally }, { seed }) => new Missealer(way, seed, tally.index) },
  'wrong-mask': { way: (way) => new Forgetter(way) },
  withhold: { withholds: true },
  sybil: { way: (way) => new Pretender(way) },
  flood: {
    async forge(occasion) {
      const { participant, seat, way, weights, world } = occasion;
      const payload = await forgedUpdate(occasion, weights, 'flood');
      if (payload === undefined) return;
      const { publicKey } = participant.params!;
      for (let id = 0; id < FLOOD; id++) {
        const encoder = new MessageEncoder(payload, {
          keys: seat.keys,
          coordinator: publicKey,
          maxMessageSize: FLOOD_CHUNK,
          random: () => Uint8Array.of(0, id),
        });
        const first = encoder.next()!;
        const random = seededBytes(world.seed, `flood ${seat.tally.index} ${participant.round} ${id}`);
        if (encoder.count > 1) await sendAnyway(() => way.send(seal(first, publicKey, random)));
      }
    },
  },
};

/** What an adversary of this kind does; throws an ordinary Error for a kind that there is not. */
export function conductOf(kind: string): Conduct {
  const conduct = Object.hasOwn(CONDUCTS, kind) ? CONDUCTS[kind] : undefined;
  if (conduct === undefined) throw new Error(`adversary kind ${kind}: one of ${Object.keys(ADVERSARIES).join(', ')} is expected`);
  return conduct;
}

/** Spoils every message on its way. */
class Garbler extends WayOver {
  readonly #random;

  constructor(under: Transport, seed: number, index: number) {
    super(under);
    this.#random = seededRandom(seed, `garbage ${index}`);
  }

  override send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined> {
    const random = this.#random;
    let spoilt = bytes.slice();
    switch (random.below(4)) {
      case 0:
        spoilt[random.below(spoilt.length)]! ^= 1 << random.below(8);
        break;
      case 1:
        spoilt = spoilt.slice(0, random.below(spoilt.length));
        break;
      case 2:
        spoilt = Uint8Array.from(spoilt, () => random.below(256));
        break;
      default:
        spoilt = Uint8Array.from([...spoilt.subarray(0, 100), 0, ...spoilt.subarray(100)]);
    }
    return this.under.send(spoilt, signal);
  }
}

/** Sends everything twice, and what it sent in earlier rounds. */
class Replayer extends WayOver {
  #kept: Uint8Array[] = [];

  override async send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined> {
    const old = this.#kept;
    this.#kept = [bytes.slice(), ...old].slice(0, KEPT);
    const verdict = await this.under.send(bytes, signal);
    for (const again of [bytes, ...old]) await sendAnyway(() => this.under.send(again, signal));
    return verdict;
  }
}

/** Reads other parameters than there are: one weight less, or another configuration. */
class Misreader extends WayOver {
  readonly #shorter: boolean;
  #last: { readonly from: RoundParams; readonly to: RoundParams } | undefined;

  constructor(under: Transport, shorter: boolean) {
    super(under);
    this.#shorter = shorter;
  }

  override async params(signal?: AbortSignal): Promise<RoundParams> {
    const from = await this.under.params(signal);
    if (this.#last?.from !== from) {
      const { group, data, bound, model } = from.maskConfig.vect;
      const other = maskConfig(group === 'Integer' ? 'Prime' : 'Integer', data, bound, model);
      this.#last = { from, to: this.#shorter ? { ...from, modelLength: from.modelLength - 1 } : { ...from, maskConfig: { vect: other, unit: other } } };
    }
    return this.#last.to;
  }
}

/** Sees other ephemeral keys in the sum dictionary, its own, so that nobody can open what it seals. */
class Missealer extends WayOver {
  readonly #seed: number;
  readonly #index: number;

  constructor(under: Transport, seed: number, index: number) {
    super(under);
    this.#seed = seed;
    this.#index = index;
  }

  override async sums(signal?: AbortSignal, maxBytes?: number): Promise<SumDict | undefined> {
    const sums = await this.under.sums(signal, maxBytes);
    const random = seededBytes(this.#seed, `bad seeds ${this.#index}`);
    return sums && new KeyMap([...sums.keys()].map((key) => [key, generateEncryptKeyPair(random).publicKey] as const));
  }
}

/** Gets one seed less than there are. */
class Forgetter extends WayOver {
  override async seeds(participant: PublicSigningKey, signal?: AbortSignal, maxBytes?: number): Promise<UpdateSeedDict | undefined> {
    const seeds = await this.under.seeds(participant, signal, maxBytes);
    return seeds && new KeyMap([...seeds].slice(1));
  }
}

/** Believes that everybody is a sum participant. */
class Pretender extends WayOver {
  #last: { readonly from: RoundParams; readonly to: RoundParams } | undefined;

  override async params(signal?: AbortSignal): Promise<RoundParams> {
    const from = await this.under.params(signal);
    if (this.#last?.from !== from) this.#last = { from, to: { ...from, sum: 1 } };
    return this.#last.to;
  }
}
