// What is published: one immutable view that is replaced as a whole, so that phase, key and documents always belong together (weakness
// W-08). The bodies of the GET routes are encoded once for each document, when first asked for, and served from then on.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import { toHex } from '@xaynet/core/bytes';
import type { EncryptKeyPair } from '@xaynet/core/crypto';
import { encodeRoundParams, encodeSumDict, encodeUpdateSeedDict, type RoundParams, type SeedDict, type SumDict } from '@xaynet/core/round';
import type { PhaseName } from './round/state.ts';

/** What holds at one moment, for participants and for the intake of their messages. */
export interface View {
  readonly round: number;
  readonly phase: PhaseName;
  /** The round's key pair; the secret half is for the intake only. */
  readonly keys: EncryptKeyPair;
  readonly params: RoundParams;
  readonly sums: SumDict | undefined;
  readonly seeds: SeedDict | undefined;
  /** The bytes of the latest global model. */
  readonly model: Uint8Array | undefined;
  /** The round it is of, where that is known. */
  readonly modelRound?: number | undefined;
}

/** The published view and its encoded documents (coordinator 1.3, 3.2). */
export class Bulletin {
  #view: View;
  #params: Uint8Array;
  #sums: Uint8Array | undefined;
  #seeds = new Map<string, Uint8Array>();
  readonly #rounds = new WeakMap<Uint8Array, number>();
  readonly #listeners: ((view: View) => void)[] = [];

  constructor(view: View) {
    this.#view = view;
    this.#params = this.#of(view.round, encodeRoundParams(view.params));
    this.#ofModel(view);
  }

  /** What is published now. */
  get view(): View {
    return this.#view;
  }

  /** Calls back after every change. */
  onChange(listener: (view: View) => void): void {
    this.#listeners.push(listener);
  }

  /** Replaces the view at once. */
  publish(view: View): void {
    const before = this.#view;
    this.#view = view;
    if (view.params !== before.params) this.#params = this.#of(view.round, encodeRoundParams(view.params));
    this.#ofModel(view);
    if (view.sums !== before.sums) this.#sums = undefined;
    if (view.seeds !== before.seeds) this.#seeds = new Map();
    for (const listener of this.#listeners) listener(view);
  }

  /** Body of `/params`. */
  params(): Uint8Array {
    return this.#params;
  }

  /** Body of `/sums`, or undefined while none is published. */
  sums(): Uint8Array | undefined {
    const { sums } = this.#view;
    if (sums === undefined) return undefined;
    this.#sums ??= this.#of(this.#view.round, encodeSumDict(sums));
    return this.#sums;
  }

  /** Body of `/seeds` for one sum participant, or undefined while none is published or for anybody else. */
  seeds(participant: PublicSigningKey): Uint8Array | undefined {
    const row = this.#view.seeds?.get(participant);
    if (row === undefined) return undefined;
    const key = toHex(participant);
    const body = this.#seeds.get(key) ?? this.#of(this.#view.round, encodeUpdateSeedDict(row));
    this.#seeds.set(key, body);
    return body;
  }

  /** Body of `/model`, or undefined before the first. */
  model(): Uint8Array | undefined {
    return this.#view.model;
  }

  /** The round of one of these bodies; undefined for a model of which it is not known. */
  roundOf(body: Uint8Array): number | undefined {
    return this.#rounds.get(body);
  }

  #of(round: number, body: Uint8Array): Uint8Array {
    this.#rounds.set(body, round);
    return body;
  }

  #ofModel({ model, modelRound }: View): void {
    if (model !== undefined && modelRound !== undefined) this.#rounds.set(model, modelRound);
  }
}
