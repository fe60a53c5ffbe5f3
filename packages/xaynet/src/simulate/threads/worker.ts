// The script of a thread that holds a part of the crowd.

import { parentPort, workerData } from 'node:worker_threads';
import { Crowd } from './crowd.ts';
import type { CrowdSetup, FromCrowd, ToCrowd } from './protocol.ts';

const port = parentPort!;
const crowd = new Crowd(workerData as CrowdSetup, (notes: readonly FromCrowd[], transfer) => port.postMessage(notes, transfer as ArrayBuffer[]));
port.on('message', (message: ToCrowd) => crowd.take(message));
port.postMessage([]); // ready
