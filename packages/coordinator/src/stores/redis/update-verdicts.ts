// The verdicts on updates. Those that come while a script is under way go together in the next one, and so do those whose bytes are just being put and that
// are to come at once: a script costs server and process more than what it does for one update, so it costs little where there are many updates, and
// nobody waits where there is one. What an update says of its sum participants is compared with the dictionary once; after that its digest is enough,
// and the seeds of an update are one value however many there are.

import { sha256 } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { Update, UpdateAdmission } from '../contract.ts';
import type { Closed } from '../shared.ts';
import type { Guard, RedisActs } from './acts.ts';
import { ADMIT_UPDATES, UPDATE_ANSWERS } from './admission-scripts.ts';
import type { Arg, Reply } from './library.ts';
import { buffer } from './values.ts';

/** A verdict, or that round and phase are not those of the guard any more, or have all they take; never so for the holder of the lease. */
export type Guarded<Verdict> = Verdict | { readonly verdict: Closed };

/** Updates and bytes of seeds that go together. */
const MOST_UPDATES = 100;
const MOST_BYTES = 1 << 20;
/** Milliseconds that updates wait at most for others that are to come. */
const LONGEST_WAIT = 20;
/** Says that the sum participants are not sent along. */
const NOT_SENT = '-';

/** An update that waits for its verdict. */
interface Waiting {
  readonly guard: Guard;
  readonly member: string;
  readonly participant: Buffer;
  readonly entry: Arg;
  readonly sums: Buffer;
  readonly digest: Buffer;
  readonly seeds: Buffer;
  resolve(admission: Guarded<UpdateAdmission>): void;
  reject(error: unknown): void;
}

/** See the head of the file. */
export class UpdateVerdicts {
  readonly #acts: RedisActs;
  #waiting: Waiting[] = [];
  #isUnderWay = false;
  /** Updates that have been announced and are not here yet. */
  #coming = 0;
  #allHere: () => void = () => {};
  /** Digest that the server knows to be the dictionary's, as far as this process has seen, in hexadecimal. */
  #known = '';

  constructor(acts: RedisActs) {
    this.#acts = acts;
  }

  /** An update is to come, when this has ended; after a failure it does not. */
  async announced<T>(work: Promise<T>): Promise<T> {
    this.#coming++;
    try {
      return await work;
    } finally {
      this.#coming--;
      if (this.#coming === 0) setImmediate(() => this.#allHere());
    }
  }

  /** The verdict on an update; `entry`: what the index of contributions is to hold of it. Throws as the acts do. */
  of(guard: Guard, { participant, localSeedDict }: Update, entry: Arg, member: string): Promise<Guarded<UpdateAdmission>> {
    const rows = [...localSeedDict]; // in ascending order
    const sums = Buffer.concat(rows.map(([sum]) => sum));
    const seeds = Buffer.concat(rows.map(([, seed]) => seed));
    return new Promise((resolve, reject) => {
      const one = { guard, member, participant: buffer(participant), entry, sums, digest: Buffer.from(sha256(sums)), seeds, resolve, reject };
      // Whoever holds the lease depends on the order of its acts.
      if (guard.kind === 'holder') void this.#judge([one]);
      else {
        this.#waiting.push(one);
        if (!this.#isUnderWay) void this.#work();
      }
    });
  }

  async #work(): Promise<void> {
    this.#isUnderWay = true;
    while (this.#waiting.length > 0) {
      await this.#others();
      await this.#judge(this.#next());
    }
    this.#isUnderWay = false;
  }

  /** Lets those come that are to come at once, and those whose senders have just been answered. */
  async #others(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#coming === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LONGEST_WAIT);
      this.#allHere = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The first that wait and can go together. */
  #next(): Waiting[] {
    const first = this.#waiting[0]!;
    let bytes = 0;
    let count = 0;
    for (const { guard, member, seeds } of this.#waiting) {
      bytes += seeds.length;
      if (count > 0 && (bytes > MOST_BYTES || count === MOST_UPDATES || member !== first.member || !areEqual(guard, first.guard))) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Gives each its verdict, or the error. Never rejects. */
  async #judge(some: readonly Waiting[]): Promise<void> {
    try {
      const unknown = await this.#ask(some, false);
      if (unknown.length > 0) await this.#ask(unknown, true);
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }

  /** Asks once, and resolves what has a verdict; those whose sum participants the server wants to see. */
  async #ask(some: readonly Waiting[], isComplete: boolean): Promise<readonly Waiting[]> {
    const [{ guard, member }] = some as [Waiting];
    const args: Arg[] = [member];
    for (const { participant, entry, digest, sums, seeds } of some) {
      args.push(participant, entry, digest, isComplete || digest.toString('hex') !== this.#known ? sums : NOT_SENT, seeds);
    }
    const { meta } = this.#acts.names;
    const answer = await this.#acts.guarded(
      guard,
      ADMIT_UPDATES,
      ({ sums, updates, contributions, share, seeds, roster }) => [meta, sums, updates, contributions, share, seeds, roster],
      args,
    );
    const again: Waiting[] = [];
    for (const [i, one] of some.entries()) {
      if (answer.kind !== 'done') one.resolve({ verdict: answer.kind });
      else if (answer.reply[i] === UPDATE_ANSWERS.keys && !isComplete) again.push(one);
      else {
        const admission = admissionOf(answer.reply[i]);
        if (admission.verdict === 'ok') this.#known = one.digest.toString('hex');
        one.resolve(admission);
      }
    }
    return again;
  }
}

function admissionOf(reply: Reply | undefined): Guarded<UpdateAdmission> {
  if (typeof reply === 'number' && reply > 0) return { verdict: 'ok', position: reply };
  switch (reply) {
    case UPDATE_ANSWERS.full:
      return { verdict: 'phase-full' };
    case UPDATE_ANSWERS.length:
      return { verdict: 'length-mismatch' };
    case UPDATE_ANSWERS.unknown:
      return { verdict: 'unknown-sum-participant' };
    case UPDATE_ANSWERS.again:
      return { verdict: 'already-submitted' };
    default:
      throw new XaynetError('storage-failed', `a script answered ${String(reply)}`);
  }
}

function areEqual(a: Guard, b: Guard): boolean {
  return a.kind === b.kind && (a.kind !== 'phase' || b.kind !== 'phase' || (a.epoch === b.epoch && a.round === b.round && a.phase === b.phase));
}
