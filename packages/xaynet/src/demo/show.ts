// Brings a demo to its reader: a live view on a terminal, redrawn ten times a second, and plain lines anywhere else.

import { type Environment, isLive, type Output, type Paint, paintOn, Screen } from '../screen.ts';
import { type Board, type Progress, take } from './progress.ts';
import { frame, plainLine } from './view.ts';

/** Shows one demo. */
export class Show {
  readonly #out: Output;
  readonly #screen: Screen | undefined;
  readonly #paint: Paint;
  #board: Board | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: Output, env: Environment) {
    this.#out = out;
    this.#screen = isLive(out, env) ? new Screen(out) : undefined;
    this.#paint = paintOn(out, env);
  }

  /** A line that stays: before the live view begins or after it ended. */
  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  /** From here on `board` is shown. */
  begin(board: Board): void {
    this.#board = board;
    if (this.#screen === undefined) return;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), 100);
  }

  /** Takes one thing that happened. */
  tell(progress: Progress): void {
    if (this.#board === undefined) return;
    const text = this.#screen === undefined ? plainLine(this.#board, progress) : undefined;
    take(this.#board, progress, performance.now());
    if (text !== undefined) this.line(text);
  }

  /** Ends the live view; its last frame stays. Twice is as good as once. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#screen === undefined || this.#board === undefined) return;
    this.#draw();
    this.#screen.close();
    this.#board = undefined;
  }

  #draw(): void {
    if (this.#board !== undefined) this.#screen?.draw(frame(this.#board, performance.now(), this.#screen.columns, this.#paint));
  }
}
