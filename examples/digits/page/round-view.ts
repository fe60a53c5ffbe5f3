// The round as the coordinator tells of it, live: which phase, for how long, how many messages so far.
import { followCoordinator } from './coordinator-events.ts';
import { element } from './element.ts';

interface Phase {
  readonly round: number;
  readonly phase: string;
  readonly earliestEnd?: number;
}

const PHASES = ['sum', 'update', 'sum2', 'unmask'];
const WHAT: Readonly<Record<string, string>> = { sum: 'tabs and devices drawn for the sum', update: 'masked models', sum2: 'sums of masks' };

/** Shows the rounds of a coordinator; `over` is told of a round that gave a model. */
export class RoundView {
  readonly #coordinator: string;
  #phase: Phase = { round: 0, phase: 'idle' };
  #began = Date.now();
  #accepted = 0;

  constructor(coordinator: string, over: (round: number) => void) {
    this.#coordinator = coordinator;
    void this.#load();
    followCoordinator(coordinator, ({ type, data }) => {
      if (type === 'open') void this.#load();
      if (type === 'phase') this.#begin(data as Phase);
      if (type === 'accepted') this.#count(this.#accepted + 1);
      if (type === 'failure')
        element('failure').textContent = `Round ${data.round} failed and is repeated (${data.message}). The more take part, the rarer that is.`;
      if (type === 'model') {
        element('failure').textContent = '';
        over(data.round!);
      }
    });
    setInterval(() => this.#tick(), 100);
  }

  async #load(): Promise<void> {
    const answer = await fetch(`${this.#coordinator}/status`).catch(() => undefined);
    if (answer?.ok !== true) return; // it is away; the participant says so
    const { round, phase, window, counts } = await answer.json();
    this.#begin({ round, phase, ...window });
    this.#count(counts?.accepted ?? 0);
  }

  #begin(phase: Phase): void {
    this.#phase = phase;
    this.#began = Date.now();
    element('number').textContent = phase.round > 0 ? String(phase.round) : '…';
    const now = PHASES.indexOf(phase.phase);
    for (const [i, step] of Array.from(element('steps').children).entries()) {
      step.classList.toggle('done', i < now);
      step.classList.toggle('now', i === now);
      if (i === now) step.setAttribute('aria-current', 'step');
      else step.removeAttribute('aria-current');
    }
    this.#count(0);
  }

  #count(accepted: number): void {
    this.#accepted = accepted;
    const what = WHAT[this.#phase.phase];
    element('counts').textContent = what === undefined ? '' : `${accepted} ${what} so far`;
  }

  #tick(): void {
    const { earliestEnd } = this.#phase;
    const share = earliestEnd === undefined ? 0 : Math.min(1, (Date.now() - this.#began) / Math.max(1, earliestEnd - this.#began));
    element('meter').style.width = `${100 * share}%`;
  }
}
