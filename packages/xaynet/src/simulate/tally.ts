// What is counted of one participant over all rounds: a row of participants.csv.

/** See the head of the file. */
export interface Tally {
  readonly index: number;
  readonly examples: number;
  readonly straggler: boolean;
  /** The kind of adversary it is; undefined: honest. */
  readonly adversary: string | undefined;
  /** Rounds in which it was selected for sum, for update. */
  sum: number;
  update: number;
  /** Its messages that count. */
  sumAccepted: number;
  updateAccepted: number;
  maskAccepted: number;
  /** Rounds that it left as a sum and as an update participant, and in which its update came too late. */
  sumLeft: number;
  updateLeft: number;
  late: number;
  /** Messages that were refused, late ones included. */
  refused: number;
  /** Requests that its network lost. */
  lost: number;
  /** Bytes of bodies. */
  up: number;
  down: number;
}

/** Nothing counted yet. */
export function newTally(of: Pick<Tally, 'index' | 'examples' | 'straggler' | 'adversary'>): Tally {
  return {
    ...of,
    sum: 0,
    update: 0,
    sumAccepted: 0,
    updateAccepted: 0,
    maskAccepted: 0,
    sumLeft: 0,
    updateLeft: 0,
    late: 0,
    refused: 0,
    lost: 0,
    up: 0,
    down: 0,
  };
}
