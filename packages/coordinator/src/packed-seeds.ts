// The seed dictionary as a store reads it where the seeds of an update are one value: kept in large pieces of memory, and a row put together when it is
// asked for. Every member of a fleet has all of it, and of most rows needs none; as maps of maps it would be several times as large, and take seconds.

import { compareBytes, EncryptedMaskSeed, KeyMap, PublicSigningKey, toHex } from '@xaynet/core/bytes';
import type { UpdateSeedDict } from '@xaynet/core/round';

/** The order of the sum participants in the seeds of an update: place by key, in hexadecimal. */
export type Roster = ReadonlyMap<string, number>;

/** Updates in a piece of memory. */
const IN_A_SLAB = 64;
const KEY_BYTES = PublicSigningKey.LENGTH;
const SEED_BYTES = EncryptedMaskSeed.LENGTH;
/** Bits of a whole number that a double has exactly. */
const EXACT_BITS = 53;

/** Updates whose seeds are in one order. */
interface Slab {
  readonly roster: Roster;
  readonly participants: Uint8Array;
  readonly seeds: Uint8Array;
  count: number;
}

/** Where an update is. */
interface Record {
  readonly slab: Slab;
  readonly at: number;
}

/** A seed dictionary to which updates are added while it is read from a store, and that is only read from then on; see the head of the file. */
export class PackedSeeds extends KeyMap<PublicSigningKey, UpdateSeedDict> {
  readonly #sums: KeyMap<PublicSigningKey, unknown>;
  readonly #slabs: Slab[] = [];
  /** The newest slab of each roster. */
  readonly #open = new Map<Roster, Slab>();
  #sorted: readonly Record[] | undefined;

  /** With an empty row for each of these sum participants. */
  constructor(sums: KeyMap<PublicSigningKey, unknown>) {
    super();
    this.#sums = sums;
  }

  /** Adds a copy of an update, whose seeds lie one after the other in the order of the roster. Throws when it is not one of the right length. */
  add(participant: Uint8Array, roster: Roster, seeds: Uint8Array): void {
    const width = roster.size * SEED_BYTES;
    if (participant.length !== KEY_BYTES) throw new Error(`${participant.length} bytes of a participant's key`);
    if (seeds.length !== width) throw new Error(`${seeds.length} bytes of seeds for ${roster.size} sum participants`);
    let slab = this.#open.get(roster);
    if (slab === undefined || slab.count === IN_A_SLAB) {
      slab = { roster, participants: new Uint8Array(IN_A_SLAB * KEY_BYTES), seeds: new Uint8Array(IN_A_SLAB * width), count: 0 };
      this.#slabs.push(slab);
      this.#open.set(roster, slab);
    }
    slab.participants.set(participant, slab.count * KEY_BYTES);
    slab.seeds.set(seeds, slab.count * width);
    slab.count++;
    this.#sorted = undefined;
  }

  override get size(): number {
    return this.#sums.size;
  }

  override has(sum: Uint8Array): boolean {
    return this.#sums.has(sum);
  }

  override get(sum: Uint8Array): UpdateSeedDict | undefined {
    if (!this.#sums.has(sum)) return undefined;
    const name = toHex(sum);
    const all = this.#records();
    const isInAll = [...this.#open.keys()].every((roster) => roster.has(name));
    return new PackedRow(isInAll ? all : all.filter(({ slab }) => slab.roster.has(name)), name);
  }

  override keys(): PublicSigningKey[] {
    return this.#sums.keys();
  }

  override *[Symbol.iterator](): Iterator<[PublicSigningKey, UpdateSeedDict]> {
    for (const sum of this.keys()) yield [sum, this.get(sum)!];
  }

  /** In ascending order of the participants, each once: the store may have told of it twice. */
  #records(): readonly Record[] {
    this.#sorted ??= sorted(this.#slabs.flatMap((slab) => Array.from({ length: slab.count }, (_, at) => ({ slab, at }))));
    return this.#sorted;
  }
}

/** One row. */
class PackedRow extends KeyMap<PublicSigningKey, EncryptedMaskSeed> {
  readonly #records: readonly Record[];
  readonly #name: string;

  constructor(records: readonly Record[], name: string) {
    super();
    this.#records = records;
    this.#name = name;
  }

  override get size(): number {
    return this.#records.length;
  }

  override get(participant: Uint8Array): EncryptedMaskSeed | undefined {
    let [from, to] = [0, this.#records.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const order = compareBytes(participantOf(this.#records[middle]!), participant);
      if (order === 0) return this.#seedOf(this.#records[middle]!);
      if (order < 0) from = middle + 1;
      else to = middle;
    }
    return undefined;
  }

  override has(participant: Uint8Array): boolean {
    return this.get(participant) !== undefined;
  }

  override *[Symbol.iterator](): Iterator<[PublicSigningKey, EncryptedMaskSeed]> {
    for (const record of this.#records) yield [participantOf(record), this.#seedOf(record)];
  }

  #seedOf({ slab, at }: Record): EncryptedMaskSeed {
    const begin = (at * slab.roster.size + slab.roster.get(this.#name)!) * SEED_BYTES;
    return EncryptedMaskSeed(slab.seeds.subarray(begin, begin + SEED_BYTES));
  }
}

function participantOf({ slab, at }: Record): PublicSigningKey {
  return PublicSigningKey(slab.participants.subarray(at * KEY_BYTES, (at + 1) * KEY_BYTES));
}

/** Sorts as numbers, a million in a tenth of a second: the beginning of the key, then the place; the few whose keys begin alike are sorted by the whole key. */
function sorted(records: readonly Record[]): readonly Record[] {
  const placeBits = Math.ceil(Math.log2(records.length + 1));
  const keyBits = Math.min(32, EXACT_BITS - placeBits);
  const places = 2 ** placeBits;
  const numbers = Float64Array.from(records, ({ slab, at }, place) => {
    const [a, b, c, d] = slab.participants.subarray(at * KEY_BYTES, at * KEY_BYTES + 4) as unknown as [number, number, number, number];
    return Math.floor((a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / 2 ** (32 - keyBits)) * places + place;
  }).sort();
  const found: Record[] = [];
  for (let from = 0, to = 0; from < numbers.length; from = to) {
    const beginning = Math.floor(numbers[from]! / places);
    for (to = from + 1; to < numbers.length && Math.floor(numbers[to]! / places) === beginning; to++);
    const alike = Array.from(numbers.subarray(from, to), (number) => records[number % places]!);
    if (alike.length > 1) alike.sort((a, b) => compareBytes(participantOf(a), participantOf(b)));
    for (const [i, record] of alike.entries()) if (i === 0 || compareBytes(participantOf(alike[i - 1]!), participantOf(record)) !== 0) found.push(record);
  }
  return found;
}
