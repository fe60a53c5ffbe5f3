// Brings a simulation to its reader: bars that are redrawn on a terminal, a line a round that stays anywhere.

import { grouped } from '../figures.ts';
import { clip, hasColours, isLive, type Output, type Paint, paintFor, Screen } from '../screen.ts';
import { type Board, bar, frame, roundLine } from './bars.ts';
import type { SimulationProgress } from './run.ts';

/** Milliseconds between two frames. */
const FRAME = 100;
/** Milliseconds before anything is said of the beginning. */
const PATIENCE = 1000;
/** Milliseconds between two plain lines where nothing can be redrawn. */
const RHYTHM = 10_000;

/** Shows one simulation. */
export class SimulationShow {
  readonly #out: Output;
  readonly #rounds: number;
  readonly #participants: number;
  readonly #paint: Paint;
  readonly #live: boolean;
  readonly #began: number = performance.now();
  #screen: Screen | undefined;
  #shown = 0;
  #drawn: number = Number.NEGATIVE_INFINITY;
  #phase = '';
  #phaseBegan = 0;

  constructor(out: Output, participants: number, rounds: number) {
    this.#out = out;
    this.#participants = participants;
    this.#rounds = rounds;
    this.#live = isLive(out);
    this.#paint = paintFor(hasColours(out));
  }

  /** A line that stays: before the bars begin or after they ended. */
  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  /** Takes how many participants are made: of a hundred thousand that takes longer than a line should be waited for. */
  preparing(made: number): void {
    const now = performance.now();
    if (now - this.#began < PATIENCE || (this.#drawn > 0 && now - this.#drawn < (this.#live ? FRAME : RHYTHM))) return;
    this.#drawn = now;
    const said = `${grouped(made)} of ${grouped(this.#participants)}`;
    if (!this.#live) {
      this.line(`participants made: ${said}`);
      return;
    }
    this.#screen ??= new Screen(this.#out);
    this.#screen.draw([clip(`  making participants ${this.#paint('cyan', bar(made / this.#participants, 30))} ${said}`, this.#screen.columns)]);
  }

  /** Takes how far it is. */
  tell({ plan, book, timeline }: SimulationProgress): void {
    const now = performance.now();
    if (book.phase === 'shutdown') return; // it is over, and what there was is shown
    const name = `${book.round} ${book.phase}`;
    if (name !== this.#phase) {
      this.#phase = name;
      this.#phaseBegan = now;
    }
    const { results, counts, phase } = book;
    if (results.length > this.#shown) {
      this.#screen?.clear();
      for (const result of results.slice(this.#shown)) this.line(roundLine(result));
      this.#shown = results.length;
    }
    if (now - this.#drawn < (this.#live ? FRAME : RHYTHM)) return;
    const isFirst = this.#drawn < 0;
    this.#drawn = now;
    if (!this.#live && isFirst) return; // what ends soon needs no other line
    const board: Board = {
      rounds: this.#rounds,
      results,
      round: book.round,
      phase,
      counts,
      ...this.#phaseOf(book, plan),
      seconds: (now - this.#began) / 1000,
      phaseSeconds: (now - this.#phaseBegan) / 1000,
      simulated: timeline.now / 1000,
      memory: process.memoryUsage.rss(),
    };
    if (!this.#live) {
      if (board.expected > 0) this.line(`round ${book.round}  ${phase}: ${grouped(Math.floor(board.done))} of ${grouped(board.expected)}`);
      return;
    }
    this.#screen ??= new Screen(this.#out);
    this.#screen.draw(frame(board, this.#paint).map((text) => clip(text, this.#screen!.columns)));
  }

  /** What the running phase can expect and what it has: messages, of which large ones count in part while they are made; weights that are unmasked. */
  #phaseOf({ phase, counts, unmasking, underWay }: SimulationProgress['book'], { expected }: SimulationProgress['plan']): Pick<Board, 'expected' | 'done'> {
    const made = [...underWay.values()].reduce((sum, share) => sum + share, 0);
    switch (phase) {
      case 'sum':
        return { expected: this.#participants, done: counts.sumSelected + counts.updateSelected };
      case 'update':
        return { expected: Math.round(Math.max(expected.update, counts.update)), done: counts.update + made };
      case 'sum2':
        return { expected: counts.sum, done: counts.sum2 + made };
      default:
        return { expected: unmasking?.total ?? 0, done: unmasking?.done ?? 0 };
    }
  }

  /** Ends the bars, which go; twice is as good as once. */
  end(): void {
    this.#screen?.clear();
    this.#screen?.close();
    this.#screen = undefined;
  }
}
