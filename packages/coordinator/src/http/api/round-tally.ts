// What a round has brought so far, counted where it happens: arrivals over time, bytes, refusals by their code. So a page that is opened late has
// seen it all, and a thousand messages a second cost it what one costs. All is bounded: steps of time grow, codes are a closed list.

import type { MessageTag } from '@xaynet/core/message';
import type { CoordinatorEvent } from '../../events.ts';
import type { RefusalCount, RoundTally } from './documents.ts';
import { cause } from './event-json.ts';

type Series = keyof RoundTally['arrivals'];
type Verdict = RefusalCount['verdict'];

/** Steps of time that are kept; when they are full, two become one. */
const STEPS = 96;
const FIRST_STEP_MS = 50;
/** A round has some seven phases, and goes through no phase twice but when it fails. */
const PHASES = 16;

/** Counts one round after another; to be given every event. */
export class Tally {
  readonly #now: () => number;
  #round: Counting | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** True: something has changed. */
  take(event: CoordinatorEvent): boolean {
    const at = this.#now();
    if (event.type === 'round') this.#round = new Counting(event.round, at, { sum: event.params.sum, update: event.params.update });
    const round = this.#round;
    if (round === undefined) return false;
    switch (event.type) {
      case 'phase':
        round.enter(event.phase, at);
        return true;
      case 'accepted':
        round.accepted(event.tag, event.bytes, at);
        return true;
      case 'rejected':
      case 'discarded':
      case 'refused':
        round.refused(event.type, event.code, event.bytes, at);
        return true;
      default:
        return event.type === 'round';
    }
  }

  /** As of now; null before the first round. */
  get document(): RoundTally | null {
    return this.#round?.document() ?? null;
  }
}

class Counting {
  readonly #round: number;
  readonly #since: number;
  readonly #probability: RoundTally['probability'];
  readonly #phases: { phase: RoundTally['phases'][number]['phase']; began: number; ended: number | null }[] = [];
  readonly #arrivals: Record<Series, number[]> = { sum: [], update: [], sum2: [], refused: [] };
  readonly #refusals = new Map<string, { verdict: Verdict; code: RefusalCount['code']; count: number }>();
  readonly #bytes = { accepted: 0, refused: 0 };
  #step = FIRST_STEP_MS;
  #until: number | null = null;

  constructor(round: number, since: number, probability: RoundTally['probability']) {
    this.#round = round;
    this.#since = since;
    this.#probability = probability;
  }

  enter(phase: RoundTally['phases'][number]['phase'], at: number): void {
    const last = this.#phases.at(-1);
    if (last !== undefined && last.ended === null) last.ended = at;
    // What follows the model is the next round's.
    if ((phase === 'idle' || phase === 'shutdown') && this.#phases.length > 0) this.#until ??= at;
    else if (this.#phases.length < PHASES) this.#phases.push({ phase, began: at, ended: null });
  }

  accepted(tag: MessageTag, bytes: number, at: number): void {
    this.#count(tag, at);
    this.#bytes.accepted += bytes;
  }

  refused(verdict: Verdict, code: RefusalCount['code'], bytes: number, at: number): void {
    this.#count('refused', at);
    this.#bytes.refused += bytes;
    const key = `${verdict} ${code}`;
    const found = this.#refusals.get(key);
    if (found === undefined) this.#refusals.set(key, { verdict, code, count: 1 });
    else found.count++;
  }

  #count(series: Series, at: number): void {
    let place = Math.max(0, Math.floor((at - this.#since) / this.#step));
    while (place >= STEPS) {
      this.#step *= 2;
      place = Math.floor(place / 2);
      for (const each of Object.values(this.#arrivals)) halve(each);
    }
    const counts = this.#arrivals[series];
    while (counts.length <= place) counts.push(0);
    counts[place]!++;
  }

  document(): RoundTally {
    const phases = this.#phases.map(({ phase, began, ended }) => ({ phase, began: Math.round(began), ended: ended === null ? null : Math.round(ended) }));
    const refusals = [...this.#refusals.values()].sort((a, b) => b.count - a.count).map(({ verdict, code, count }) => ({ verdict, ...cause(code), count }));
    return {
      round: this.#round,
      since: Math.round(this.#since),
      until: this.#until === null ? null : Math.round(this.#until),
      probability: this.#probability,
      phases,
      step: this.#step,
      arrivals: this.#arrivals,
      bytes: this.#bytes,
      refusals,
    };
  }
}

/** Two steps become one, in place. */
function halve(counts: number[]): void {
  const length = Math.ceil(counts.length / 2);
  for (let i = 0; i < length; i++) counts[i] = counts[2 * i]! + (counts[2 * i + 1] ?? 0);
  counts.length = length;
}
