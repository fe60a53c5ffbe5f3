// How chunks come to the member that collects those of their participant. A member that cannot be reached, or takes too long, is passed over for the
// time of a lease, by then it is a member no more or well again; meanwhile the next one in line collects, which all who noticed agree on.
// Whoever finds nobody keeps the chunk itself. None of that can lose or double anything (intake/fleet-chunks.ts).

import type { Clock } from '../clock.ts';
import type { Verdict } from '../http/port.ts';
import type { HandedChunk } from '../intake/fleet-chunks.ts';
import type { Logger } from '../log.ts';
import { messageOf } from '../patience.ts';
import type { Member } from '../stores/shared.ts';
import { ownerOf } from './owner.ts';

/** Sends a chunk to a member: its verdict, or undefined when it takes nothing now. Rejects when it cannot be reached, and when `signal` says so. */
export type SendChunk = (member: Member, chunk: HandedChunk, signal: AbortSignal) => Promise<Verdict | undefined>;

export interface HandoverOptions {
  /** Id of this member. */
  readonly self: string;
  /** Those that live. One without a URL cannot be asked, and collects nothing. */
  readonly members: () => readonly Member[];
  readonly send: SendChunk;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Leases that a verdict may take: what completes a message is answered when the store has it, for which that has the time of one. */
const PATIENCE = 2;
/** Members that are asked for one chunk. */
const TRIES = 2;

/** See the head of the file. */
export class Handover {
  readonly #options: HandoverOptions;
  /** Until when a member is passed over, by its id. */
  readonly #passed = new Map<string, number>();
  /** Members that failed when they were asked last: it is told once, not every lease. */
  readonly #failing = new Set<string>();

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** The owner's verdict; undefined: this process is to keep the chunk. Never rejects. */
  async hand(chunk: HandedChunk): Promise<Verdict | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const owner = ownerOf(chunk.participant, this.#candidates);
      if (owner === undefined || owner.id === this.#options.self) return undefined;
      const verdict = await this.#ask(owner, chunk);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  get #candidates(): readonly Member[] {
    const { members, clock } = this.#options;
    const now = clock.now();
    const living = members();
    for (const [id, until] of this.#passed) if (until <= now) this.#passed.delete(id);
    for (const one of this.#failing) if (living.every(({ id }) => id !== one)) this.#failing.delete(one);
    return living.filter(({ id, url }) => url !== '' && !this.#passed.has(id));
  }

  async #ask(owner: Member, chunk: HandedChunk): Promise<Verdict | undefined> {
    const { send, leaseMs, clock } = this.#options;
    const late = new AbortController();
    let cancel = (): void => {};
    const waiting = new Promise<never>((_, reject) => {
      cancel = clock.setTimer(PATIENCE * leaseMs, () => {
        reject(new Error(`no answer within ${(PATIENCE * leaseMs) / 1000} s`));
        late.abort();
      });
    });
    try {
      const verdict = await Promise.race([send(owner, chunk, late.signal), waiting]);
      if (verdict === undefined) this.#pass(owner, 'it takes no messages now');
      else if (this.#failing.delete(owner.id)) this.#options.logger.info({ member: owner.id, url: owner.url }, 'a member of the fleet collects chunks again');
      return verdict;
    } catch (error) {
      this.#pass(owner, messageOf(error));
      return undefined;
    } finally {
      cancel();
    }
  }

  #pass({ id, url }: Member, why: string): void {
    const { clock, leaseMs, logger } = this.#options;
    if (!this.#failing.has(id)) logger.warn({ member: id, url, why }, 'a member of the fleet is passed over: others collect the chunks that were for it');
    this.#failing.add(id);
    this.#passed.set(id, clock.now() + leaseMs);
  }
}
