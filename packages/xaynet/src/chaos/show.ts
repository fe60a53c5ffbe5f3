// Shows how far a chaos run is: one line that is redrawn on a terminal, one line a completed round anywhere else.

import { duration } from '../figures.ts';
import { type Environment, isLive, type Output } from '../screen.ts';
import type { ChaosProgress } from './scene.ts';

/** Shows one run. */
export class ChaosShow {
  readonly #out: Output;
  readonly #rounds: number;
  readonly #live: boolean;
  readonly #begun: number = performance.now();
  #completed = 0;
  #drawn = false;

  constructor(out: Output, rounds: number, env: Environment) {
    this.#out = out;
    this.#rounds = rounds;
    this.#live = isLive(out, env);
  }

  /** A line that stays. */
  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  /** Takes how far it is. */
  tell(progress: ChaosProgress): void {
    const text = progressText(progress, this.#rounds, (performance.now() - this.#begun) / 1000);
    if (this.#live) {
      this.#out.write(`\r\u001b[2K${text.slice(0, (this.#out.columns || 80) - 1)}`);
      this.#drawn = true;
    } else if (progress.completed > this.#completed) this.line(text);
    this.#completed = progress.completed;
  }

  /** Ends the redrawn line; twice is as good as once. */
  end(): void {
    if (this.#drawn) this.#out.write('\n');
    this.#drawn = false;
  }
}

/** How far a run is, as one line. */
export function progressText(progress: ChaosProgress, rounds: number, seconds: number): string {
  const { completed, phase, kills, acknowledged, counted, lost, doubled, failed, resumed, broken } = progress;
  const trouble = `${failed > 0 ? `, ${failed} failed` : ''}${broken > 0 ? `, ${broken} BROKEN` : ''}`;
  return `${duration(seconds)}  round ${completed} of ${rounds} (${phase})  ${kills} kills, ${resumed} rounds resumed, ${acknowledged} messages acknowledged, ${counted} updates counted, ${lost} lost, ${doubled} doubled${trouble}`;
}
