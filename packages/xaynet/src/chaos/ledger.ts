// The books of a chaos run: what was sent, what the coordinator said to it, and what came of each round; and the verdict. It knows only
// what can be seen from outside: bytes on their way, status codes and published documents. Nothing is believed because a coordinator
// says so, except that an answer of 200 is held against it.

import type { RoundRecord } from '@xaynet/coordinator';
import type { Model } from '@xaynet/core/mask';
import { isOfRound, readOneHots } from './one-hot.ts';
import { type Message, newBook, type RoundBook, type RoundEnd } from './round-book.ts';

/** A promise that was not kept. */
export interface Breach {
  readonly kind:
    | 'lost'
    | 'doubled'
    | 'corrupt'
    | 'stranger'
    | 'parted'
    | 'abandoned'
    | 'flapped'
    | 'unexplained'
    | 'gave-up'
    | 'no-start'
    | 'participant'
    | 'stuck';
  readonly round: string;
  readonly text: string;
}

/** Numbers of the verdict. */
export interface Totals {
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged updates of the rounds that have a model, and updates counted in these models. */
  readonly acknowledgedUpdates: number;
  readonly counted: number;
  readonly lost: number;
  readonly doubled: number;
  readonly corrupt: number;
  readonly completed: number;
  /** Rounds over of which a record was read. */
  readonly recorded: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly resumed: number;
  readonly abandoned: number;
}

/** Rounds of which an answer may still be on its way. */
const STILL_OPEN = 20;

/** Keeps the books. */
export class Ledger {
  readonly breaches: Breach[] = [];
  readonly #participants: number;
  readonly #leastUpdates: number;
  readonly #rounds = new Map<string, RoundBook>();
  #current: RoundBook | undefined;
  readonly #lost = new Set<string>();
  readonly #strangers = new Set<string>();
  #doubled = 0;
  #corrupt = 0;
  readonly #models = new Set<string>();

  constructor(participants: number, leastUpdates: number) {
    this.#participants = participants;
    this.#leastUpdates = leastUpdates;
  }

  /** The round whose parameters were published last. */
  get current(): RoundBook | undefined {
    return this.#current;
  }

  /** All rounds, in the order they were seen. */
  get rounds(): readonly RoundBook[] {
    return [...this.#rounds.values()];
  }

  /** Parameters of this round are published. */
  seeRound(id: string): RoundBook {
    const before = this.#current;
    if (before?.id === id) return before;
    const round = this.#book(id);
    if (round.shown && before !== undefined) {
      this.#breach('flapped', id, `the coordinator showed round ${before.id.slice(0, 8)} and then this older one again`);
    }
    round.shown = true;
    this.#current = round;
    return round;
  }

  /** The coordinator's number of a round. */
  number(id: string, number: number): void {
    this.#book(id).number = number;
  }

  /** A participant was selected. */
  drawn(round: string, participant: number, role: 'sum' | 'update'): void {
    this.#book(round).drawn[role].add(participant);
  }

  /** A message is on its way to the coordinator. */
  sent({ round, tag, participant }: Message): void {
    this.#book(round).sent[tag].add(participant);
  }

  /** The coordinator said 200 to a complete message. */
  acknowledged({ round, tag, participant }: Message): void {
    this.#book(round).acknowledged[tag].add(participant);
  }

  /** The coordinator was killed. */
  killed(): void {
    if (this.#current !== undefined) this.#current.kills++;
  }

  /** The coordinator answers again after it was killed, and shows this round. */
  recovered(id: string): void {
    const round = this.#rounds.get(id);
    if (round !== undefined && round.kills > 0 && round.end === 'open') round.resumed = true;
  }

  /** The sum dictionary of a round: these participants. */
  sums(id: string, dictionary: ReadonlySet<number>): void {
    const round = this.#book(id);
    if (round.sums !== undefined) return;
    round.sums = dictionary;
    this.#compare(round, 'sum', dictionary, 'the sum dictionary');
  }

  /** The seeds for one sum participant of a round: from these participants. */
  seeds(id: string, row: ReadonlySet<number>): void {
    const round = this.#book(id);
    if (round.seeds !== undefined) return;
    round.seeds = row;
    this.#compare(round, 'update', row, 'the seed dictionary');
  }

  /** A round failed, says the coordinator. */
  failed(number: number, code: string): void {
    for (const round of this.#rounds.values()) {
      if (round.number !== number || round.end !== 'open') continue;
      round.end = 'failed';
      round.code = code;
    }
  }

  /**
   * A model was published. Returns its round, undefined when it is that of no known round. The same model again is nothing new.
   */
  model(model: Model): RoundBook | undefined {
    const read = readOneHots(model, this.#participants);
    if (typeof read === 'string') {
      this.#corrupt++;
      this.#breach('corrupt', '', `a model is no mean of one-hot models: ${read}`);
      return undefined;
    }
    const round = [...this.#rounds.values()].find(({ id }) => isOfRound(read.tag, id));
    if (round === undefined) {
      this.#corrupt++;
      this.#breach('corrupt', read.tag, 'a model is of a round that nobody has seen');
      return undefined;
    }
    if (this.#models.has(round.id)) return round;
    this.#models.add(round.id);
    round.end = 'model';
    const doubled = read.counts.flatMap((count, participant) => (count > 1 ? [participant] : []));
    if (doubled.length > 0) {
      this.#doubled += doubled.length;
      this.#breach('doubled', round.id, `counted more than once in a sum of ${read.updates}: ${names(doubled)}`);
    }
    const counted = new Set(read.counts.flatMap((count, participant) => (count > 0 ? [participant] : [])));
    round.counted = counted;
    this.#compare(round, 'update', counted, 'the model');
    if (round.seeds !== undefined) {
      const apart = [...counted].filter((one) => !round.seeds!.has(one)).concat([...round.seeds].filter((one) => !counted.has(one)));
      if (apart.length > 0) this.#breach('parted', round.id, `in the seed dictionary or in the model, but not in both: ${names(apart)}`);
    }
    return round;
  }

  /** So many updates are in the model of a round, says the coordinator. */
  updates(number: number, updates: number): void {
    for (const round of this.#rounds.values()) if (round.number === number) round.updates = updates;
  }

  /** The coordinator's signed record of a round that is over, which names it by the hash of its parameters. */
  record({ hashes, outcome, updates, code }: Pick<RoundRecord, 'hashes' | 'outcome' | 'updates' | 'code'>): void {
    const round = hashes.params === undefined ? undefined : this.#rounds.get(hashes.params);
    if (round === undefined || round.recorded) return;
    round.recorded = true;
    if (outcome === 'model') round.updates = updates;
    else if (round.end === 'open') [round.end, round.code] = ['failed', code];
    else if (round.end === 'model') this.#breach('corrupt', round.id, `a model is published, but by its record it failed with ${code}`);
  }

  /** A participant gave its task in a round up, because of what the coordinator showed it. */
  gaveUp(round: string, participant: number, code: string): void {
    this.#breach('gave-up', round, `participant ${participant} gave up: ${code}`);
  }

  /** Something ended, or did not begin, that was to go on. */
  broke(kind: 'no-start' | 'participant' | 'stuck', text: string): void {
    this.#breach(kind, this.#current?.id ?? '', text);
  }

  /**
   * Closes the books on rounds that have no end although two later ones were shown, and looks again at those that have one. A later round that is known
   * only by the log does not count: a kill between the log and the store makes two of one number, before the observer can have seen the last model.
   */
  settle(): void {
    const rounds = this.rounds;
    for (const round of rounds.slice(-STILL_OPEN)) {
      if (round.sums !== undefined) this.#compare(round, 'sum', round.sums, 'the sum dictionary');
      if (round.counted === undefined) continue;
      this.#compare(round, 'update', round.counted, 'the model');
      const { updates } = round;
      if (updates === undefined || updates === round.counted.size) continue;
      round.updates = undefined; // told once
      this.#corrupt++;
      this.#breach('corrupt', round.id, `the coordinator counts ${updates} updates, the model is of ${round.counted.size}`);
    }
    const shown = rounds.filter((round) => round.shown);
    for (const round of rounds.slice(0, Math.max(0, rounds.indexOf(shown.at(-2)!)))) {
      if (round.end !== 'open' || (!round.shown && round.acknowledged.sum.size === 0)) continue;
      round.end = 'abandoned';
      this.#breach(
        'abandoned',
        round.id,
        `ended without a model and without a failure, after ${round.kills} kills; ${round.acknowledged.update.size} updates were acknowledged`,
      );
    }
    for (const round of rounds) {
      if (round.end !== 'failed' || this.#explained(round) || this.breaches.some(({ kind, round: id }) => kind === 'unexplained' && id === round.id)) continue;
      this.#breach('unexplained', round.id, `failed with ${round.code} after ${round.kills} kills, with enough participants selected`);
    }
  }

  totals(): Totals {
    const rounds = this.rounds;
    const of = (end: RoundEnd): RoundBook[] => rounds.filter((round) => round.end === end);
    const size = (list: readonly RoundBook[], pick: (round: RoundBook) => ReadonlySet<number> | undefined): number =>
      list.reduce((sum, round) => sum + (pick(round)?.size ?? 0), 0);
    const failed: Record<string, number> = {};
    for (const { code = 'unknown' } of of('failed')) failed[code] = (failed[code] ?? 0) + 1;
    const every = (from: 'sent' | 'acknowledged'): number =>
      size(rounds, (round) => round[from].sum) + size(rounds, (round) => round[from].update) + size(rounds, (round) => round[from].sum2);
    return {
      sent: every('sent'),
      acknowledged: every('acknowledged'),
      acknowledgedUpdates: size(of('model'), (round) => round.acknowledged.update),
      counted: size(of('model'), (round) => round.counted),
      lost: this.#lost.size,
      doubled: this.#doubled,
      corrupt: this.#corrupt + this.#strangers.size,
      completed: of('model').length,
      recorded: rounds.filter((round) => round.recorded).length,
      failed,
      resumed: rounds.filter((round) => round.resumed && round.end !== 'abandoned').length,
      abandoned: of('abandoned').length,
    };
  }

  /** Too few participants drew a role: nobody's fault, and rare. */
  #explained({ code, drawn }: RoundBook): boolean {
    return code === 'phase-timeout' && (drawn.sum.size === 0 || drawn.update.size < this.#leastUpdates);
  }

  /** Everybody acknowledged must be in, nobody may be in who never sent. */
  #compare(round: RoundBook, tag: 'sum' | 'update', found: ReadonlySet<number>, where: string): void {
    const fresh = (known: Set<string>, ones: readonly number[]): readonly number[] =>
      ones.filter((one) => {
        const name = `${round.id} ${tag} ${one}`;
        return known.size < known.add(name).size; // each is told once, wherever it is missing
      });
    const lost = fresh(
      this.#lost,
      [...round.acknowledged[tag]].filter((one) => !found.has(one)),
    );
    const strangers = fresh(
      this.#strangers,
      [...found].filter((one) => !round.sent[tag].has(one)),
    );
    if (lost.length > 0) this.#breach('lost', round.id, `${tag} acknowledged but not in ${where}: ${names(lost)}`);
    if (strangers.length > 0) this.#breach('stranger', round.id, `in ${where}, but never sent a message of ${tag}: ${names(strangers)}`);
  }

  #book(id: string): RoundBook {
    let round = this.#rounds.get(id);
    if (round === undefined) {
      round = newBook(id);
      this.#rounds.set(id, round);
    }
    return round;
  }

  #breach(kind: Breach['kind'], round: string, text: string): void {
    this.breaches.push({ kind, round, text });
  }
}

function names(participants: readonly number[]): string {
  return participants.map((one) => `participant ${one}`).join(', ');
}
