// Watches a coordinator from outside as anybody could, without the proxy: which round it shows, its dictionaries, every model. All of it goes
// into the ledger. It also knows since when the coordinator answers.

import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoundRecord } from '@xaynet/coordinator';
import { equalBytes, toBase64, toHex } from '@xaynet/core/bytes';
import { decodeRoundParams, decodeSumDict, decodeUpdateSeedDict, initialRoundSeed, readModel, roundIdOf } from '@xaynet/core/round';
import type { Ledger } from './ledger.ts';

/** What the observer needs. */
export interface ObserverPorts {
  readonly port: () => number | undefined;
  readonly ledger: Ledger;
  /** Indices of the participants by their public key, hexadecimal. */
  readonly participants: ReadonlyMap<string, number>;
  /** Told of every look that found the coordinator answering, and which round it showed. */
  readonly saw: (round: string) => void;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks. */
const PERIOD = 30;

interface Answer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: Uint8Array;
}

/** Looks again and again until the signal aborts. */
export async function observe(ports: ObserverPorts): Promise<void> {
  const { signal } = ports;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const eyes = new Eyes(ports, agent);
  try {
    while (!signal.aborted) {
      await eyes.look().catch(() => undefined); // it was killed, or is not up yet
      await sleep(PERIOD, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    agent.destroy();
  }
}

class Eyes {
  readonly #ports: ObserverPorts;
  readonly #agent: Agent;
  #etag: string | undefined;
  /** The round that was shown when the records were read last. */
  #recorded: string | undefined;

  constructor(ports: ObserverPorts, agent: Agent) {
    this.#ports = ports;
    this.#agent = agent;
  }

  async look(): Promise<void> {
    const { ledger, saw, port } = this.#ports;
    if (port() === undefined) return;
    const model = await this.#get('/model', this.#etag);
    const params = decodeRoundParams((await this.#get('/params')).body);
    const id = roundIdOf(params);
    if (model.status === 200) {
      ledger.model(readModel(model.body).toModel());
      this.#etag = model.etag;
    }
    saw(id);
    if (equalBytes(params.seed, initialRoundSeed())) return; // what is shown before the first round
    const round = ledger.seeRound(id);
    if (this.#recorded !== id) {
      const { rounds } = JSON.parse(Buffer.from((await this.#get('/rounds?limit=4')).body).toString()) as { rounds: readonly RoundRecord[] };
      for (const record of rounds) ledger.record(record);
      this.#recorded = id;
    }
    if (round.sums === undefined) {
      const sums = await this.#get('/sums');
      if (sums.status === 200 && (await this.#still(id))) ledger.sums(id, this.#indices(decodeSumDict(sums.body).keys()));
    } else if (round.seeds === undefined) {
      const [one] = round.sums;
      const key = [...this.#ports.participants].find(([, index]) => index === one)?.[0];
      if (key === undefined) return;
      const seeds = await this.#get(`/seeds?pk=${encodeURIComponent(toBase64(Buffer.from(key, 'hex')))}`);
      if (seeds.status === 200 && (await this.#still(id))) ledger.seeds(id, this.#indices(decodeUpdateSeedDict(seeds.body).keys()));
    }
  }

  /** True when the round is the same as before: then what was fetched in between belongs to it. */
  async #still(id: string): Promise<boolean> {
    return roundIdOf(decodeRoundParams((await this.#get('/params')).body)) === id;
  }

  /** Who has these keys; a key of nobody is -1, which has never sent anything. */
  #indices(keys: Iterable<Uint8Array>): ReadonlySet<number> {
    return new Set(Array.from(keys, (key) => this.#ports.participants.get(toHex(key)) ?? -1));
  }

  #get(path: string, etag?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = etag === undefined ? {} : { 'if-none-match': etag };
      const outgoing = request({ host: '127.0.0.1', port: this.#ports.port(), path, headers, agent: this.#agent, timeout: 10_000 });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          if (!incoming.complete) return reject(new Error('cut'));
          resolve({ status: incoming.statusCode!, etag: incoming.headers.etag, body: new Uint8Array(Buffer.concat(parts)) });
        });
      });
      outgoing.end();
    });
  }
}
