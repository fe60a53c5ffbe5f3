// The rounds that are over, as anybody can read them at the coordinator: how many models each is the mean of, and the mean itself, which
// this tab judges with its own data. So a tab that was just opened shows the whole curve.

/** A round that gave a model, and how well that model reads. */
export interface JudgedRound {
  readonly round: number;
  readonly updates: number;
  readonly accuracy: number;
}

interface Record {
  readonly round: number;
  readonly updates: number;
  readonly model?: string;
}

/** As many models as the coordinator keeps. */
const KEPT = 30;
const TRIES = 10;

/** The rounds so far, oldest first. */
export class RoundHistory {
  readonly rounds: JudgedRound[] = [];
  /** Whether they are all since the first, so that before them nobody had learnt anything. */
  fromStart = false;
  readonly #coordinator: string;
  readonly #judge: (weights: Float32Array) => number;
  #work: Promise<void> = Promise.resolve();

  /** `judge` takes each model in the order of the rounds, the newest last, and says how well it reads. */
  constructor(coordinator: string, judge: (weights: Float32Array) => number) {
    this.#coordinator = coordinator;
    this.#judge = judge;
  }

  /** Judges the models that came since the last time; `until` is a round whose record may come a moment after the news of it. */
  refresh(until = 0): Promise<void> {
    this.#work = this.#work.catch(() => undefined).then(() => this.#refresh(until));
    return this.#work;
  }

  async #refresh(until: number): Promise<void> {
    let rounds: Record[] = [];
    for (let tries = 0; tries < TRIES && (tries === 0 || (rounds[0]?.round ?? 0) < until); tries++) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 100));
      const answer = await fetch(`${this.#coordinator}/rounds?limit=${KEPT}`);
      rounds = (await answer.json()).rounds;
    }
    if (this.rounds.length === 0) this.fromStart = rounds.at(-1)?.round === 1 || rounds.length === 0;
    for (const { round, updates, model } of rounds.reverse()) {
      if (model === undefined || round <= (this.rounds.at(-1)?.round ?? 0)) continue;
      const weights = await fetch(`${this.#coordinator}/models/${model}.f32`);
      if (!weights.ok) continue; // not kept any more
      this.rounds.push({ round, updates, accuracy: this.#judge(new Float32Array(await weights.arrayBuffer())) });
    }
  }
}
