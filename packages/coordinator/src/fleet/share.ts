// What one process of a fleet adds up: the updates that it admitted, whose bytes it has at hand, so that nobody need fetch them again. The sum is
// stored every so many updates, in one act with the news that these updates are in it. Whatever is in doubt (a lost answer, a pause in which others
// took over) is settled by asking the store what belongs to this member: what does is added, what does not any more is thrown away with the
// sum that it was in, which begins anew beside the one that was stored.

import { Aggregation, type MaskObject, maskObjectSize } from '@xaynet/core/mask';
import type { RoundParams } from '@xaynet/core/round';
import { contributionsPerCheckpoint } from '../aggregate.ts';
import { type Memory, release } from '../buffers.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { type Meter, SILENT_METER } from '../meter.ts';
import { messageOf } from '../patience.ts';
import type { SharedStore } from '../stores/shared.ts';

/** What a share works with. */
export interface ShareOptions {
  readonly store: SharedStore;
  /** Id of the member. */
  readonly member: string;
  readonly round: number;
  readonly params: RoundParams;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter?: Meter | undefined;
  /** Updates from one stored sum to the next; by their size when left out. */
  readonly checkpointEvery?: number | undefined;
  /** Shown every masked model that is added, to be read before it returns. */
  readonly peek?: ((maskedModel: MaskObject) => void) | undefined;
}

let made = 0;

/** See the head of the file. */
export class Share {
  readonly #options: ShareOptions;
  readonly #every: number;
  #name: string;
  #sum: Aggregation;
  /** In the sum, and in no stored one yet. */
  #unfolded: number[] = [];
  /** All in the sum. */
  readonly #has = new Set<number>();
  #folding: Promise<void> = Promise.resolve();

  constructor(options: ShareOptions) {
    const { params, checkpointEvery } = options;
    this.#options = options;
    this.#every = checkpointEvery ?? contributionsPerCheckpoint(maskObjectSize(params.maskConfig, params.modelLength));
    this.#name = this.#newName();
    this.#sum = new Aggregation(params.maskConfig, params.modelLength);
  }

  get round(): number {
    return this.#options.round;
  }

  /** Adds what was admitted at this position and belongs to this member, unless it is in the sum: an answer may be slower than {@link Share.settle}. */
  add(maskedModel: MaskObject, position: number): void {
    if (this.#has.has(position)) return;
    this.#has.add(position);
    const { clock, meter = SILENT_METER, peek } = this.#options;
    const begun = clock.now();
    this.#sum.add(maskedModel);
    this.#unfolded.push(position);
    peek?.(maskedModel);
    meter.observe('aggregate', (clock.now() - begun) / 1000, maskedModel.vect.length);
    if (this.#unfolded.length >= this.#every) {
      void this.#fold().catch((error: unknown) => {
        this.#options.logger.warn({ error: messageOf(error) }, 'a sum could not be stored; the contributions are kept');
      });
    }
  }

  /** Resolves when all that belongs to this member is in a stored sum. Can be called again after it was rejected. */
  async settle(): Promise<void> {
    const { store, member, round } = this.#options;
    for (;;) {
      await this.#fold();
      const pending = await store.sums.pending(round, member);
      if (pending.length === 0) return;
      for (const position of pending) {
        if (this.#has.has(position)) continue;
        const { maskedModel } = await store.sums.contribution(position);
        this.add(maskedModel, position);
      }
    }
  }

  /** One after another: a sum that is stored has all that were stored before. */
  #fold(): Promise<void> {
    const next = this.#folding.then(() => this.#foldNow());
    this.#folding = next.catch(() => {});
    return next;
  }

  async #foldNow(): Promise<void> {
    if (this.#unfolded.length === 0) return;
    const { store, member, round, clock, meter = SILENT_METER, logger } = this.#options;
    const begun = clock.now();
    const sum = this.#sum;
    const positions = this.#unfolded;
    this.#unfolded = [];
    const aggregate = sum.object();
    const memory: Memory = { buffer: aggregate.vect.buffer as ArrayBuffer };
    let outcome: 'ok' | 'lost';
    try {
      outcome = await store.sums.fold(round, member, { name: this.#name, aggregate, count: sum.count }, positions, memory);
    } catch (error) {
      // It may be stored or not: what still belongs to this member is not in it.
      await this.#afterDoubt(positions).catch(() => {
        if (this.#sum === sum) this.#unfolded = [...positions, ...this.#unfolded];
      });
      throw error;
    }
    if (memory.buffer !== undefined) release(memory.buffer);
    meter.observe('checkpoint', (clock.now() - begun) / 1000, aggregate.vect.length);
    if (outcome === 'ok') return;
    logger.warn({ round, member, contributions: positions.length }, 'another process has taken over what this one was adding up');
    this.#begin();
  }

  /** An answer was lost. What still belongs to this member is in no stored sum; else it was stored or taken over, and either way this sum is over. */
  async #afterDoubt(positions: readonly number[]): Promise<void> {
    const { store, member, round } = this.#options;
    const pending = new Set(await store.sums.pending(round, member));
    if (positions.every((position) => pending.has(position))) this.#unfolded = [...positions, ...this.#unfolded];
    else this.#begin();
  }

  /** Anew, beside what was stored; what is in no stored sum and still belongs to this member is read again. */
  #begin(): void {
    const { params } = this.#options;
    this.#name = this.#newName();
    this.#sum = new Aggregation(params.maskConfig, params.modelLength);
    this.#unfolded = [];
    this.#has.clear();
  }

  #newName(): string {
    return `${this.#options.member}-${made++}`;
  }
}
