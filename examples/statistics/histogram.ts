// A private histogram in twenty lines: everybody gives one answer, and all that anybody ever sees is how many gave which.
import { readModel } from '@xaynet/core/round';
import { type RunOptions, runParticipant } from '@xaynet/participant';

/** Answers once with the number of a bucket, then only helps to add up, until the signal aborts. */
export async function contribute(url: string, bucket: number, options: Partial<RunOptions> = {}): Promise<void> {
  let answered = false;
  const run = runParticipant({
    minUpdates: 10, // never in smaller company
    ...options,
    url,
    shouldTrain: () => !answered,
    train: (_, { length }) => new Int32Array(length).fill(1, bucket, bucket + 1),
  });
  for await (const event of run.events()) if (event.type === 'sent' && event.tag === 'update') answered = true;
}

/** The histogram of a round, from the coordinator's record of it: the mean times the number of answers, exact. */
export async function histogram(url: string, { model, updates }: { model: string; updates: number }): Promise<number[]> {
  const answer = await fetch(`${url}/models/${model}`);
  const mean = readModel(new Uint8Array(await answer.arrayBuffer())).toModel();
  return mean.map(({ numerator, denominator }) => Number((numerator * BigInt(updates)) / denominator));
}
