// A thread with simulated devices: participants like the tabs, with shares of the data of their own, so that a round comes about when
// only one tab is open. They know nothing of each other.
import { readFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { env } from '@tensorflow/tfjs-core';
import { runParticipant } from '@xaynet/participant';
import { parseDigits, shareOf } from './src/digits.ts';
import { Learner } from './src/learner.ts';

env().set('IS_TEST', true); // keeps TensorFlow.js from advertising its native package in the terminal
const { url, devices, data } = workerData as { url: string; devices: number; data: string };
const digits = parseDigits(gunzipSync(readFileSync(data)).toString('latin1'));

for (let i = 0; i < devices; i++) {
  const share = shareOf(digits, 2 * i); // the even ones; tabs take the odd ones
  const learner = await Learner.create();
  const initial = await learner.weights();
  runParticipant({
    url,
    threads: 0,
    poll: { min: 100, max: 600 },
    scalar: share.labels.length / 100,
    train: async (global, { signal }) => {
      learner.load(global?.weights ?? initial);
      await learner.train(share, signal);
      return learner.weights();
    },
  });
}
