// What a demo tells while it runs, as data: the federation emits it, the live view and the plain lines show it. The board is
// the running sum of it all, so that drawing is a pure function of the board and can be tested without a terminal.

import type { RoundResult } from './report.ts';

/** What a participant does in the current round; `waiting` until it has seen the round. */
export type Role = 'waiting' | 'sum' | 'update' | 'none';

/** One thing that happened. */
export type Progress =
  | { readonly type: 'note'; readonly text: string }
  /** Where the coordinator's page is. */
  | { readonly type: 'address'; readonly url: string }
  | { readonly type: 'round'; readonly round: number; readonly attempt: number }
  | { readonly type: 'phase'; readonly phase: string; readonly least?: number | undefined; readonly most?: number | undefined }
  | { readonly type: 'role'; readonly participant: number; readonly role: Role }
  | { readonly type: 'accepted'; readonly participant: number; readonly tag: string }
  | { readonly type: 'traffic'; readonly up: number; readonly down: number }
  | { readonly type: 'failed'; readonly phase: string; readonly reason: string }
  | { readonly type: 'finished'; readonly result: RoundResult };

/** State of a demo that is shown. */
export interface Board {
  readonly rounds: number;
  /** Successful rounds so far, oldest first. */
  readonly results: RoundResult[];
  /** Accuracy of the untrained model, where the curve begins. */
  readonly untrained: number;
  failed: number;
  /** The coordinator's number of the round that runs, and which successful round it is meant to become. */
  round: number;
  attempt: number;
  phase: string;
  /** When the phase began (milliseconds, clock of the caller), and how long it lasts at least and at most (seconds). */
  phaseStarted: number;
  least: number | undefined;
  most: number | undefined;
  readonly roles: Role[];
  /** Whether the participant's message of the running phase was accepted. */
  readonly done: boolean[];
  /** Messages accepted in this round, by tag. */
  accepted: { sum: number; update: number; sum2: number };
  up: number;
  down: number;
  note: string;
  /** Of the coordinator's page. */
  address: string | undefined;
}

/** A board before the first round. */
export function newBoard(participants: number, rounds: number, untrained: number): Board {
  return {
    rounds,
    untrained,
    results: [],
    failed: 0,
    round: 0,
    attempt: 1,
    phase: 'starting',
    phaseStarted: 0,
    least: undefined,
    most: undefined,
    roles: Array<Role>(participants).fill('waiting'),
    done: Array<boolean>(participants).fill(false),
    accepted: { sum: 0, update: 0, sum2: 0 },
    up: 0,
    down: 0,
    note: '',
    address: undefined,
  };
}

/** Takes `progress`, which happened at `now` (milliseconds), into `board`. */
export function take(board: Board, progress: Progress, now: number): void {
  switch (progress.type) {
    case 'note':
      board.note = progress.text;
      return;
    case 'address':
      board.address = progress.url;
      return;
    case 'round':
      board.round = progress.round;
      board.attempt = progress.attempt;
      board.roles.fill('waiting');
      board.done.fill(false);
      board.accepted = { sum: 0, update: 0, sum2: 0 };
      return;
    case 'phase':
      board.phase = progress.phase;
      board.phaseStarted = now;
      board.least = progress.least;
      board.most = progress.most;
      board.done.fill(false);
      return;
    case 'role':
      board.roles[progress.participant] = progress.role;
      return;
    case 'accepted':
      board.done[progress.participant] = true;
      if (progress.tag === 'sum' || progress.tag === 'update' || progress.tag === 'sum2') board.accepted[progress.tag]++;
      return;
    case 'traffic':
      board.up += progress.up;
      board.down += progress.down;
      return;
    case 'failed':
      board.failed++;
      board.note = `round ${board.round} failed in ${progress.phase}: ${progress.reason}`;
      return;
    case 'finished':
      board.results.push(progress.result);
      board.note = '';
  }
}
