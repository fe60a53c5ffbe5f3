// Very many idle participants in one process: each asks for the round parameters and the global model every few seconds and says which ones it
// has. Requests are written to raw sockets, because here the clients outnumber the server and must not be what is measured.

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Abilities, answerQuestions } from './helper.ts';

/** Who polls. */
export interface Polling {
  readonly url: string;
  readonly participants: number;
  readonly connections: number;
  /** Seconds between two polls of a participant, and how long all go on. */
  readonly every: number;
  readonly seconds: number;
}

/** What came of it. */
export interface Polled {
  readonly requests: number;
  readonly notModified: number;
  readonly perSecond: number;
  /** Seconds of the answers. */
  readonly answers: readonly number[];
  readonly cpu: number;
}

const PATHS = ['/params', '/model'];
/** Answers of which the time is noted. */
const SAMPLE = 8;

/** One connection: asks one thing at a time, knows the entity tags of the last answers. */
class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #tags: Map<string, string> = new Map();
  #text = '';
  #answered: ((status: number) => void) | undefined;
  #path = '';

  constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (data) => this.#take(data.toString('latin1')));
  }

  static open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) }, () => resolve(new Connection(socket, host)));
      socket.on('error', reject);
    });
  }

  ask(path: string): Promise<number> {
    const tag = this.#tags.get(path);
    this.#path = path;
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${tag === undefined ? '' : `if-none-match: ${tag}\r\n`}\r\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(data: string): void {
    this.#text += data;
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#text.slice(0, end);
    const status = Number(head.slice(9, 12));
    const length = status === 304 || status === 204 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;
    const tag = /\r\netag: (\S+)/i.exec(head)?.[1];
    if (tag !== undefined) this.#tags.set(this.#path, tag);
    this.#text = '';
    this.#answered?.(status);
  }
}

const abilities = {
  poll: async ({ url, participants, connections, every, seconds }: Polling): Promise<Polled> => {
    const open: Connection[] = [];
    for (let i = 0; i < connections; i++) open.push(await Connection.open(url));
    for (const connection of open) for (const path of PATHS) await connection.ask(path);
    const counts = { requests: 0, notModified: 0 };
    const answers: number[] = [];
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const end = begun + 1000 * seconds;
    // Each connection serves its share of the participants in turn, spread evenly over the time between two polls.
    const pause = (1000 * every * connections) / participants;
    const serve = async (connection: Connection, i: number): Promise<void> => {
      for (let next = begun + (pause * i) / connections; next < end; next += pause) {
        const wait = next - performance.now();
        if (wait > 1) await sleep(wait);
        for (const path of PATHS) {
          const since = performance.now();
          if ((await connection.ask(path)) === 304) counts.notModified++;
          if (counts.requests++ % SAMPLE === 0) answers.push((performance.now() - since) / 1000);
        }
      }
    };
    await Promise.all(open.map(serve));
    const { user, system } = process.cpuUsage(cpu);
    const took = (performance.now() - begun) / 1000;
    for (const connection of open) connection.close();
    return { ...counts, perSecond: counts.requests / took, answers, cpu: (user + system) / 1e6 };
  },
} satisfies Abilities;

/** What {@link Helper} may ask of this script. */
export type Pollers = typeof abilities;

answerQuestions(abilities);
