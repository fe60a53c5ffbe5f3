// What strangers are told of an event: of a message never whose it was (threats T15: the answer to a message tells an onlooker nothing, so
// neither does this), of a model its measures and never its weights, of a failure its code and never what an error said, which can name files.

import { ERRORS, type ErrorCode } from '@xaynet/core/errors';
import type { CoordinatorEvent } from '../../events.ts';

type Told = Exclude<CoordinatorEvent, { type: 'dropped' }>;

/** The types of events that are sent, `dropped` besides. An event of a type that stands here not is not sent. */
export const EVENT_TYPES = [
  'round',
  'phase',
  'accepted',
  'rejected',
  'discarded',
  'refused',
  'model',
  'tally',
  'ended',
  'report',
  'failure',
  'paused',
  'resumed',
] as const;

/** Type of an event that is sent. */
export type EventType = (typeof EVENT_TYPES)[number];

/** An event as plain data for everybody, without its type; undefined: it is not for everybody. */
export function publicEvent(event: Told): Readonly<Record<string, unknown>> | undefined {
  switch (event.type) {
    case 'round': {
      const { sum, update, modelLength, maskConfig } = event.params;
      return { round: event.round, sum, update, modelLength, mask: maskConfig.vect.name };
    }
    case 'phase':
      return { round: event.round, phase: event.phase, ...rounded({ earliestEnd: event.earliestEnd, latestEnd: event.latestEnd }) };
    case 'accepted':
      return aboutMessage(event);
    case 'rejected':
    case 'discarded':
      return { ...aboutMessage(event), code: event.code };
    case 'refused':
      return { round: event.round, phase: event.phase, bytes: event.bytes, code: event.code };
    case 'model':
      return { round: event.round, weights: event.weights, updates: event.updates };
    case 'tally':
      return { round: event.round, phase: event.phase, accepted: event.accepted };
    case 'ended': {
      const { round, outcome, updates, phase, code } = event.record;
      return { round, outcome, updates, ...(phase === undefined ? {} : { phase }), ...(isCode(code) ? cause(code) : {}) };
    }
    case 'report':
      return { round: event.round, values: event.values };
    case 'failure':
      return { round: event.round, phase: event.phase, ...cause(event.code) };
    case 'paused':
      return { ...rounded({ since: event.since }), retryAfter: event.retryAfter, ...cause(event.code) };
    case 'resumed':
      return {};
    default:
      return undefined;
  }
}

/** Records hold codes as text: of other versions as well. */
export function isCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERRORS, code);
}

/** A code with its sentence. */
export function cause(code: ErrorCode): { code: ErrorCode; title: string } {
  return { code, title: ERRORS[code].sentence };
}

/** Times in whole milliseconds; those that there are. */
function rounded(times: Readonly<Record<string, number | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(times).flatMap(([name, time]) => (time === undefined ? [] : [[name, Math.round(time)]])));
}

function aboutMessage({ round, phase, tag, bytes }: Extract<Told, { type: 'accepted' | 'rejected' | 'discarded' }>): Record<string, unknown> {
  return { round, phase, tag, bytes };
}
