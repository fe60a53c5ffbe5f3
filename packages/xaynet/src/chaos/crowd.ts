// The participants of a chaos run: most of them in this process, some in processes of their own that are killed and started again.

import { setTimeout as sleep } from 'node:timers/promises';
import { type ActorNews, type ActorSettings, act } from './actor.ts';
import { ended, startChild } from './child.ts';
import { actorKeys } from './keys.ts';
import type { ParticipantsInput } from './participant-child.ts';
import type { ParticipantKill } from './plan.ts';

/** Processes that are killed, and participants in each. */
const GROUPS = 3;
const GROUP_SIZE = 2;

/** What the crowd needs. */
export interface CrowdPorts {
  readonly seed: number;
  readonly settings: ActorSettings;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly tell: (news: ActorNews) => void;
  /** A participant's process ended by itself, or a participant has thrown. */
  readonly broken: (text: string) => void;
}

/** All participants. */
export class Crowd {
  /** How many processes can be killed. */
  readonly groups: number = GROUPS;
  kills = 0;
  readonly #ports: CrowdPorts;
  readonly #running: Promise<void>[] = [];
  readonly #processes: (ReturnType<typeof startChild> | undefined)[] = [];

  constructor(ports: CrowdPorts) {
    this.#ports = ports;
  }

  /** Lets all of them begin. */
  start(): void {
    const { seed, settings, signal, tell, broken } = this.#ports;
    for (let group = 0; group < GROUPS; group++) this.#startGroup(group);
    for (let index = GROUPS * GROUP_SIZE; index < settings.participants; index++) {
      const running = act({ index, keys: actorKeys(seed, index), settings, store: undefined, signal, tell });
      this.#running.push(running.catch((error: unknown) => broken(`participant ${index}: ${error instanceof Error ? error.message : String(error)}`)));
    }
  }

  /** Kills a group and starts it again. */
  async kill({ group, after, pause }: ParticipantKill): Promise<void> {
    const { signal } = this.#ports;
    const wait = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
    await wait(after);
    const child = this.#processes[group];
    if (signal.aborted || child === undefined) return;
    this.#processes[group] = undefined;
    child.kill('SIGKILL');
    this.kills++;
    await ended(child);
    await wait(pause);
    if (!signal.aborted) this.#startGroup(group);
  }

  /** Resolves when none is left; the signal must have been aborted. */
  async gone(): Promise<void> {
    const children = this.#processes.filter((child) => child !== undefined);
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([...this.#running, ...children.map(ended)]);
  }

  #startGroup(group: number): void {
    const { seed, settings, folder, signal, tell, broken } = this.#ports;
    const indices = Array.from({ length: GROUP_SIZE }, (_, i) => group * GROUP_SIZE + i);
    const child = startChild('participant-child', { seed, indices, settings, folder } satisfies ParticipantsInput, folder, 'participants.log');
    this.#processes[group] = child;
    child.on('message', tell);
    child.once('exit', (code, name) => {
      if (this.#processes[group] === child && !signal.aborted) broken(`the process of participants ${indices.join(' and ')} ended (${name ?? code})`);
    });
  }
}
