// The seed dictionary as a store reads it where the seeds of an update are one value: kept so, and a row put together when it is asked for. Every member
// of a fleet has it, and of most rows each needs none; as maps of maps it would be several times as large, and would take seconds to make.

import { EncryptedMaskSeed, KeyMap, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import type { SeedDict, UpdateSeedDict } from '@xaynet/core/round';

/** The order of the sum participants in the seeds of an update: place by key, in hexadecimal. */
export type Roster = ReadonlyMap<string, number>;

/** A seed dictionary that is read only; see the head of the file. */
export class PackedSeeds extends KeyMap<PublicSigningKey, UpdateSeedDict> {
  /** By update participant, as it may be added twice. */
  readonly #updates = new Map<string, { readonly participant: PublicSigningKey; readonly roster: Roster; readonly seeds: Uint8Array }>();

  readonly #sums: KeyMap<PublicSigningKey, unknown>;

  /** With an empty row for each of these sum participants. */
  constructor(sums: KeyMap<PublicSigningKey, unknown>) {
    super();
    this.#sums = sums;
  }

  override get size(): number {
    return this.#sums.size;
  }

  override has(sum: Uint8Array): boolean {
    return this.#sums.has(sum);
  }

  /** Adds an update, whose seeds lie one after the other in the order of the roster. Throws when they are more or fewer. */
  add(participant: PublicSigningKey, roster: Roster, seeds: Uint8Array): void {
    if (seeds.length !== roster.size * EncryptedMaskSeed.LENGTH) throw new Error(`${seeds.length} bytes of seeds for ${roster.size} sum participants`);
    this.#updates.set(toHex(participant), { participant, roster, seeds });
  }

  override get(sum: Uint8Array): UpdateSeedDict | undefined {
    if (!this.#sums.has(sum)) return undefined;
    const name = toHex(sum);
    const row: UpdateSeedDict = new KeyMap();
    for (const { participant, roster, seeds } of this.#updates.values()) {
      const place = roster.get(name);
      if (place === undefined) continue;
      const at = place * EncryptedMaskSeed.LENGTH;
      row.set(participant, EncryptedMaskSeed(seeds.subarray(at, at + EncryptedMaskSeed.LENGTH)));
    }
    return row;
  }

  override keys(): PublicSigningKey[] {
    return this.#sums.keys();
  }

  override *[Symbol.iterator](): Iterator<[PublicSigningKey, UpdateSeedDict]> {
    for (const sum of this.keys()) yield [sum, this.get(sum)!];
  }

  /** How many seeds each row has. */
  rowSizes(): number[] {
    // Updates of one roster are in the same rows.
    const updates = new Map<Roster, number>();
    for (const { roster } of this.#updates.values()) updates.set(roster, (updates.get(roster) ?? 0) + 1);
    return this.keys().map((sum) => [...updates].reduce((size, [roster, count]) => size + (roster.has(toHex(sum)) ? count : 0), 0));
  }
}

/** How many seeds each row of a dictionary has. */
export function rowSizes(seeds: SeedDict): number[] {
  return seeds instanceof PackedSeeds ? seeds.rowSizes() : [...seeds].map(([, row]) => row.size);
}
