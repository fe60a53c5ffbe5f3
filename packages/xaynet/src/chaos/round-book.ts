// One page of the books of a chaos run: all that was seen of one round.

export type Tag = 'sum' | 'update' | 'sum2';

/** One message part on its way: who sent it, in which round. */
export interface Message {
  readonly participant: number;
  readonly tag: Tag;
  /** Id of the round, hexadecimal. */
  readonly round: string;
}

/** How a round ended; `open` while nobody knows. */
export type RoundEnd = 'open' | 'model' | 'failed' | 'abandoned';

/** What is known of one round. */
export interface RoundBook {
  readonly id: string;
  /** The coordinator's number of it, when it said so. */
  number: number | undefined;
  /** Whether its parameters were seen published. */
  shown: boolean;
  /** Whether the coordinator's record of it was read. */
  recorded: boolean;
  end: RoundEnd;
  code: string | undefined;
  /** Kills of the coordinator while this was the round, and whether it went on after one. */
  kills: number;
  resumed: boolean;
  /** Which participants sent a message that reached the coordinator at least in part, and which were told that it is accepted. */
  readonly sent: Readonly<Record<Tag, Set<number>>>;
  readonly acknowledged: Readonly<Record<Tag, Set<number>>>;
  /** Who is in the published dictionaries; undefined until seen. */
  sums: ReadonlySet<number> | undefined;
  seeds: ReadonlySet<number> | undefined;
  /** Updates in its model by the coordinator's own account. */
  updates: number | undefined;
  /** Who is in the model. */
  counted: ReadonlySet<number> | undefined;
  /** Participants that were selected, by role, as far as they told. */
  readonly drawn: Readonly<Record<'sum' | 'update', Set<number>>>;
}

const tags = (): Record<Tag, Set<number>> => ({ sum: new Set(), update: new Set(), sum2: new Set() });

/** An empty page. */
export function newBook(id: string): RoundBook {
  return {
    id,
    number: undefined,
    shown: false,
    recorded: false,
    end: 'open',
    code: undefined,
    kills: 0,
    resumed: false,
    sent: tags(),
    acknowledged: tags(),
    sums: undefined,
    seeds: undefined,
    updates: undefined,
    counted: undefined,
    drawn: { sum: new Set(), update: new Set() },
  };
}
