// What one process does to an installation, act by act. Each act says who asks and what it knows to be stored already, and the server decides
// by that whether it may happen at all (script.ts). So a loss of what was acknowledged is noticed with the next act, whatever lost it; somebody
// whose lease is over changes nothing; and a call that was given up happens before the next one of the same holder, or never.

import { randomUUID } from 'node:crypto';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { Logger } from '../../log.ts';
import { RESEED } from './fleet-scripts.ts';
import { FORMAT, type Holding, type LeaseOwner, ownerIn, type RedisLease } from './lease.ts';
import type { Arg, Reply } from './library.ts';
import type { RedisLink } from './link.ts';
import type { Key, Names, RoundNames } from './names.ts';
import type { Script } from './script.ts';

/**
 * Why an act may happen: the process holds the lease; for admissions by processes that do not, the round stands in this phase, `epoch` being the
 * one that such a process has read with the progress; or anybody may, who knows to which round it belongs.
 */
export type Guard =
  | { readonly kind: 'holder' }
  | { readonly kind: 'phase'; readonly epoch: number; readonly round: number; readonly phase: string }
  | { readonly kind: 'anybody' };

/** The guard of whoever holds the lease. */
export const AS_HOLDER: Guard = { kind: 'holder' };
/** The guard of acts that need none. */
export const AS_ANYBODY: Guard = { kind: 'anybody' };

/** What the server answered: the rest of the reply, or that round and phase are not those of the guard any more, or that it has all it takes. */
export type ActAnswer = { readonly kind: 'done'; readonly reply: readonly Reply[] } | { readonly kind: 'phase-over' | 'phase-full' };

const LOSS = 'Redis has lost what it had acknowledged; the round is given up';
/** Tries of one act that was overtaken or came with an old epoch; each has a cause that the one before took away. */
const MOST_TRIES = 8;

export interface ActsOptions {
  readonly link: RedisLink;
  readonly names: Names;
  readonly lease: RedisLease;
  readonly owner: LeaseOwner;
  readonly check: Uint8Array;
  /** Whether what another process has stored as its check was sealed under the same key. */
  readonly isOurs: (check: Uint8Array) => boolean;
  readonly holding: Holding;
  readonly logger: Logger;
  /** Milliseconds between renewals of the lease; left out: others share the installation, and whoever looks at it renews ({@link RedisActs.look}). */
  readonly renewEvery?: number | undefined;
}

/** See the head of the file. */
export class RedisActs {
  readonly #options: ActsOptions;
  readonly names: Names;
  #holding: Holding;
  #calls = 0;
  #lost = false;
  #losses = 0;
  #losing: Promise<void> | undefined;
  #fencedBy: string | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ActsOptions) {
    this.#options = options;
    this.names = options.names;
    this.#holding = options.holding;
    if (options.renewEvery !== undefined) this.#planRenewal(options.renewEvery);
  }

  get installation(): string {
    return this.#holding.installation;
  }

  get epoch(): number {
    return this.#holding.epoch;
  }

  /** Whether something of the round is lost that nobody was told of yet, or whose round has not been given up. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** The round is given up: what is stored from now on is whole again. */
  forgetLoss(): void {
    this.#lost = false;
  }

  /** Throws `storage-lost` after a loss, until {@link RedisActs.forgetLoss}. */
  checkWhole(): void {
    if (this.#lost) throw this.#fencedBy === undefined ? lostError() : fencedError(this.#fencedBy);
  }

  /** Throws `storage-failed` once it is closed. */
  checkOpen(): void {
    if (this.#closed) throw new XaynetError('storage-failed', 'the store is closed');
  }

  /** An act of the holder; the rest of its reply. Throws `storage-lost`, `storage-fenced`, and as the link does. */
  async act(script: Script, keys: (round: RoundNames) => readonly Key[], args: readonly Arg[] = []): Promise<readonly Reply[]> {
    const answer = await this.guarded(AS_HOLDER, script, keys, args);
    return answer.kind === 'done' ? answer.reply : [];
  }

  /** An act under a guard. */
  async guarded(guard: Guard, script: Script, keys: (round: RoundNames) => readonly Key[], args: readonly Arg[]): Promise<ActAnswer> {
    this.checkOpen();
    if (guard.kind === 'holder' && this.#fencedBy !== undefined) throw fencedError(this.#fencedBy);
    return await this.#run(
      script,
      (epoch) => keys(this.names.round(guard.kind === 'phase' ? guard.epoch : epoch)),
      args,
      (epoch) => this.#head(guard, epoch),
    );
  }

  /** A script that only reads. Throws `storage-lost`, and as the link does. */
  async read(script: Script, keys: (round: RoundNames) => readonly Key[], args: readonly Arg[] = []): Promise<readonly Reply[]> {
    this.checkOpen();
    const answer = await this.#run(
      script,
      (epoch) => keys(this.names.round(epoch)),
      args,
      (epoch) => this.#head(AS_ANYBODY, epoch),
    );
    return answer.kind === 'done' ? answer.reply : [];
  }

  /** A script that only looks, by a member of a fleet; afterwards this process holds the lease if the reply says so, under a name that is its own. */
  async look(
    script: Script,
    keys: (round: RoundNames) => readonly Key[],
    args: readonly Arg[],
    of: (reply: readonly Reply[]) => { readonly holder: string; readonly life: string },
  ): Promise<readonly Reply[]> {
    const reply = await this.read(script, keys, args);
    const { holder, life } = of(reply);
    if (life !== this.#holding.life) {
      // Somebody else noticed the loss first, and has made of it what could be made.
      this.#options.logger.error({ first: false }, LOSS);
      this.#holding = { ...this.#holding, life };
      this.#losses++;
    }
    if (holder !== this.#holding.holder) {
      this.#holding = { ...this.#holding, holder };
      this.#calls = 0;
    }
    return reply;
  }

  /** The lease was given back. */
  dropLease(): void {
    this.#holding = { ...this.#holding, holder: '' };
  }

  /** A plain command. */
  async command(...args: readonly Arg[]): Promise<Reply> {
    this.checkOpen();
    return await this.#options.link.command(args);
  }

  /** The round was erased: its keys have another epoch from now on. */
  beginEpoch(epoch: number): void {
    if (epoch > this.#holding.epoch) this.#holding = { ...this.#holding, epoch };
  }

  /** Gives the lease back. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#renewal);
    await this.#renewing;
    const { lease, link, logger, renewEvery } = this.#options;
    if (this.#fencedBy === undefined && renewEvery !== undefined)
      await lease.release(this.#holding).catch((error: unknown) => logger.warn({ error }, 'the lease was not given back'));
    link.close();
  }

  async #run(script: Script, keys: (epoch: number) => readonly Key[], args: readonly Arg[], head: (epoch: number) => readonly Arg[]): Promise<ActAnswer> {
    for (let tries = 1; ; tries++) {
      const { epoch } = this.#holding;
      const reply = (await this.#options.link.run(script, keys(epoch), () => [...head(epoch), ...args])) as readonly Reply[];
      const kind = String(reply[0]);
      switch (kind) {
        case 'ok':
          this.#holding = { ...this.#holding, seq: Math.max(this.#holding.seq, Number(reply[1])) };
          return { kind: 'done', reply: reply.slice(2) };
        case 'over':
          return { kind: 'phase-over' };
        case 'full':
          return { kind: 'phase-full' };
        case 'fenced':
          await this.#refused(String(reply[1]), ownerIn(reply[2]));
          break;
        case 'lost':
          await this.#lose();
          throw lostError();
        case 'epoch':
          this.beginEpoch(Number(reply[1]));
          break;
        case 'stale':
          break;
        default:
          throw new XaynetError('storage-failed', `a script answered ${kind.slice(0, 100)}`);
      }
      if (tries >= MOST_TRIES) throw new XaynetError('storage-failed', `a script was overtaken ${tries} times`);
    }
  }

  #head(guard: Guard, epoch: number): Arg[] {
    const { installation, seq, holder } = this.#holding;
    // After a loss nobody holds the lease, and nobody is taken for its holder.
    if (guard.kind === 'holder' && holder === '') throw fencedError('another coordinator, or nobody');
    if (guard.kind === 'holder') return [installation, String(epoch), String(seq), 'holder', holder, String(++this.#calls)];
    if (guard.kind === 'anybody') return [installation, String(epoch), String(seq), 'anybody', '', ''];
    return [installation, String(guard.epoch), String(seq), 'phase', String(guard.round), guard.phase];
  }

  /** Somebody else holds the lease. That may be this very process, when it took it anew and a call from before, or the answer, was late. */
  async #refused(holder: string, by: string): Promise<void> {
    if (this.#options.renewEvery === undefined) throw fencedError(by);
    if (!holder.endsWith(`:${this.#options.owner.id}`)) throw this.#fence(by);
    if (holder === this.#holding.holder) return;
    await this.#lose();
    throw lostError();
  }

  #fence(by: string): XaynetError {
    if (this.#fencedBy === undefined) this.#options.logger.error({ by }, 'another coordinator holds the lease of the store');
    this.#fencedBy ??= by;
    return fencedError(by);
  }

  /** Takes the lease anew, with another epoch: what is left of the round must not be mixed with what comes. */
  #lose(): Promise<void> {
    if (this.#options.renewEvery === undefined) {
      this.#losing ??= this.#reseed().finally(() => {
        this.#losing = undefined;
      });
      return this.#losing;
    }
    if (!this.#lost) this.#options.logger.error({}, LOSS);
    this.#lost = true;
    this.#losing ??= this.#reclaim().finally(() => {
      this.#losing = undefined;
    });
    return this.#losing;
  }

  async #reclaim(): Promise<void> {
    const { lease, owner, check } = this.#options;
    try {
      const answer = await lease.acquire(owner, { installation: this.#holding.installation, check, lost: this.#holding });
      if (answer.kind === 'held') throw this.#fence(answer.by);
      this.#holding = answer.holding;
      this.#calls = 0;
    } catch (error) {
      if (isXaynetError(error, 'storage-fenced')) throw this.#fence(error.message);
      throw error;
    }
  }

  /** In a fleet: the first who notices makes of it what can be made. */
  async #reseed(): Promise<void> {
    const { link, names, check, lease, logger } = this.#options;
    const { installation, life = '', epoch, seq, token, holder } = this.#holding;
    const member = holder.slice(holder.indexOf(':') + 1);
    const args = [FORMAT, installation, Buffer.from(check), life, randomUUID(), String(epoch), String(seq), String(token), member, String(lease.ttl), '{}'];
    const [kind, ...rest] = (await link.run(RESEED, [names.meta, names.lease], () => args)) as Reply[];
    const [newLife, newEpoch, newSeq, newHolder, found, foundCheck] = rest;
    const isOurs = found === undefined || String(found) === installation || this.#options.isOurs(foundCheck as Buffer);
    if (!isOurs) throw new XaynetError('storage-foreign', 'another installation, with another key, uses the prefix by now');
    if (this.#holding.life !== life) return; // a call beside this one was first
    logger.error({ first: String(kind) === 'ok' }, LOSS);
    const own = String(newHolder);
    const held = member !== '' && own.endsWith(`:${member}`) ? own : '';
    const adopted = String(found ?? installation);
    this.#holding = { ...this.#holding, installation: adopted, life: String(newLife), epoch: Number(newEpoch), seq: Number(newSeq), holder: held };
    this.#calls = 0;
    this.#losses++;
  }

  /** Losses that were noticed so far, in a fleet. */
  get losses(): number {
    return this.#losses;
  }

  #planRenewal(after: number): void {
    this.#renewal = setTimeout(() => {
      this.#renewing = this.#renew().finally(() => {
        if (!this.#closed && this.#fencedBy === undefined) this.#planRenewal(after);
      });
    }, after);
    this.#renewal.unref();
  }

  async #renew(): Promise<void> {
    const { lease, logger } = this.#options;
    try {
      const answer = await lease.renew(this.#holding);
      if (answer.kind === 'fenced') await this.#refused(answer.holder, answer.by);
      if (answer.kind === 'lost') await this.#lose();
    } catch (error) {
      logger.warn({ error }, 'the lease could not be renewed');
    }
  }
}

function lostError(): XaynetError {
  return new XaynetError('storage-lost', 'Redis has less than it had acknowledged');
}

function fencedError(by: string): XaynetError {
  return new XaynetError('storage-fenced', by);
}
