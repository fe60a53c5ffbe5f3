// The way of a body from the network to the round, in the order of coordinator 2.1. What needs no other message is judged in a pool of
// threads; here stay the things that do: size and phase before all, chunks and their room, what is spooled, budgets, the round itself.
// Every refusal is a code, and one that says when to come again is our fault, never the message's: nothing a participant sends throws.
// Longer than most files: one path with its forks for chunks, whole messages and what a restart brings back, which are one decision each.

import { copyBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { maskObjectSize } from '@xaynet/core/mask';
import { decodePayload, type MessageTag } from '@xaynet/core/message';
import { Buffers, LEAST_KEPT, type Memory } from '../buffers.ts';
import type { Bulletin, View } from '../bulletin.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { EventBus } from '../events.ts';
import type { Verdict } from '../http/port.ts';
import type { Logger } from '../log.ts';
import { type Meter, SILENT_METER } from '../meter.ts';
import type { Request } from '../request.ts';
import { type Answer, tagOfPhase } from '../round/state.ts';
import { OVER_LENGTH, type SpooledChunk } from '../stores/contract.ts';
import { type BudgetLimits, Budgets, NO_BUDGETS } from './budgets.ts';
import { ChunkIntake, type ChunkResult, type OpenSet } from './chunks.ts';
import { contextOf, type IntakeCompat, type JudgeContext } from './context.ts';
import { eligibilityError } from './eligibility.ts';
import { type ChunkFleet, FleetChunks, type HandedChunk } from './fleet-chunks.ts';
import type { Judgement } from './judge.ts';
import { TRAILING_BYTES } from './lenient.ts';
import { chunkBudget, largestMessage, largestMessageEver, largestPayload } from './limits.ts';
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
  /** Resolves when the bulletin shows what holds since the call, where others change that too. Never rejects. */
  readonly fresh?: (() => Promise<void>) | undefined;
  /** Requests get a digest of their payload, for a recording. */
  readonly digests?: boolean | undefined;
  readonly bus: EventBus;
  readonly logger: Logger;
  /** Why nothing is taken now, and when to come again; undefined while all is well. */
  readonly paused?: (() => { readonly code: ErrorCode; readonly retryAfter: number } | undefined) | undefined;
  /** Where chunks are kept until their message is complete; nowhere when left out. */
  readonly store?: SpoolStore | undefined;
  /** Others take chunks of the same messages: where they are kept instead, and who collects them. */
  readonly fleet?: ChunkFleet | undefined;
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

/** A chunk that is in a set or in the waiting room, its message not complete. */
type Kept = ChunkResult & { readonly status: 'kept' | 'waiting' };
const isKept = (result: ChunkResult): result is Kept => result.status === 'kept' || result.status === 'waiting';

/** What is known of a message on its way: who is told how long its stages take, and whose it is once that is proved. */
interface Trip {
  readonly meter: Meter;
  participant?: PublicSigningKey;
}

// A body up to this size is read and answered like any other, however small the messages of the round are.
const ALWAYS_READ = 64 * 1024;

/** Whether this process cannot take what another one perhaps can. */
const isOfTheStore = (verdict: Verdict): boolean => !verdict.accepted && verdict.code === 'storage-failed';

const TAKEN: Verdict = { accepted: true, complete: false };

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
  readonly #fleet: FleetChunks | undefined;
  readonly #budgets: Budgets;
  readonly #meter: Meter;
  readonly #buffers: Buffers;
  readonly #slack: number;
  #view: View;
  #taking = 0;
  /** Chunks that are being stored, by participant, number and message. */
  readonly #storing = new Map<string, Promise<number | undefined>>();
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
    this.#fleet = options.fleet && new FleetChunks(options.fleet.store, logger);
    this.#spool = new Spool(this.#fleet === undefined ? store : undefined, logger);
    this.#budgets = new Budgets(() => options.budgets ?? NO_BUDGETS);
    const { params } = bulletin.view;
    this.#chunks = new ChunkIntake({
      eligibilityError: (message, head) => eligibilityError(message.tag, head, message.participant, bulletin.view.params, compat),
      budgetError: ({ participant, address }) =>
        this.#budgets.hasMessage(participant) && this.#budgets.admit(participant, address) ? undefined : 'rate-limited',
      largestPayload: (tag) => largestPayload(tag, bulletin.view) + this.#slack,
      maxBytes: chunkBudget(maskObjectSize(params.maskConfig, params.modelLength)),
      forgotten: (participant, tag, messageId) => this.#finish(participant, tag, messageId),
      buffers: this.#buffers,
      now: () => clock.now(),
    });
    this.#view = bulletin.view;
    this.#context = contextOf(bulletin.view, compat, options.digests);
    this.#fleet?.enter(this.#context);
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

  /** Bodies that have no verdict yet. */
  get taking(): number {
    return this.#taking;
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
    this.#taking++;
    try {
      verdict = await this.#take(body, this.#budgets.addressOf(address), trip);
    } catch (error) {
      verdict = this.#refuse(error, bytes, view, trip);
    }
    this.#taking--;
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

  /**
   * Takes a chunk that another process of the fleet has opened and verified, as if it had come here; undefined: nothing can be taken now. What is
   * wrong with it is counted here. Never rejects.
   */
  async collect(handed: HandedChunk): Promise<Verdict | undefined> {
    const { bulletin, paused, fresh } = this.#options;
    const { round, tag, participant, payload, proven, address } = handed;
    const trip: Trip = { meter: this.#meter, participant };
    this.#taking++;
    try {
      const isOn = (): boolean => this.#context?.round === round && this.#context.tag === tag;
      // Whoever sent it has looked. If the phase is over meanwhile, the store says so when it is to keep the chunk.
      if (!isOn()) await fresh?.();
      if (paused?.() !== undefined) return undefined;
      const context = this.#context;
      if (context === undefined || !isOn()) throw new XaynetError('message-unexpected');
      const verdict = await this.#collect({ participant, tag, payload, address, memory: { buffer: undefined } }, proven, context, payload.length, trip);
      return isOfTheStore(verdict) ? undefined : verdict;
    } catch (error) {
      if (isXaynetError(error, 'storage-failed')) return undefined;
      return this.#refuse(error, payload.length, bulletin.view, trip);
    } finally {
      this.#taking--;
    }
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
    const { bulletin, maxSums, paused, fresh } = this.#options;
    if (fresh !== undefined) await fresh();
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

  /** Stage 7: by this process, or by the one of a fleet that collects the chunks of this participant. */
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
    const { round, tag } = context;
    const verdict = await this.#options.fleet?.hand({ round, tag, participant, payload, proven, address });
    return verdict ?? this.#collect({ participant, tag, payload, address, memory }, proven, context, bytes, trip);
  }

  /** A chunk that is answered "taken" is in a set and stored, or waits for the proof that its sender is selected. */
  async #collect(message: ChunkMessage & { memory: Memory }, proven: boolean, context: JudgeContext, bytes: number, trip: Trip): Promise<Verdict> {
    const { participant, memory } = message;
    if (this.#fleet?.has(participant) === false) await this.#catchUp(this.#fleet, message, 0, context);
    if (context !== this.#context) throw new XaynetError('message-unexpected');
    const { evicted } = this.#chunks;
    const result = this.#chunks.add(message, proven);
    if (this.#chunks.evicted > evicted) this.#tellEvicted(this.#chunks.evicted - evicted);
    if (!isKept(result)) {
      this.#buffers.give(memory.buffer); // its set has a copy
      memory.buffer = undefined;
      return this.#conclude(result, context, bytes, trip);
    }
    const number = await this.#store(message, result, context);
    if (this.#fleet === undefined || number === undefined || this.#fleet.has(participant, number)) return TAKEN;
    // Others have stored chunks of this participant as well; with them its message may be complete.
    await this.#catchUp(this.#fleet, message, number, context);
    if (context !== this.#context) throw new XaynetError('message-unexpected');
    const now = this.#chunks.add(message, proven);
    return isKept(now) ? TAKEN : this.#conclude(now, context, bytes, trip);
  }

  /** What is to be said of a chunk that need not be stored. */
  async #conclude(result: Exclude<ChunkResult, Kept>, context: JudgeContext, bytes: number, trip: Trip): Promise<Verdict> {
    switch (result.status) {
      case 'refused':
        throw result.retryAfter === undefined ? new XaynetError(result.code) : new Later(result.code, result.retryAfter);
      case 'answered':
        return this.#repeat(await result.verdict, bytes, trip);
      case 'complete':
        return this.#complete(result.set, context, trip);
    }
  }

  /** Takes in what other processes have stored of a participant, up to this number. Messages that this completes go to the round. */
  async #catchUp(fleet: FleetChunks, { participant, address }: ChunkMessage, number: number, context: JudgeContext): Promise<void> {
    try {
      await fleet.catchUp(context, participant, number, (chunks) => {
        for (const { tag, payload, unproven } of chunks) {
          const result = this.#chunks.restore({ participant, tag, payload, address }, unproven !== true);
          if (result.status === 'refused' && result.retryAfter !== undefined) throw new Later(result.code, result.retryAfter);
          if (result.status === 'complete') void this.#complete(result.set, context, { meter: this.#meter, participant });
        }
      });
    } catch (error) {
      if (error instanceof Later) throw error;
      this.#options.logger.error({ error, participant }, 'chunks that others have stored could not be read');
      throw new Later('storage-failed');
    }
  }

  /**
   * Resolves when a chunk is stored, in a fleet with its number. One that comes again waits for the first one of its kind, which may be on its way still,
   * and fail.
   */
  async #store(message: ChunkMessage, { status, isNew, undo }: Kept, context: JudgeContext): Promise<number | undefined> {
    const name = `${toHex(message.participant)}${toHex(copyBytes(message.payload.subarray(0, OVER_LENGTH)))}`;
    const stored = isNew ? this.#append(status === 'waiting' ? { ...message, unproven: true } : message, context) : this.#storing.get(name);
    if (isNew) this.#storing.set(name, stored!);
    try {
      return await stored;
    } catch (error) {
      if (isNew) undo();
      throw isXaynetError(error, 'message-discarded') ? error : new Later('storage-failed');
    } finally {
      if (isNew && this.#storing.get(name) === stored) this.#storing.delete(name);
    }
  }

  async #append(chunk: SpooledChunk, context: JudgeContext): Promise<number | undefined> {
    if (this.#fleet !== undefined) return this.#fleet.append(context, { ...chunk, memory: undefined });
    await this.#spool.append([chunk]);
    return undefined;
  }

  /** A message is over: its chunks need not be stored any more. */
  #finish(participant: PublicSigningKey, tag: MessageTag, messageId: number): void {
    if (this.#fleet === undefined) this.#spool.finish(participant, tag, messageId);
    else if (this.#context !== undefined) this.#fleet.finish(this.#context, participant, tag, messageId);
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
    const bytes = set.chunks.payload(this.#fleet === undefined && !this.#spool.keeps && this.#pool.hasWorkers);
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
      if (back === undefined && set.chunks.isOut) return await this.#refill(set, verdict, context);
      if (!this.#chunks.retain(set, back)) this.#buffers.give(back);
      return verdict;
    }
    this.#buffers.give(memory?.buffer);
    if (context === this.#context) {
      this.#chunks.finish(set, verdict);
      this.#finish(set.participant, set.tag, set.messageId);
      if (this.#chunks.isEmpty) this.#spool.eraseIfMany();
    }
    return verdict;
  }

  /** The payload of a set is lost. Answers what is to be said of it: `verdict`, unless the set is lost as well. */
  async #refill(set: OpenSet, verdict: Verdict, context: JudgeContext): Promise<Verdict> {
    const { evicted } = this.#chunks;
    const { logger } = this.#options;
    try {
      const stored = this.#fleet?.storedOf(context, set.participant, set.messageId) ?? this.#spool.storedOf(set, set.messageId);
      if (await this.#chunks.refill(set, stored)) {
        logger.warn({ participant: set.participant, chunks: set.chunks.count }, 'chunks that were lost with a worker are here again');
        return verdict;
      }
    } catch (error) {
      logger.error({ error, participant: set.participant }, 'chunks that were lost with a worker could not be read again');
    }
    if (this.#chunks.evicted === evicted) return verdict;
    this.#tellEvicted(this.#chunks.evicted - evicted);
    this.#finish(set.participant, set.tag, set.messageId);
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
    const answer = await this.#options.submit({ round, participant, payload, bytes: judged.payload.length, elements, digest: judged.digest, meter, memory });
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
    this.#context = contextOf(view, this.#options.compat, this.#options.digests);
    this.#pool.prepare(this.#context, this.#context !== undefined && largestMessage(view) >= LEAST_KEPT);
    this.#chunks.clear();
    this.#storing.clear();
    this.#budgets.clear();
    this.#fleet?.enter(this.#context);
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
