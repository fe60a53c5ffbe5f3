// Tells how far something is that takes long, on standard error: on a terminal one line that is drawn again and goes away at the end, anywhere
// else a plain line now and then, which a log can hold. What is done before two seconds are over is not told of at all.

import { type Environment, isLive, type Output } from '../screen.ts';

/** Milliseconds before anything is told, on a terminal and elsewhere. */
const PATIENCE = 1000;
const PATIENCE_OF_LOGS = 2000;
/** Milliseconds between two plain lines. */
const RHYTHM = 10_000;
/** Milliseconds between two drawings. */
const FRAME = 100;

/** Options of a {@link Progress}. */
export interface ProgressOptions {
  readonly env: Environment;
  /** A clock in milliseconds. */
  readonly now?: () => number;
}

/** One task, or several in a row, told on one line. */
export class Progress {
  readonly #out: Output;
  readonly #now: () => number;
  /** Whether a line is drawn again, on a terminal. */
  readonly live: boolean;
  #since: number;
  #told = Number.NEGATIVE_INFINITY;
  #drawn = '';
  #last = '';

  constructor(out: Output, { env, now = () => performance.now() }: ProgressOptions) {
    this.#out = out;
    this.#now = now;
    this.live = isLive(out, env);
    this.#since = now();
  }

  /** Takes how far it is; shown when it is time to. */
  tell(text: string): void {
    const now = this.#now();
    if (now - this.#since < (this.live ? PATIENCE : PATIENCE_OF_LOGS)) return;
    if (this.live) {
      if (now - this.#told < FRAME) return;
      this.#draw(text);
    } else {
      if (now - this.#told < RHYTHM || text === this.#last) return;
      this.#out.write(`${text}\n`);
    }
    this.#last = text;
    this.#told = now;
  }

  /** Writes something that stays; what is drawn moves below it. */
  above(write: () => void): void {
    const drawn = this.#drawn;
    this.#erase();
    write();
    if (drawn !== '') this.#draw(drawn);
  }

  /** Ends the task: what is drawn goes away, and the next one has its own two seconds. Twice is as good as once. */
  end(): void {
    this.#erase();
    this.#since = this.#now();
    this.#told = Number.NEGATIVE_INFINITY;
    this.#last = '';
  }

  /** Waits for `work`, and tells every moment that it does: `text`, and for how long. */
  async during<T>(text: string, work: Promise<T>): Promise<T> {
    this.end();
    const begun = this.#now();
    const timer = setInterval(() => this.tell(`${text} (${Math.floor((this.#now() - begun) / 1000)} s)`), 200);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      this.end();
    }
  }

  #draw(text: string): void {
    this.#drawn = text;
    const columns = (this.#out.columns || 80) - 1;
    this.#out.write(`\r\u001b[2K${text.length > columns ? `${text.slice(0, columns - 1)}…` : text}`);
  }

  #erase(): void {
    if (this.#drawn !== '') this.#out.write('\r\u001b[2K');
    this.#drawn = '';
  }
}

const WIDTH = 24;

/** How far something is, as a bar and a percentage: `███████████·············  46 %  label`. */
export function bar(done: number, total: number, label: string): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const full = Math.round(share * WIDTH);
  return `${'█'.repeat(full)}${'·'.repeat(WIDTH - full)} ${String(Math.floor(100 * share)).padStart(3)} %  ${label}`;
}
