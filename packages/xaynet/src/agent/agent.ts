// The agent put together: one participant, its state folder, and the HTTP server that apps talk to.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { EventStreams } from '@xaynet/coordinator/http';
import type { XaynetError } from '@xaynet/core/errors';
import { HttpTransport, type ParticipantEvent, type RunOptions, runParticipant } from '@xaynet/participant';
import { fileError, makeFolder, writePrivateFile } from '../files.ts';
import { eventData } from '../participant/event-json.ts';
import { StateFile } from '../participant/state-file.ts';
import { TensorShapes } from '../tensor-shapes.ts';
import { Globals } from './globals.ts';
import { tokenOf } from './guard.ts';
import { Uploads } from './model-bodies.ts';
import { type RouteParts, routesOf } from './routes.ts';
import { type Address, type AgentServer, serve } from './server.ts';
import { type StartRun, Tasks } from './tasks.ts';

/** How to run an agent. */
export interface AgentOptions {
  /** How to take part. */
  readonly run: Omit<RunOptions, 'train'> & { readonly url: string };
  /** Folder for the state, the token and the address; made if need be. */
  readonly folder: string;
  readonly listen: Address;
  /** Origins of pages that may ask. */
  readonly origins: readonly string[];
  /** Take part from the start. */
  readonly join: boolean;
  readonly version: string;
  /** Told every event of the participant. */
  readonly tell: (event: ParticipantEvent) => void;
  /** Told of mistakes of this program. */
  readonly broken: (error: unknown) => void;
  /** Told to end the process; with an error when the participant cannot go on. */
  readonly end: (error?: XaynetError) => void;
}

/** An agent that listens. */
export interface RunningAgent {
  readonly url: string;
  /** Where the token is; undefined: a socket needs none. */
  readonly tokenFile: string | undefined;
  /** Saves the state and lets the folder go. */
  stop(): Promise<void>;
}

/** Starts an agent. Throws `state-locked`, `api-…`, `agent-socket-invalid`, `file-…`, `option-invalid` and what `runParticipant` throws. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { folder, run, version, listen, origins } = options;
  try {
    makeFolder(folder, 0o700);
  } catch (error) {
    throw fileError('file-unwritable', folder, error);
  }
  const state = new StateFile(join(folder, 'participant.state'));
  try {
    const transport = new HttpTransport(run);
    const events = new EventStreams(randomBytes(6).toString('hex'), { clients: 16 });
    const start: StartRun = (callbacks) => runParticipant({ ...run, url: undefined, transport, store: state, ...callbacks });
    const tasks = new Tasks(start, (type, event) => {
      const isOfRun = 'type' in event;
      events.push(type, JSON.stringify(isOfRun ? eventData(event) : event));
      if (isOfRun) options.tell(event);
    });
    const joined = (): void => tasks.join((error) => options.end(error));
    const globals = new Globals(transport, () => tasks.current);
    const parts: RouteParts = {
      tasks,
      globals,
      events,
      uploads: new Uploads(),
      shapes: new TensorShapes(join(folder, 'tensors.json')),
      version,
      url: run.url,
      join: joined,
      shutdown: () => options.end(),
    };
    const tokenFile = 'socket' in listen ? undefined : join(folder, 'token');
    const guard = { token: tokenFile === undefined ? undefined : tokenOf(tokenFile), origins };
    const server: AgentServer = await serve(listen, guard, routesOf(parts), options.broken);
    writePrivateFile(join(folder, 'address'), `${server.url}\n`, { replace: true });
    if (options.join) joined();
    return {
      url: server.url,
      tokenFile,
      stop: async () => {
        events.end();
        await server.close();
        await tasks.leave();
        state.close();
      },
    };
  } catch (error) {
    state.close();
    throw error;
  }
}
