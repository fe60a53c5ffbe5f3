// The sum of a round as a fleet makes it, seen from one member: its own share, and for the leader the shares of all, when the door is closed.

import { XaynetError } from '@xaynet/core/errors';
import { Aggregation, type MaskObject } from '@xaynet/core/mask';
import type { RoundParams } from '@xaynet/core/round';
import type { Bulletin } from '../bulletin.ts';
import type { Sight } from '../stores/shared.ts';
import { Share, type ShareOptions } from './share.ts';

/** What it works with. */
export interface FleetSumOptions extends Omit<ShareOptions, 'round' | 'params'> {
  /** Which round it is, as this member sees it. */
  readonly bulletin: Bulletin;
  /** Whether this member leads; it has to give up gathering when it does not any more. */
  readonly leads: () => boolean;
  /** A look that renews the lease and tells who lives. */
  readonly look: () => Promise<Sight>;
  /** Milliseconds between two looks while others are waited for. */
  readonly every: number;
  /** Milliseconds without a step after which also those who live are not waited for any more. */
  readonly patience: number;
}

/** See the head of the file. */
export class FleetSum {
  readonly #options: FleetSumOptions;
  #share: Share | undefined;
  #settling: Promise<void> | undefined;

  constructor(options: FleetSumOptions) {
    this.#options = options;
  }

  /** An update that this member admitted; of a round that is over: nothing. */
  add(round: number, maskedModel: MaskObject, position: number): void {
    this.#shareOf(round)?.add(maskedModel, position);
  }

  /** Lets go of the share of a round that is over. */
  forgetOld(): void {
    if (this.#share !== undefined && this.#share.round !== this.#options.bulletin.view.round) this.#share = undefined;
  }

  /** Updates are no longer taken: what this member has of them goes into a stored sum. Can be called again after it was rejected. */
  settle(round: number): Promise<void> {
    this.#settling ??= (this.#shareOf(round)?.settle() ?? Promise.resolve()).finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  /**
   * For the leader, when the door is closed: waits until all contributions are in stored sums, takes over those of members that are gone, or that live
   * and get nowhere, and adds the sums up. Can be called again after it was rejected.
   */
  async gather(round: number, params: RoundParams): Promise<Aggregation> {
    const { store, clock, every, leads } = this.#options;
    let steps = '';
    let stepAt = clock.now();
    for (;;) {
      await this.settle(round);
      const outstanding = await store.sums.outstanding();
      if (outstanding.size === 0) break;
      if (!leads()) throw new XaynetError('storage-fenced');
      const now = JSON.stringify([...outstanding]);
      if (steps !== now) stepAt = clock.now();
      steps = now;
      if (!(await this.#takeOver(round, outstanding, stepAt))) await new Promise<void>((resolve) => clock.setTimer(every, resolve));
    }
    // A leader before this one may have come so far as to store the whole.
    const whole = await store.checkpoint();
    const sum = whole === undefined ? new Aggregation(params.maskConfig, params.modelLength) : Aggregation.restore(whole.aggregate, whole.count);
    for await (const { aggregate, count } of store.sums.partials()) sum.addSum(aggregate, count);
    return sum;
  }

  /** What belongs to members that are gone, or get nowhere, belongs to this one from now on; false: there is nothing to do but to wait. */
  async #takeOver(round: number, outstanding: ReadonlyMap<string, number>, stepAt: number): Promise<boolean> {
    const { store, clock, member, logger, look, patience } = this.#options;
    const { members } = await look();
    const areStuck = clock.now() - stepAt > patience;
    const gone = [...outstanding.keys()].filter((id) => id !== member && (areStuck || !members.some((one) => one.id === id)));
    for (const id of gone) {
      const contributions = await store.sums.claim(member, id);
      logger.warn(
        { round, member: id, contributions },
        areStuck ? 'contributions of a member that gets nowhere are taken over' : 'contributions of a member that is gone are taken over',
      );
    }
    return gone.length > 0 || outstanding.has(member);
  }

  #shareOf(round: number): Share | undefined {
    if (this.#share?.round === round) return this.#share;
    const { view } = this.#options.bulletin;
    if (view.round !== round) return undefined;
    this.#share = new Share({ ...this.#options, round, params: view.params });
    return this.#share;
  }
}
