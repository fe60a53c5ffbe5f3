// Which points an event of the coordinator becomes: the measurements, fields and tags of the original (coordinator 6.1), so that dashboards made
// for it go on working. Messages that never reached the round make no point there, and so none here.

import type { CoordinatorEvent } from '../events.ts';
import type { PhaseName } from '../round/state.ts';
import type { Point } from './line-protocol.ts';

/** Phases by their number in metrics (coordinator 1.1). */
export const PHASE_NUMBERS: Readonly<Record<PhaseName, number>> = { idle: 0, sum: 1, update: 2, sum2: 3, unmask: 4, failure: 5, shutdown: 6 };

/** The points of one event, each with a time of its own; none for events that the original does not measure. */
export function pointsOf(event: CoordinatorEvent, now: () => bigint): readonly Point[] {
  switch (event.type) {
    case 'round': {
      const tags = { round_id: event.round, phase: PHASE_NUMBERS.idle };
      return [
        { measurement: 'round_total_number', fields: { value: BigInt(event.round) }, time: now() },
        { measurement: 'round_param_sum', tags, fields: { value: event.params.sum }, time: now() },
        { measurement: 'round_param_update', tags, fields: { value: event.params.update }, time: now() },
      ];
    }
    case 'phase':
      return [{ measurement: 'phase', fields: { value: BigInt(PHASE_NUMBERS[event.phase]) }, time: now() }];
    case 'accepted':
    case 'rejected':
    case 'discarded': {
      const tags = { round_id: event.round, phase: PHASE_NUMBERS[event.phase] };
      return [{ measurement: `message_${event.type}`, tags, fields: { value: 1n }, time: now() }];
    }
    case 'failure':
      return [{ measurement: 'event', fields: { title: 'Phase error', description: event.message }, time: now() }];
    default:
      return [];
  }
}

/** How many different masks were submitted in a round; measured at the start of unmask. */
export function masksPoint(round: number, masks: number, now: () => bigint): Point {
  return { measurement: 'masks_total_number', tags: { round_id: round, phase: PHASE_NUMBERS.unmask }, fields: { value: BigInt(masks) }, time: now() };
}
