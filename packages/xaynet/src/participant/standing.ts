// What a participant does at the moment, or waits for: on a terminal a line at the bottom that is drawn again each second, elsewhere a line for a
// long computation now and then, and one for a wait that lasts. So nobody wonders whether it still runs.

import type { ParticipantEvent } from '@xaynet/participant';
import { bar, type Progress } from '../terminal/progress.ts';

const WAITS = {
  round: 'waits for the next round',
  sums: 'waits until all sum participants are known',
  seeds: 'waits for the updates of the others',
  model: 'waits for its model',
  network: 'waits for the coordinator to answer',
  store: 'waits for its state to be stored',
  tab: 'waits for another tab',
} as const;

/** What a long computation counts. */
const COMPUTED = { sum2: 'masks added up', mask: 'weights masked', update: 'seeds sealed' } as const;

/** What `event` says of the moment: a text, undefined when it says that nothing particular is done, null when it says nothing of it. */
export function standingOf(event: ParticipantEvent): string | undefined | null {
  const round = 'round' in event && event.round !== undefined ? `round ${event.round.slice(0, 8)}: ` : '';
  switch (event.type) {
    case 'training':
      return `${round}trains`;
    case 'waiting':
      return `${round}${WAITS[event.waitingFor]}`;
    case 'progress':
      if (event.done === event.total) return undefined;
      return bar(event.done, event.total, `${round}${COMPUTED[event.task]}: ${event.done} of ${event.total}`);
    case 'sending':
      return `${round}sends its ${event.tag} message${event.parts > 1 ? `, ${event.part} of ${event.parts} parts are there` : ''}`;
    case 'paused':
      return `${round}rests: ${event.reasons.join(', ')}`;
    case 'idle':
      return `${round}${WAITS.round}`;
    case 'round':
    case 'resumed':
    case 'sent':
      return undefined;
    default:
      return null;
  }
}

/** Milliseconds of one wait after which a log is told of it. */
const LONG = 30_000;
const TICK = 1000;

/** Shows it on a {@link Progress}, until closed. */
export class Standing {
  readonly #progress: Progress;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #text: string | undefined;
  #since = 0;
  #computes = false;

  constructor(progress: Progress, now: () => number = () => performance.now()) {
    this.#progress = progress;
    this.#now = now;
    this.#timer = setInterval(() => this.show(), TICK);
    this.#timer.unref();
  }

  /** Takes what happened. */
  take(event: ParticipantEvent): void {
    const text = standingOf(event);
    if (text === null) return;
    const goesOn = event.type === 'progress' && this.#computes;
    this.#computes = event.type === 'progress';
    if (!goesOn && text !== this.#text) {
      this.#since = this.#now();
      this.#progress.end();
    }
    this.#text = text;
    this.show();
  }

  /** Shows how long it lasts by now. */
  show(): void {
    if (this.#text === undefined) return;
    const lasts = this.#now() - this.#since;
    if (this.#progress.live) this.#progress.tell(`${this.#text} (${Math.floor(lasts / 1000)} s)`);
    else if (this.#computes || lasts >= LONG) this.#progress.tell(this.#text);
  }

  /** Shows nothing any more. */
  close(): void {
    clearInterval(this.#timer);
    this.#text = undefined;
    this.#progress.end();
  }
}
