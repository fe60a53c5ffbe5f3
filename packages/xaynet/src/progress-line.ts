// Tells how far a long computation is in lines, not in a bar that moves: they are as readable in a log file as in a terminal.

import type { ComputationProgress } from '@xaynet/participant';

/** Shorter computations are not worth a line, in milliseconds. */
const PATIENCE = 2000;

const DOES = { sum2: 'masks added up', update: 'seeds sealed' } as const;

/** Says a line when a computation has taken two seconds, then every two seconds, and one at its end. */
export function progressLine(say: (text: string) => void, now: () => number): (progress: ComputationProgress) => void {
  let since: number | undefined;
  let said = false;
  return ({ task, done, total }) => {
    const ends = done === total;
    since ??= now();
    if (ends ? said : now() - since >= PATIENCE) {
      say(`${task}: ${done} of ${total} ${DOES[task]}`);
      said = true;
      since = now();
    }
    if (!ends) return;
    since = undefined;
    said = false;
  };
}
