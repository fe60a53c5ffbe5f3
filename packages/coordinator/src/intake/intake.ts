// The way of a body from the network to the round, in the order of coordinator 2.1. What needs no other message is judged in a pool of
// threads; here stay the things that do: size and phase before all, chunks and their room, what is spooled, budgets, the round itself.
// Every refusal is a code, and one that says when to come again is our fault, never the message's: nothing a participant sends throws.
// Longer than most files: one path with its forks for chunks, whole messages and what a restart brings back, which are one decision each.

import { copyBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { maskObjectSize } from '@xaynet/core/mask';
import { decodePayload } from '@xaynet/core/message';
import { Buffers, LEAST_KEPT, type Memory } from '../buffers.ts';
import type { Bulletin, View } from '../bulletin.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import type { Verdict } from '../http/port.ts';
import type { Logger } from '../log.ts';
import { type Meter, SILENT_METER } from '../meter.ts';
import type { Request } from '../request.ts';
import type { Answer } from '../round/state.ts';
import { OVER_LENGTH } from '../stores/contract.ts';
import { type BudgetLimits, Budgets, NO_BUDGETS } from './budgets.ts';
import { ChunkIntake, type ChunkResult, type OpenSet } from './chunks.ts';
import { contextOf, type IntakeCompat, type JudgeContext } from './context.ts';
import { eligibilityError } from './eligibility.ts';
import type { Judgement } from './judge.ts';
import { TRAILING_BYTES } from './lenient.ts';
import { chunkBudget, largestMessage, largestMessageEver, largestPayload, tagOfPhase } from './limits.ts';
import { IntakePool, type PoolOptions } from './pool.ts';
import { Spool, type SpoolStore } from './spool.ts';
import type { ChunkMessage } from './waiting-room.ts';

export type { IntakeCompat } from './context.ts';

export interface IntakeOptions {
  readonly compat: IntakeCompat;
  readonly bulletin: Bulletin;
  /** Most entries that a sum dictionary can have: `pet.sum.count.max`. */
  readonly maxSums: number;
  /** Hands a request to the round. */
  readonly submit: (request: Request) => Promise<Answer>;
  readonly bus: EventBus;
  readonly logger: Logger;
  /** Why nothing is taken now, and when to come again; undefined while all is well. */
  readonly paused?: (() => { readonly code: ErrorCode; readonly retryAfter: number } | undefined) | undefined;
  /** Where chunks are kept until their message is complete; nowhere when left out. */
  readonly store?: SpoolStore | undefined;
  /** None when left out. */
  readonly budgets?: BudgetLimits;
  /** Threads; 0, the default: everything is done on this one. */
  readonly workers?: number | undefined;
  readonly pool?: Pick<PoolOptions, 'limits' | 'spawn'> | undefined;
  readonly clock?: Clock | undefined;
  readonly meter?: Meter | undefined;
  /** Where the memory of bodies and payloads comes from and goes to; it is not used again when left out. */
  readonly buffers?: Buffers | undefined;
}

/** What is known of a message on its way: who is told how long its stages take, and whose it is once that is proved. */
interface Trip {
  readonly meter: Meter;
  participant?: PublicSigningKey;
}

// A body up to this size is read and answered like any other, however small the messages of the round are.
const ALWAYS_READ = 64 * 1024;

/** Seconds after which to come again, by what stands in the way. */
const RETRY: Readonly<Partial<Record<ErrorCode, number>>> = {
  'http-busy': 1,
  'queue-full': 1,
  'internal-error': 1,
  'storage-failed': 5,
  'shutting-down': 5,
  'rate-limited': 60,
};

/** Takes bodies of `POST /message` (coordinator 2). */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #pool: IntakePool;
  readonly #chunks: ChunkIntake;
  readonly #spool: Spool;
  readonly #budgets: Budgets;
  readonly #meter: Meter;
  readonly #buffers: Buffers;
  readonly #slack: number;
  #view: View;
  /** Chunks that are being stored, by participant, number and message. */
  readonly #storing = new Map<string, Promise<void>>();
  /** Chunks are read back from the store: once, when the first phase that takes messages is published. */
  #restoring: Promise<void> | undefined;
  #context: JudgeContext | undefined;

  constructor(options: IntakeOptions) {
    const { bulletin, clock = systemClock, compat, logger, meter = SILENT_METER, store, workers = 0 } = options;
    this.#options = options;
    this.#meter = meter;
    this.#slack = compat.trailingBytes ? TRAILING_BYTES : 0;
    this.#buffers = options.buffers ?? new Buffers();
    this.#pool = new IntakePool({ ...options.pool, workers, clock, logger, buffers: this.#buffers });
    this.#spool = new Spool(store, logger);
    this.#budgets = new Budgets(() => options.budgets ?? NO_BUDGETS);
    const { params } = bulletin.view;
    this.#chunks = new ChunkIntake({
      eligibilityError: (message, head) => eligibilityError(message.tag, head, message.participant, bulletin.view.params, compat),
      budgetError: ({ participant, address }) =>
        this.#budgets.hasMessage(participant) && this.#budgets.admit(participant, address) ? undefined : 'rate-limited',
      largestPayload: (tag) => largestPayload(tag, bulletin.view) + this.#slack,
      maxBytes: chunkBudget(maskObjectSize(params.maskConfig, params.modelLength)),
      forgotten: (participant, tag, messageId) => this.#spool.finish(participant, tag, messageId),
      buffers: this.#buffers,
      now: () => clock.now(),
    });
    this.#view = bulletin.view;
    this.#context = contextOf(bulletin.view, compat);
    bulletin.onChange((view) => this.#changed(view));
  }

  /**
   * Bytes of the largest body that is read at all; larger ones are refused as they arrive. It does not depend on the phase: an honest message
   * that is late or early has to get its empty 200 (wire 6.6), or an original participant would send it again and again.
   */
  get maxMessageBytes(): number {
    const { bulletin, maxSums } = this.#options;
    return Math.max(ALWAYS_READ, largestMessageEver(bulletin.view, maxSums) + this.#slack);
  }

  /** Bytes that chunks of unfinished messages take now, or may come to take. */
  get chunkBytes(): number {
    return this.#chunks.bytes;
  }

  /** Messages that are being judged, or wait for it. */
  get judging(): number {
    return this.#pool.tasks;
  }

  /** Threads that judge, those of them that do so now, and messages that wait for one. */
  get workers(): { readonly total: number; readonly busy: number; readonly waiting: number } {
    return { total: this.#pool.running, busy: this.#pool.busy, waiting: this.#pool.waiting };
  }

  /**
   * Takes one body; the verdict comes when the round has decided. The body is the intake's from then on, and empty soon after where a thread
   * took it. `address`: where it came from, as text; one that is none is not limited. Never rejects.
   */
  async receive(body: Uint8Array, address = ''): Promise<Verdict> {
    const began = performance.now();
    const { length: bytes } = body;
    const { view } = this.#options.bulletin;
    const watch = this.#meter.watch?.();
    const trip: Trip = { meter: watch ?? this.#meter };
    let verdict: Verdict;
    try {
      verdict = await this.#take(body, this.#budgets.addressOf(address), trip);
    } catch (error) {
      verdict = this.#refuse(error, bytes, view, trip);
    }
    this.#buffers.giveOwn(body);
    trip.meter.observe('message', (performance.now() - began) / 1000, bytes);
    const { round, phase } = view;
    watch?.end({
      round,
      phase,
      tag: tagOfPhase(phase),
      participant: trip.participant,
      bytes,
      verdict: !verdict.accepted ? verdict.code : verdict.complete ? 'accepted' : 'incomplete',
    });
    return verdict;
  }

  /** Resolves when the chunks that were kept over a restart are read, as soon as a phase takes messages again. */
  get restored(): Promise<void> {
    return this.#restoring ?? Promise.resolve();
  }

  /** Ends the threads; what they had is refused. Resolves when none is left. */
  async close(): Promise<void> {
    await this.#pool.close();
    this.#buffers.clear();
  }

  /** Stages 1 to 9. Throws coded errors. */
  async #take(body: Uint8Array, address: string | undefined, trip: Trip): Promise<Verdict> {
    const { bulletin, maxSums, paused } = this.#options;
    const { view } = bulletin;
    const context = this.#context;
    const { length } = body;
    const pause = paused?.();
    if (pause !== undefined) throw new Later(pause.code, pause.retryAfter);
    if (length > largestMessage(view) + this.#slack) {
      throw new XaynetError(length > largestMessageEver(view, maxSums) + this.#slack ? 'message-too-large' : 'message-unexpected');
    }
    if (context === undefined) throw new XaynetError('message-unexpected');
    if (this.#pool.isFullFor(length)) throw new Later('http-busy');
    const judgement = await this.#judge({ context, bytes: body, meter: trip.meter });
    const participant = copyBytes(judgement.participant); // the memory that it came in goes before it does
    trip.participant = participant;
    const memory: Memory = { buffer: judgement.memory };
    try {
      if (judgement.kind === 'chunk') return await this.#takeChunk({ ...judgement, participant }, memory, context, address, length, trip);
      return await this.#submit({ ...judgement, participant }, memory, context, address, trip);
    } finally {
      this.#buffers.give(memory.buffer);
    }
  }

  async #judge(task: Parameters<IntakePool['judge']>[0]): Promise<Exclude<Judgement, { kind: 'refused' }>> {
    const judgement = await this.#pool.judge(task);
    if (judgement.kind !== 'refused') return judgement;
    if (judgement.unselected !== undefined && task.context === this.#context) this.#chunks.forget(judgement.unselected);
    throw judgement.code in RETRY ? new Later(judgement.code) : new XaynetError(judgement.code);
  }

  /** Stage 7. A chunk that is answered "taken" is in a set and stored, or waits for the proof that its sender is selected. */
  async #takeChunk(
    { participant, payload, proven }: Judgement & { kind: 'chunk' },
    memory: Memory,
    context: JudgeContext,
    address: string | undefined,
    bytes: number,
    trip: Trip,
  ): Promise<Verdict> {
    await this.#restoring;
    if (context !== this.#context) throw new XaynetError('message-unexpected');
    const message: ChunkMessage = { participant, tag: context.tag, payload, address, memory };
    const { evicted } = this.#chunks;
    const result = this.#chunks.add(message, proven);
    if (this.#chunks.evicted > evicted) this.#tellEvicted(this.#chunks.evicted - evicted);
    if (result.status !== 'kept' && result.status !== 'waiting') {
      this.#buffers.give(memory.buffer); // its set has a copy
      memory.buffer = undefined;
    }
    switch (result.status) {
      case 'refused':
        throw result.retryAfter === undefined ? new XaynetError(result.code) : new Later(result.code, result.retryAfter);
      case 'answered':
        return this.#repeat(await result.verdict, bytes, trip);
      case 'complete':
        return this.#complete(result.set, context, trip);
      case 'waiting':
      case 'kept': {
        try {
          await this.#store(message, result);
        } catch {
          throw new Later('storage-failed');
        }
        return { accepted: true, complete: false };
      }
    }
  }

  /** Resolves when a chunk is stored. One that comes again waits for the first one of its kind, which may be on its way still, and fail. */
  async #store(message: ChunkMessage, { status, isNew, undo }: ChunkResult & { status: 'kept' | 'waiting' }): Promise<void> {
    const name = `${toHex(message.participant)}${toHex(copyBytes(message.payload.subarray(0, OVER_LENGTH)))}`;
    if (!isNew) return this.#storing.get(name);
    const stored = this.#spool.append([status === 'waiting' ? { ...message, unproven: true } : message]);
    this.#storing.set(name, stored);
    try {
      await stored;
    } catch (error) {
      undo();
      throw error;
    } finally {
      if (this.#storing.get(name) === stored) this.#storing.delete(name);
    }
  }

  /** A chunk of a set that is over, or about to be, is told what became of it; a refusal counts as one more. */
  #repeat(verdict: Verdict, bytes: number, trip: Trip): Verdict {
    if (verdict.accepted) return verdict;
    const error = verdict.retryAfter === undefined ? new XaynetError(verdict.code) : new Later(verdict.code, verdict.retryAfter);
    return this.#refuse(error, bytes, this.#options.bulletin.view, trip);
  }

  /** All chunks are there: judges and submits what they come to. Never rejects. */
  #complete(set: OpenSet, context: JudgeContext, trip: Trip): Promise<Verdict> {
    set.verdict = this.#judgeSet(set, context, trip);
    return set.verdict;
  }

  async #judgeSet(set: OpenSet, context: JudgeContext, trip: Trip): Promise<Verdict> {
    const { view } = this.#options.bulletin;
    // The chunks were answered "taken": they are kept here, or in the store, in case that whoever judges them is lost.
    const bytes = set.chunks.payload(!this.#spool.keeps && this.#pool.hasWorkers);
    const { length } = bytes;
    let memory: Memory | undefined;
    let verdict: Verdict;
    try {
      if (this.#pool.isFullFor(length)) throw new Later('http-busy');
      const judgement = (await this.#judge({ context, bytes, from: set.participant, meter: trip.meter })) as Judgement & { kind: 'message' };
      memory = { buffer: judgement.memory };
      verdict = await this.#submit(judgement, memory, context, set.address, trip);
    } catch (error) {
      verdict = this.#refuse(error, length, view, trip);
    }
    // Whoever has used up its share does not get to have megabytes judged again for a few bytes.
    if (!verdict.accepted && verdict.retryAfter !== undefined && verdict.code !== 'rate-limited') {
      const back = memory?.buffer ?? (bytes.length > 0 ? (bytes.buffer as ArrayBuffer) : undefined);
      if (back === undefined && set.chunks.isOut) return await this.#refill(set, verdict);
      if (!this.#chunks.retain(set, back)) this.#buffers.give(back);
      return verdict;
    }
    this.#buffers.give(memory?.buffer);
    if (context === this.#context) {
      this.#chunks.finish(set, verdict);
      this.#spool.finish(set.participant, set.tag, set.messageId);
      if (this.#chunks.isEmpty) this.#spool.eraseIfMany();
    }
    return verdict;
  }

  /** The payload of a set is lost. Answers what is to be said of it: `verdict`, unless the set is lost as well. */
  async #refill(set: OpenSet, verdict: Verdict): Promise<Verdict> {
    const { evicted } = this.#chunks;
    const { logger } = this.#options;
    try {
      if (await this.#chunks.refill(set, this.#spool.storedOf(set, set.messageId))) {
        logger.warn({ participant: set.participant, chunks: set.chunks.count }, 'chunks that were lost with a worker are here again');
        return verdict;
      }
    } catch (error) {
      logger.error({ error, participant: set.participant }, 'chunks that were lost with a worker could not be read again');
    }
    if (this.#chunks.evicted === evicted) return verdict;
    this.#tellEvicted(this.#chunks.evicted - evicted);
    this.#spool.finish(set.participant, set.tag, set.messageId);
    return { accepted: false, code: 'chunk-evicted' };
  }

  /** Stage 9, within the budgets of key and address. */
  async #submit(
    judged: Judgement & { kind: 'message' },
    memory: Memory,
    { round, tag }: JudgeContext,
    address: string | undefined,
    { meter }: Trip,
  ): Promise<Verdict> {
    const payload = decodePayload(tag, judged.payload);
    const participant = copyBytes(judged.participant);
    if (!this.#budgets.hasMessage(participant) || !this.#budgets.admit(participant, address)) throw new Later('rate-limited');
    this.#budgets.take(participant);
    const elements = { error: judged.elementsError };
    const answer = await this.#options.submit({ round, participant, payload, bytes: judged.payload.length, elements, meter, memory });
    if (answer.kind === 'accepted') return { accepted: true, complete: true };
    const retryAfter = ('retryAfter' in answer ? answer.retryAfter : undefined) ?? RETRY[answer.code];
    if (retryAfter === undefined) return { accepted: false, code: answer.code };
    this.#budgets.give(participant);
    return { accepted: false, code: answer.code, retryAfter };
  }

  /** Another phase: what belongs to the one before goes. */
  #changed(view: View): void {
    const before = this.#view;
    this.#view = view;
    if (before.round === view.round && before.phase === view.phase) return;
    // The phase is not over, the process is: chunks stay stored for the restart that goes on with it.
    if (view.phase === 'shutdown') return;
    const had = this.#context !== undefined;
    this.#context = contextOf(view, this.#options.compat);
    this.#pool.prepare(this.#context, this.#context !== undefined && largestMessage(view) >= LEAST_KEPT);
    this.#chunks.clear();
    this.#budgets.clear();
    if (had) this.#spool.erase();
    if (this.#context !== undefined) this.#restoring ??= this.#restore(this.#context);
  }

  /**
   * What the store kept of the phase that a restart goes on with. A fresh phase finds nothing: a round begins with an erased store. Messages of
   * which all chunks are there go to the round at once.
   */
  async #restore(context: JudgeContext): Promise<void> {
    const { logger } = this.#options;
    let count = 0;
    try {
      const { damage } = this.#spool;
      if (damage !== undefined) logger.error({ damage }, 'stored chunks are damaged and were dropped; their senders will have to begin anew');
      for await (const { participant, tag, payload, unproven } of this.#spool.stored(context.tag)) {
        if (context !== this.#context) return;
        const result = this.#chunks.restore({ participant, tag, payload }, unproven !== true);
        if (result.status === 'complete') void this.#complete(result.set, context, { meter: this.#meter, participant });
        count++;
      }
    } catch (error) {
      logger.error({ error, chunks: count }, 'chunks of unfinished messages could not be read; their senders will have to begin anew');
    }
    if (count > 0) logger.info({ chunks: count, messages: this.#chunks.open }, 'chunks of unfinished messages are here again');
  }

  #tellEvicted(count: number): void {
    const { bus, bulletin, logger } = this.#options;
    const { round, phase } = bulletin.view;
    logger.warn({ round, phase, messages: count, chunkBytes: this.#chunks.bytes }, 'unfinished messages that nobody went on with were dropped');
    for (let i = 0; i < count; i++) bus.emit({ type: 'refused', round, phase, code: 'chunk-evicted', bytes: 0 });
  }

  #refuse(error: unknown, bytes: number, { round, phase }: View, { participant }: Trip): Verdict {
    const { bus, logger } = this.#options;
    const code: ErrorCode = isXaynetError(error) ? error.code : 'internal-error';
    const about = { round, phase, ...(participant === undefined ? {} : { participant }), bytes };
    if (!isXaynetError(error)) logger.error({ error, ...about }, 'a message could not be handled');
    else if (error instanceof Later) logger.debug({ code, ...about }, 'message refused for now');
    else logger.warn({ code, ...about }, 'message refused');
    bus.emit({ type: 'refused', round, phase, code, bytes });
    return error instanceof Later ? { accepted: false, code, retryAfter: error.retryAfter } : { accepted: false, code };
  }
}

/** Nothing is wrong with the message; it may come again in so many seconds. */
class Later extends XaynetError {
  readonly retryAfter: number;

  constructor(code: ErrorCode, retryAfter: number = RETRY[code] ?? 1) {
    super(code);
    this.retryAfter = retryAfter;
  }
}
