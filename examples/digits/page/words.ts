// What happens to this tab, in words.
import type { ParticipantEvent } from '@xaynet/participant';

const WAITING: Readonly<Record<string, string>> = {
  sums: 'Drawn to train. Waiting until all roles are drawn.',
  seeds: 'Drawn to add up masks: this tab holds nobody’s model, only keys to their masks. Waiting until the others have trained.',
  model: 'Training …',
  network: 'The coordinator does not answer. This tab tries again.',
  store: 'The browser does not store what this tab must remember. It tries again.',
  tab: 'Another tab takes part as this participant. This one goes on when that is closed.',
};

/** A sentence for an event, or undefined when the last one still holds. `examples`: how many digits this tab trains on. */
export function sentence(event: ParticipantEvent, examples: number): string | undefined {
  switch (event.type) {
    case 'round':
      return 'A new round: the lot decides what this tab does.';
    case 'selected':
      return event.task === 'none' ? 'Not drawn in this round. This tab rests.' : undefined;
    case 'training':
      return `Training on the ${examples} digits of this tab, from the model of all.`;
    case 'sending':
      return event.tag === 'update' ? 'Masking the model, and sending it.' : 'Sending a short message for the sum.';
    case 'sent':
      if (event.tag === 'sum') return WAITING.seeds;
      return event.tag === 'update'
        ? `Sent ${bytes(event.bytes)} that look like noise. When all masks are added up, the mean of all models comes out.`
        : 'The masks are added up and sent. Now the mean of all models comes out.';
    case 'refused':
      return `Not taken: ${event.reason} The next round comes.`;
    case 'waiting':
      return WAITING[event.waitingFor];
    case 'paused':
      return `Resting (${event.reasons.join(', ')}).`;
    case 'error':
      return event.error.message;
    default:
      return undefined;
  }
}

/** A number of bytes as text. */
export function bytes(count: number): string {
  return count < 1000 ? `${count} bytes` : `${(count / 1000).toFixed(1)} kB`;
}

/** What a role is called. */
export const ROLES: Readonly<Record<'none' | 'sum' | 'update', string>> = {
  none: 'this tab rests',
  sum: 'this tab adds up masks',
  update: 'this tab trains',
};
