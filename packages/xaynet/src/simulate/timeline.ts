// The time of a simulation and whose turn it is. Actors work until they sleep or wait for news; at most so many work at once, so that what they
// hold while they work is bounded. Virtual time stands still while anybody works, the coordinator included, and then jumps to what comes next:
// the machine is as fast as it is, and nothing depends on how fast. Real time goes by, and everything else is the same.

import { type Clock as CoordinatorClock, systemClock as coordinatorSystemClock } from '@xaynet/coordinator';
import type { Clock as ParticipantClock } from '@xaynet/participant';
import { EventQueue } from './event-queue.ts';

/** What an actor can wait for. */
export type Topic = 'round' | 'sums' | 'seeds';

export interface TimelineOptions {
  /** Virtual or real time. */
  readonly virtual: boolean;
  /** Actors that work at the same time. */
  readonly atOnce: number;
  /** Told when nothing is planned and nobody works, so that nothing will ever happen again; virtual time only. */
  readonly onStuck: () => void;
}

/** Wake-ups are put together to whole steps of this many virtual milliseconds, so that those of one step can work side by side. */
export const STEP = 100;
/** Virtual time begins in November 2023. */
const BEGINNING = 1_700_000_000_000;
/** Longest wait of a timer of the system. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface Waiting {
  readonly delay: number;
  readonly resume: () => void;
}

/** See the head of the file. */
export class Timeline {
  /** Time for the coordinator: deadlines happen alone, at their exact time. */
  readonly coordinatorClock: CoordinatorClock;
  /** Time for participants: while they compute it goes on a little, so that long computations give way to others. */
  readonly participantClock: ParticipantClock;
  readonly #options: TimelineOptions;
  readonly #queue = new EventQueue();
  readonly #began: number = performance.now();
  readonly #waiting: Record<Topic, Waiting[]> = { round: [], sums: [], seeds: [] };
  readonly #newsAt: Record<Topic, number> = { round: 0, sums: 0, seeds: 0 };
  #news = 0;
  #now = 0;
  #jumpedAt: number = performance.now();
  #due: (() => void)[] = [];
  #dueFrom = 0;
  #working = 0;
  #isSettled: () => boolean = () => true;
  #turning = false;
  #ended = false;
  #ends: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.coordinatorClock = options.virtual
      ? { now: () => BEGINNING + this.#now, setTimer: (ms, callback) => this.#timerAt(this.#now + Math.max(0, ms), callback, true) }
      : coordinatorSystemClock;
    this.participantClock = {
      now: () => this.now + (options.virtual ? performance.now() - this.#jumpedAt : 0),
      after: (ms, run) => {
        if (!options.virtual || ms > 0) return this.#timerAt(this.now + ms, run, false);
        const immediate = setImmediate(run);
        return () => clearImmediate(immediate);
      },
    };
  }

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#options.virtual ? this.#now : performance.now() - this.#began;
  }

  /** Number of the last news: what an actor knows that looks now. */
  get latest(): number {
    return this.#news;
  }

  /** Begins to let time go by; it stands still while `isSettled` says that the coordinator is at work. */
  begin(isSettled: () => boolean): void {
    this.#isSettled = isSettled;
    this.#pump();
  }

  /** Adds an actor, who works as soon as it is its turn. It must not reject. */
  add(actor: () => Promise<void>): void {
    this.#due.push(() => {
      void actor().finally(() => this.#rest());
    });
    this.#pump();
  }

  /** Rests for `ms` milliseconds at least. For actors, while they work. */
  sleep(ms: number): Promise<void> {
    return new Promise((resume) => {
      this.#wakeIn(ms, resume);
      this.#rest();
    });
  }

  /**
   * Rests until there is news on `topic`, or a new round, that came after the number `known`, and `delay` milliseconds more: who asks every so
   * often finds news at the next time. For actors, while they work.
   */
  untilNews(topic: Topic, known: number, delay: number): Promise<void> {
    return new Promise((resume) => {
      if (this.#newsAt[topic] > known || this.#newsAt.round > known) this.#wakeIn(delay, resume);
      else this.#waiting[topic].push({ delay, resume });
      this.#rest();
    });
  }

  /** There is news on a topic. A new round is news for everybody. */
  tell(topic: Topic): void {
    this.#newsAt[topic] = ++this.#news;
    for (const each of topic === 'round' ? (['round', 'sums', 'seeds'] as const) : [topic]) {
      const waiting = this.#waiting[each];
      this.#waiting[each] = [];
      for (const { delay, resume } of waiting) this.#wakeIn(delay, resume);
    }
    this.#pump();
  }

  /** Ends it: nobody gets another turn. Resolves when nobody works any more. */
  end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#due = [];
    this.#dueFrom = 0;
    this.#queue.clear();
    return new Promise((resolve) => {
      this.#ends = resolve;
      if (this.#working === 0) resolve();
    });
  }

  #rest(): void {
    this.#working--;
    if (this.#ended && this.#working === 0) this.#ends?.();
    this.#pump();
  }

  #wakeIn(ms: number, resume: () => void): void {
    const at = this.now + Math.max(0, ms);
    this.#plan(this.#options.virtual ? Math.ceil(at / STEP) * STEP : at, () => this.#due.push(resume), false);
  }

  #timerAt(at: number, run: () => void, alone: boolean): () => void {
    const planned = this.#plan(at, run, alone);
    return () => {
      planned.off = true;
    };
  }

  #plan(at: number, run: () => void, alone: boolean): { off: boolean } {
    if (this.#ended) return { off: true };
    const planned = this.#queue.add(at, run, alone);
    if (!this.#options.virtual) this.#arm();
    return planned;
  }

  #pump(): void {
    if (this.#ended) return;
    while (this.#working < this.#options.atOnce && this.#dueFrom < this.#due.length) {
      this.#working++;
      this.#due[this.#dueFrom++]!();
    }
    if (this.#dueFrom === this.#due.length) {
      this.#due = [];
      this.#dueFrom = 0;
      if (this.#options.virtual && this.#working === 0) this.#turn();
    }
  }

  /** Looks, a little later, whether time may go on: what was just answered may set off more. */
  #turn(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => {
      this.#turning = false;
      if (this.#ended || this.#working > 0) return;
      if (this.#due.length > 0) this.#pump();
      else if (this.#isSettled()) this.#jump();
      else this.#turn();
    });
  }

  #jump(): void {
    const next = this.#queue.shift();
    if (next === undefined) {
      this.#options.onStuck();
      return;
    }
    this.#now = Math.max(this.#now, next.at);
    this.#jumpedAt = performance.now();
    next.run();
    for (let also = this.#queue.first; !next.alone && also !== undefined && !also.alone && also.at <= this.#now; also = this.#queue.first) {
      this.#queue.shift()!.run();
    }
    this.#pump();
  }

  /** Real time: one timer of the system for what comes first. */
  #arm(): void {
    clearTimeout(this.#timer);
    const { first } = this.#queue;
    if (first === undefined) return;
    this.#timer = setTimeout(
      () => {
        for (let due = this.#queue.first; due !== undefined && due.at <= this.now; due = this.#queue.first) this.#queue.shift()!.run();
        this.#arm();
        this.#pump();
      },
      Math.min(LONGEST_TIMER, Math.max(0, first.at - this.now)),
    );
  }
}
