// Events of a participant as plain data, for `--json` and the event stream of the agent: no weights, no objects of the library.

import { toBase64 } from '@xaynet/core/bytes';
import type { ParticipantEvent } from '@xaynet/participant';

/** The data of an event, without its type. */
export function eventData(event: ParticipantEvent): Record<string, unknown> {
  switch (event.type) {
    case 'round': {
      const { sum, update, modelLength, maskConfig } = event.params;
      return {
        round: event.round,
        participant: toBase64(event.participant),
        sum,
        update,
        modelLength,
        dataType: maskConfig.vect.data,
        mask: maskConfig.vect.name,
      };
    }
    case 'global-model':
      return { round: event.round, length: event.model?.length ?? null };
    case 'error':
      return { round: event.round, code: event.error.code, message: event.error.message, fatal: event.fatal };
    default: {
      const { type: _, ...data } = event;
      return data;
    }
  }
}
