// What adversaries sent and what became of it, by kind.

/** One kind of adversaries. */
export interface AdversaryResult {
  readonly kind: string;
  /** How many participants are of it. */
  readonly participants: number;
  /** Messages and chunks sent; those that were accepted, or wait for the rest of their chunks; refused ones by code. */
  readonly sent: number;
  readonly accepted: number;
  readonly incomplete: number;
  readonly refused: Readonly<Record<string, number>>;
}

interface Kind {
  participants: number;
  sent: number;
  accepted: number;
  incomplete: number;
  refused: Record<string, number>;
}

/** See the head of the file. */
export class AdversaryBook {
  readonly #kinds = new Map<string, Kind>();

  /** Adds a participant of a kind. */
  join(kind: string): void {
    this.#of(kind).participants++;
  }

  /** A message of this kind was sent; `verdict` is a code, `accepted` or `incomplete`. */
  sent(kind: string, verdict: string): void {
    const of = this.#of(kind);
    of.sent++;
    if (verdict === 'accepted' || verdict === 'incomplete') of[verdict]++;
    else of.refused[verdict] = (of.refused[verdict] ?? 0) + 1;
  }

  /** What was counted so far. */
  results(): AdversaryResult[] {
    return [...this.#kinds].map(([kind, counts]) => ({ kind, ...counts, refused: { ...counts.refused } }));
  }

  #of(kind: string): Kind {
    const known = this.#kinds.get(kind) ?? { participants: 0, sent: 0, accepted: 0, incomplete: 0, refused: {} };
    this.#kinds.set(kind, known);
    return known;
  }
}
