// A part of the crowd on a thread of its own. Its participants are those of virtual-participant.ts; what they share is told from the other side, or
// asked there: time, books, the coordinator.

import { toHex } from '@xaynet/core/bytes';
import type { Transport } from '@xaynet/participant';
import { conductOf } from '../adversaries/kinds.ts';
import { type Answer, Decoded, DirectTransport, httpWay } from '../direct-transport.ts';
import { LINKS } from '../links.ts';
import type { Tally } from '../tally.ts';
import { TASKS } from '../tasks.ts';
import { takePart } from '../virtual-participant.ts';
import { type Books, breather, type Turns, type World } from '../world.ts';
import { type BookState, type CrowdSetup, type Documents, type FromCrowd, Outbox, OWN_COUNTS, type ToCrowd } from './protocol.ts';

/** Sends notes to the other side; the memory of these buffers goes along. */
type Post = (notes: readonly FromCrowd[], memory: readonly ArrayBufferLike[]) => void;

/** What a participant goes on with: nothing, or what it asked for. */
type Given = Answer | Uint8Array | undefined;

/** See the head of the file. */
export class Crowd {
  readonly #outbox: Outbox<FromCrowd>;
  readonly #seats: ReadonlyMap<number, CrowdSetup['seats'][number]>;
  readonly #shared: Omit<World, 'timeline' | 'book' | 'way'>;
  readonly #decoded = new Decoded();
  #http: Transport | undefined;
  readonly #clock: Turns['participantClock'];
  readonly #waiting = new Map<number, (given: Given) => void>();
  #told: Pick<ToCrowd, 'now' | 'latest'> = { now: 0, latest: 0 };
  #toldAt = 0;
  #documents: Documents | undefined;
  #state: BookState | undefined;

  constructor(setup: CrowdSetup, post: Post) {
    this.#outbox = new Outbox((notes) => post(notes, notes.flatMap(memoryOf)));
    this.#seats = new Map(setup.seats.map((seat) => [seat.tally.index, seat]));
    this.#clock = {
      now: () => this.#told.now + performance.now() - this.#toldAt, // while one computes it goes on a little, as on the timeline
      after: (ms, run) => {
        if (ms > 0) throw new Error('on a thread of the crowd nobody but the timeline waits');
        const immediate = setImmediate(run);
        return () => clearImmediate(immediate);
      },
    };
    this.#shared = {
      ...setup.conditions,
      task: TASKS[setup.data](setup.task),
      signal: new AbortController().signal, // the thread is ended as a whole
      link: LINKS[setup.network],
      breathe: breather(),
    };
  }

  /** Takes what the other side says: what is new first, then everybody's turn. */
  take({ turns, documents, book, url, ...told }: ToCrowd): void {
    if (url !== undefined) this.#http ??= httpWay(url);
    this.#told = told;
    this.#toldAt = performance.now();
    this.#documents = documents ?? this.#documents;
    this.#state = book ?? this.#state;
    for (const turn of turns) {
      if (turn.kind === 'begin') void this.#begin(turn.index);
      else this.#goOn(turn.index, turn.kind === 'answer' ? turn.answer : turn.kind === 'seeds' ? turn.seeds : undefined);
    }
  }

  async #begin(index: number): Promise<void> {
    const { tally, ...seat } = this.#seats.get(index)!;
    const world: World = { ...this.#shared, timeline: this.#turnsOf(tally), book: this.#booksOf(tally), way: this.#http ?? this.#wayOf(tally) };
    let error: string | undefined;
    try {
      await takePart({ ...seat, tally, conduct: tally.adversary === undefined ? undefined : conductOf(tally.adversary) }, world);
    } catch (thrown) {
      error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
    this.#outbox.put({ kind: 'end', index, counts: countsOf(tally), error });
  }

  #goOn(index: number, given: Given): void {
    const resume = this.#waiting.get(index)!;
    this.#waiting.delete(index);
    resume(given);
  }

  /** Says something that a participant waits for an answer to; it waits for one at a time. */
  #ask(note: FromCrowd): Promise<Given> {
    this.#outbox.put(note);
    return new Promise((resume) => this.#waiting.set(note.index, resume));
  }

  #turnsOf(tally: Tally): Turns {
    const { index } = tally;
    const crowd = this;
    return {
      get latest() {
        return crowd.#told.latest;
      },
      participantClock: this.#clock,
      sleep: async (ms) => void (await this.#ask({ kind: 'sleep', index, ms, counts: countsOf(tally) })),
      untilNews: async (topic, known, delay) => void (await this.#ask({ kind: 'news', index, topic, known, delay, counts: countsOf(tally) })),
    };
  }

  #booksOf({ index }: Tally): Books {
    const state = (): BookState => this.#state!;
    const put = (note: FromCrowd): void => this.#outbox.put(note);
    return {
      get round() {
        return state().round;
      },
      get hasModel() {
        return state().hasModel;
      },
      get start() {
        return state().start;
      },
      isOpen: (seed) => state().roundSeed === toHex(seed),
      computed: (_, done, total) => put({ kind: 'computed', index, done, total }),
      selected: (_, role) => put({ kind: 'selected', index, role }),
      keep: (_, weights, excess = 0) => put({ kind: 'keep', index, weights: forPost(weights), excess }),
      drop: () => put({ kind: 'drop', index }),
      clamped: () => put({ kind: 'clamped', index }),
      refused: (_, code) => put({ kind: 'refused', index, code }),
      gaveUp: (_, code) => put({ kind: 'gaveUp', index, code }),
      adversaries: { sent: (adversary, verdict) => put({ kind: 'adversary', index, adversary, verdict }) },
    };
  }

  #wayOf(tally: Tally): Transport {
    const { index } = tally;
    return new DirectTransport(
      {
        params: () => this.#documents!.params,
        sums: () => this.#documents!.sums,
        model: () => this.#documents!.model,
        seeds: async () => (await this.#ask({ kind: 'seeds', index, counts: countsOf(tally) })) as Uint8Array | undefined,
        deliver: async (bytes) => (await this.#ask({ kind: 'send', index, bytes: forPost(bytes), counts: countsOf(tally) })) as Answer,
      },
      this.#decoded,
    );
  }
}

function countsOf(tally: Tally): number[] {
  return OWN_COUNTS.map((name) => tally[name]);
}

/** Handing memory over takes longer than copying it, up to about so many bytes. */
const COPIED = 65_536;

/** What is handed over with a note: large copies that were made for the other side alone. */
function memoryOf(note: FromCrowd): ArrayBufferLike[] {
  const bytes = note.kind === 'send' ? note.bytes : note.kind === 'keep' ? note.weights : undefined;
  return bytes === undefined || bytes.byteLength <= COPIED ? [] : [bytes.buffer];
}

/** A copy of what is too large to be copied on its way; nothing of it is changed before it has left. */
function forPost<T extends Uint8Array | Float32Array>(bytes: T): T {
  return bytes.byteLength <= COPIED ? bytes : (bytes.slice() as T);
}
