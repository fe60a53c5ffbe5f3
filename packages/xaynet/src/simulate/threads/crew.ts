// Threads that hold the crowd: every participant lives on one of them, trains, masks, seals and signs there, and comes here to rest, to write in the
// books and to hand over messages. Time stands still while any of them works, as it does for participants on this thread.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { HttpPort } from '@xaynet/coordinator';
import { handOver } from '../direct-transport.ts';
import type { RoundBook } from '../round-book.ts';
import type { Tally } from '../tally.ts';
import type { Timeline } from '../timeline.ts';
import type { Seat } from '../virtual-participant.ts';
import { type BookState, type CrowdSetup, type Documents, type FromCrowd, Outbox, OWN_COUNTS, type ToCrowd, type Turn } from './protocol.ts';

/** Who is on the threads, and what they begin with. */
export interface CrewOptions {
  readonly threads: number;
  readonly seats: readonly Seat[];
  readonly setup: Omit<CrowdSetup, 'seats'>;
  /** Told what a participant cannot get over, and that a thread is gone. */
  readonly fail: (error: Error) => void;
}

/** What they meet here. */
export interface Meeting {
  readonly timeline: Timeline;
  readonly book: RoundBook;
  readonly port: HttpPort;
  /** Where the coordinator is asked over HTTP; undefined: it is asked over this thread. */
  readonly url: string | undefined;
}

/** Objects that die young are nearly all there are, and of ten thousand participants there are many: a larger nursery than usual, in MiB. */
const NURSERY = 64;

/** See the head of the file. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #tallies: readonly Tally[];
  readonly #workers: readonly Worker[];
  #outboxes: readonly Outbox<Turn>[] = [];
  #meeting: Meeting | undefined;
  /** How each participant's time here is ended. */
  readonly #ends: (() => void)[] = [];
  readonly #working = new Set<number>();
  #ending = false;

  private constructor(options: CrewOptions) {
    this.#options = options;
    const { seats, setup, threads } = options;
    this.#tallies = seats.map(({ tally }) => tally);
    this.#workers = Array.from({ length: threads }, (_, member) => {
      const own = seats.filter(({ tally }) => tally.index % threads === member);
      return this.#start({ ...setup, seats: own.map(({ keys, tally, share }) => ({ keys, tally, share })) });
    });
  }

  /** Starts the threads; resolves when all are there, so that in real time nobody comes late because of them. */
  static async start(options: CrewOptions): Promise<Crew> {
    const crew = new Crew(options);
    try {
      await Promise.all(crew.#workers.map((worker) => Promise.race([once(worker, 'message'), once(worker, 'exit').then(gone)])));
      return crew;
    } catch (error) {
      await crew.end();
      throw error;
    }
  }

  /** Adds all participants to the timeline. */
  join(meeting: Meeting): void {
    const { timeline, url } = meeting;
    this.#meeting = meeting;
    this.#outboxes = this.#workers.map((worker) => {
      const news = new News(meeting);
      return new Outbox<Turn>((turns) => {
        if (this.#ending) return;
        const message: ToCrowd = { now: timeline.now, latest: timeline.latest, url, ...news.take(), turns };
        worker.postMessage(message);
      });
    });
    for (const { index } of this.#tallies) {
      timeline.add(() => {
        this.#give({ kind: 'begin', index });
        return new Promise((resolve) => {
          this.#ends[index] = resolve;
        });
      });
    }
  }

  /** Ends the threads, whatever they do. */
  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    for (const index of this.#working) this.#ends[index]!();
    this.#working.clear();
  }

  #start(workerData: CrowdSetup): Worker {
    const { fail } = this.#options;
    const script = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
    const worker = new Worker(script, { name: 'xaynet crowd', workerData, resourceLimits: { maxYoungGenerationSizeMb: NURSERY } });
    worker.on('message', (notes: readonly FromCrowd[]) => {
      for (const note of notes) if (!this.#ending) this.#take(note, this.#meeting!);
    });
    worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', (code) => !this.#ending && fail(new Error(`a thread of the crowd ended with code ${code}`)));
    return worker;
  }

  #give(turn: Turn): void {
    if (turn.kind === 'begin' || turn.kind === 'wake') this.#working.add(turn.index);
    this.#outboxes[turn.index % this.#outboxes.length]!.put(turn);
  }

  #take(note: FromCrowd, { book, port, timeline }: Meeting): void {
    const { fail, seats } = this.#options;
    const { index } = note;
    const tally = this.#tallies[index]!;
    if ('counts' in note) for (const [i, name] of OWN_COUNTS.entries()) tally[name] = note.counts[i]!;
    const wake = (): void => this.#give({ kind: 'wake', index });
    switch (note.kind) {
      case 'sleep':
        this.#working.delete(index);
        void timeline.sleep(note.ms).then(wake);
        break;
      case 'news':
        this.#working.delete(index);
        void timeline.untilNews(note.topic, note.known, note.delay).then(wake);
        break;
      case 'send':
        handOver(port, note.bytes).then((answer) => this.#give({ kind: 'answer', index, answer }), fail);
        break;
      case 'seeds':
        this.#give({ kind: 'seeds', index, seeds: port.seeds(seats[index]!.keys.publicKey) });
        break;
      case 'end':
        this.#working.delete(index);
        if (note.error !== undefined) fail(new Error(note.error));
        this.#ends[index]!();
        break;
      case 'computed':
        book.computed(tally, note.done, note.total);
        break;
      case 'selected':
        book.selected(tally, note.role);
        break;
      case 'keep':
        book.keep(tally, note.weights, note.excess);
        break;
      case 'drop':
      case 'clamped':
        book[note.kind](tally);
        break;
      case 'refused':
      case 'gaveUp':
        book[note.kind](tally, note.code);
        break;
      case 'adversary':
        book.adversaries.sent(note.adversary, note.verdict);
    }
  }
}

function gone([code]: unknown[]): never {
  throw new Error(`a thread of the crowd ended with code ${code} before it began`);
}

/** What has changed since a thread was told last. */
class News {
  readonly #book: RoundBook;
  readonly #port: HttpPort;
  #documents: Documents | undefined;
  #state: BookState | undefined;

  constructor({ book, port }: Meeting) {
    this.#book = book;
    this.#port = port;
  }

  take(): Pick<ToCrowd, 'documents' | 'book'> {
    const documents = { params: this.#port.params(), sums: this.#port.sums(), model: this.#port.model() };
    const { round, roundSeed, hasModel, start } = this.#book;
    const state = { round, roundSeed, hasModel, start };
    const news = { ...(isSame(documents, this.#documents) ? {} : { documents }), ...(isSame(state, this.#state) ? {} : { book: state }) };
    this.#documents = documents;
    this.#state = state;
    return news;
  }
}

/** Whether all members are the same values, or the same objects: documents are replaced, never changed. */
function isSame<T extends object>(a: T, b: T | undefined): boolean {
  return b !== undefined && (Object.keys(a) as (keyof T)[]).every((name) => a[name] === b[name]);
}
