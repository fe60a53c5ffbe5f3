// A process with some participants of a chaos run, made to be killed: each keeps its state in a file and goes on from it in the next process.

import { join } from 'node:path';
import { readFileIfAny, writePrivateFile } from '../files.ts';
import { type ActorNews, type ActorSettings, act } from './actor.ts';
import { childInput, keepCompiled, tell } from './child.ts';
import { actorKeys } from './keys.ts';

/** What the process is started with. */
export interface ParticipantsInput {
  readonly seed: number;
  /** Which participants. */
  readonly indices: readonly number[];
  readonly settings: ActorSettings;
  /** Where the files with their states are. */
  readonly folder: string;
}

const { seed, indices, settings, folder } = await childInput<ParticipantsInput>();
keepCompiled();
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await Promise.all(
  indices.map((index) => {
    const path = join(folder, `participant-${index}`);
    const store = { load: async () => readFileIfAny(path), save: async (state: Uint8Array) => writePrivateFile(path, state, { replace: true }) };
    return act({ index, keys: actorKeys(seed, index), settings, store, signal: stop.signal, tell: (news: ActorNews) => tell(news) });
  }),
);
process.exit(0);
