// Events of a participant as lines for people: what a terminal or a log should show, and nothing twice.

import { toBase64 } from '@xaynet/core/bytes';
import type { XaynetError } from '@xaynet/core/errors';
import type { ClampReport } from '@xaynet/core/mask';
import type { ParticipantEvent } from '@xaynet/participant';

/** Where lines go: what happens, and what is wrong. */
export interface LineOutput {
  readonly say: (text: string) => void;
  readonly warn: (text: string) => void;
}

// What a coordinator says of it is meant for those who write clients; here stands somebody whose participant was slower than the round.
const LATE: ReadonlySet<string> = new Set(['message-unexpected', 'message-discarded']);
const TOO_LATE = 'it came too late for its phase and does not count; the participant takes part again in the next round';

/** Turns events into lines; `begins` words the first line, of a participant with this public key in base64. */
export function eventLines({ say, warn }: LineOutput, begins: (key: string) => string): (event: ParticipantEvent) => void {
  let begun = false;
  let isInTrouble = false;
  return (event) => {
    const round = `round ${('round' in event ? event.round?.slice(0, 8) : undefined) ?? '–'}`;
    if (isInTrouble && isProof(event)) {
      isInTrouble = false;
      warn('going on');
    }
    switch (event.type) {
      case 'round':
        if (!begun) say(begins(toBase64(event.participant)));
        begun = true;
        break;
      case 'selected':
        if (event.task !== 'none') say(`${round}: selected for ${event.task}`);
        break;
      case 'clamped':
        warn(`${round}: ${clampedLine(event.clamped)}`);
        break;
      case 'sent':
        say(`${round}: ${event.tag} message delivered`);
        break;
      case 'refused':
        warn(`${round}: ${event.tag} message refused: ${LATE.has(event.code) ? TOO_LATE : event.reason} [${event.code}]`);
        break;
      case 'error':
        isInTrouble ||= isTried(event.error);
        warn(
          isTried(event.error) ? `trying again: ${event.error.message}` : `${round}: ${isOwn(event.error) ? 'skipped' : 'given up'}: ${event.error.message}`,
        );
        break;
      default:
    }
  };
}

/** What was cut off, and what would hold it. */
function clampedLine({ count, length, share, bound, largest, hint }: ClampReport): string {
  const weights = `${count} of ${length} weights (${(100 * share).toPrecision(2)} %) were cut to ${bound}, the largest is ${largest.toPrecision(3)}`;
  return `${count === 0 ? '' : `${weights}; `}${hint}`;
}

/** Whether this shows that coordinator and store work again. */
function isProof(event: ParticipantEvent): boolean {
  if (event.type === 'waiting') return event.waitingFor !== 'network' && event.waitingFor !== 'store';
  return event.type === 'round' || event.type === 'selected' || event.type === 'sent' || event.type === 'idle';
}

/** Whether what failed is tried again in the same round. */
export function isTried({ code }: XaynetError): boolean {
  return code.startsWith('transport-') || code === 'store-failed' || code === 'rounds-too-fast';
}

/** Whether it is the doing of this side, not of the coordinator or the others. */
function isOwn({ code }: XaynetError): boolean {
  return /^(train|model|callback|file|weight|scalar|tensors?|manifest)-/.test(code);
}
