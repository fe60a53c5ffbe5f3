// The load generator: all participants of one round in one process. It makes every message before the clock starts, then only sends.

import { setTimeout as sleep } from 'node:timers/promises';
import { toBase64 } from '@xaynet/core/bytes';
import { decodeRoundParams, readModel } from '@xaynet/core/round';
import { type Abilities, answerQuestions } from './helper.ts';
import { HttpClient } from './http-client.ts';
import { RoundForge } from './messages.ts';

/** What a round shall be. */
export interface Load {
  /** The coordinators, which share the messages. */
  readonly urls: readonly string[];
  readonly sums: number;
  readonly updates: number;
  /** To each coordinator. */
  readonly connections: number;
  /** Largest message, 0 for whole updates. */
  readonly chunk: number;
}

/** What has been prepared. */
export interface Prepared {
  /** Bytes of the largest message, and of all. */
  readonly largest: number;
  readonly bytes: number;
  readonly messages: number;
  /** CPU seconds that it took; not part of what is measured. */
  readonly cpu: number;
}

/** What came of sending: seconds in all, and of each update from its first byte to its last answer. */
export interface Sent {
  readonly seconds: number;
  readonly updates: readonly number[];
  /** Seconds of the messages, when they are chunks. */
  readonly messages: readonly number[];
  /** CPU seconds that it took. */
  readonly cpu: number;
}

let load: Load;
let clients: HttpClient[] = [];
let turn = 0;
let forge: RoundForge;
let uploads: Uint8Array[][] = [];

const abilities = {
  /** Brings the coordinator to its update phase and makes all updates. */
  prepare: async (given: Load): Promise<Prepared> => {
    load = given;
    clients = load.urls.map((url) => new HttpClient(url, load.connections));
    const begun = process.cpuUsage();
    // Right after its start a coordinator may still show the parameters from before its round.
    for (let tries = 0; ; tries++) {
      forge = new RoundForge(decodeRoundParams((await document('/params')).slice()), load.sums);
      const [first, ...others] = forge.sumMessages();
      try {
        await post(first!);
      } catch (error) {
        if (tries === 20) throw error;
        await sleep(50);
        continue;
      }
      for (const message of others) await post(message);
      break;
    }
    await document('/sums');
    uploads = Array.from({ length: load.updates }, () => forge.updateMessages(load.chunk));
    const all = uploads.flat();
    const { user, system } = process.cpuUsage(begun);
    return {
      largest: Math.max(...all.map(({ length }) => length)),
      bytes: all.reduce((sum, { length }) => sum + length, 0),
      messages: all.length,
      cpu: (user + system) / 1e6,
    };
  },

  /** Sends them, as many at a time to each coordinator as there are connections, but for the last `keep`. */
  send: async (keep: number): Promise<Sent> => {
    const updates: number[] = [];
    const messages: number[] = [];
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const connection = async (client: HttpClient): Promise<void> => {
      while (uploads.length > keep) {
        const upload = uploads.shift()!;
        const first = performance.now();
        for (const message of upload) {
          const since = performance.now();
          await post(message, client);
          if (load.chunk > 0) messages.push((performance.now() - since) / 1000);
        }
        updates.push((performance.now() - first) / 1000);
      }
    };
    await Promise.all(clients.flatMap((client) => Array.from({ length: load.connections }, () => connection(client))));
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: (performance.now() - begun) / 1000, updates, messages, cpu: (user + system) / 1e6 };
  },

  /** Seconds until everybody can read the seeds, after the last update: the phase is closed, and the sum made. */
  close: async (): Promise<number> => {
    const begun = performance.now();
    await document(seedsPath());
    return (performance.now() - begun) / 1000;
  },

  /** Ends the round and checks that the global model is the mean of the updates. */
  finish: async (): Promise<{ seconds: number; model: number }> => {
    const messages = forge.sum2Messages();
    await document(seedsPath());
    const begun = performance.now();
    for (const message of messages) await post(message);
    const model = await document('/model');
    const seconds = (performance.now() - begun) / 1000;
    forge.check(readModel(model).toWeights('F32'));
    for (const client of clients) client.close();
    return { seconds, model: model.length };
  },
} satisfies Abilities;

/** What {@link Helper} may ask of this script. */
export type Generator = typeof abilities;

/** Of the coordinators, the one whose turn it is. */
function next(): HttpClient {
  return clients[turn++ % clients.length]!;
}

function seedsPath(): string {
  return `/seeds?pk=${encodeURIComponent(toBase64(forge.sumKey))}`;
}

/** Sends a message; one that is refused is an error, because all of them are right. */
async function post(message: Uint8Array, client: HttpClient = next()): Promise<void> {
  for (let isInDoubt = false; ; isInDoubt = true) {
    const { status, body } = await client.ask('POST', '/message', message);
    if (status === 200 || status === 202) return;
    const text = new TextDecoder().decode(body);
    if (isInDoubt && text.includes('update-already-submitted')) return; // it was stored, but the answer came too late
    if (status !== 429 && status !== 503) throw new Error(`a message was answered ${status}: ${text}`);
    await sleep(50);
  }
}

/** A document, as soon as it is published. */
async function document(path: string): Promise<Uint8Array> {
  for (let wait = 5; ; wait = Math.min(200, wait * 1.5)) {
    const { status, body } = await next().ask('GET', path);
    if (status === 200) return body;
    if (status !== 204 && status !== 503) throw new Error(`${path} was answered ${status}`); // one of a fleet may not know yet
    await sleep(wait);
  }
}

answerQuestions(abilities);
