// What goes wrong on a thread of the crowd ends the run, with the reason. That all goes right there is tested in whole simulations.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { newTally } from '../tally.ts';
import { Timeline } from '../timeline.ts';
import { Crew, type CrewOptions, type Meeting } from './crew.ts';

const SEAT = {
  keys: signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32))),
  tally: newTally({ index: 0, examples: 1, straggler: false, adversary: undefined }),
  share: 1,
  conduct: undefined,
};
const TASK = { participants: 1, seed: 1, length: 10, partition: 'iid', skew: 1, training: { proximal: 0 } } as const;
const CONDITIONS = { seed: 1, slowdown: 1, dropout: 0, training: 0, poll: 1, maxMessageSize: 0, shareUnit: 1 };

/** One thread with one participant; `failure` resolves with what the run would end with. */
async function crewOf(changes: { data?: 'synthetic' | 'digits'; adversary?: string }): Promise<{ crew: Crew; failure: Promise<Error> }> {
  const { data = 'synthetic', adversary } = changes;
  const { promise: failure, resolve: fail } = Promise.withResolvers<Error>();
  const setup: CrewOptions['setup'] = { data, task: TASK, conditions: CONDITIONS, network: 'none' };
  return { failure, crew: await Crew.start({ threads: 1, seats: [{ ...SEAT, tally: { ...SEAT.tally, adversary } }], setup, fail }) };
}

/** Lets the participant begin, with a coordinator that has nothing to say. */
function meet(crew: Crew): Timeline {
  const timeline = new Timeline({ virtual: true, atOnce: 1, onStuck: () => {} });
  const port = { params: () => new Uint8Array(3), sums: () => undefined, model: () => undefined };
  crew.join({ timeline, book: { round: 1, roundSeed: '', hasModel: false, start: new Float32Array(10) }, port, url: undefined } as unknown as Meeting);
  timeline.begin(() => true);
  return timeline;
}

test('what a participant cannot get over ends the run', async () => {
  const { crew, failure } = await crewOf({ adversary: 'nobody' });
  const timeline = meet(crew);
  assert.match((await failure).message, /adversary kind nobody: one of garbage, .* is expected/);
  await Promise.all([timeline.end(), crew.end()]);
});

test('a thread that cannot begin is told at once', async () => {
  await assert.rejects(crewOf({ data: 'digits' }), { message: /2410/ });
});

test('an end in the middle of work is not waited for', async () => {
  const { crew, failure } = await crewOf({});
  const timeline = meet(crew);
  await Promise.all([timeline.end(), crew.end()]);
  assert.equal(await Promise.race([failure, 'none']), 'none');
});
