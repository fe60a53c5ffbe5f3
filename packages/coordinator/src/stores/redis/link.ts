// A connection to Redis that is made when it is needed, and made anew when it broke, after growing pauses. Every command has a time limit.
// After one that took too long the connection goes, and with it all that was under way on it: a server that was stopped may still carry these
// commands out when it goes on, so whoever sends commands that change something must not depend on their order across connections (acts.ts).

import { type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { type RedisAddress, shownAddress } from './address.ts';
import type { Arg, LibraryClient, RedisLibrary, Reply } from './library.ts';
import type { Script } from './script.ts';

/** What a link works with. */
export interface LinkOptions {
  readonly library: RedisLibrary;
  readonly address: RedisAddress;
  /** Milliseconds that one command may take, connecting included. */
  readonly timeout: number;
  /** PEM certificates of the authorities that may have signed the server's. */
  readonly ca?: string | undefined;
}

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 500;
/** A client of a cluster is sent to the node that has the keys; all of ours are on one. */
const MOST_MOVES = 5;

const REFUSED = /^(NOAUTH|WRONGPASS|NOPERM)\b|^ERR (AUTH|invalid password|Client sent AUTH|DB index|SELECT is not allowed)/;
const MOVED = /^MOVED \d+ (.*):(\d+)$/;
/** After these the server at the other end is not the one that is needed, or will be another soon. */
const LEAVE = /^(READONLY|MASTERDOWN|CLUSTERDOWN)\b/;

/** See the head of the file. */
export class RedisLink {
  readonly #options: LinkOptions;
  #address: RedisAddress;
  #client: LibraryClient | undefined;
  #connecting: Promise<LibraryClient> | undefined;
  #failures = 0;
  #trips = 0;
  #closed = false;
  #wake: () => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#address = options.address;
  }

  /** Times that something was sent and answered, those of connecting not counted. */
  get trips(): number {
    return this.#trips;
  }

  /** Sends a command; `args` is called when it goes out. Rejects with `storage-failed`, `storage-timeout`, `storage-refused` or `storage-library-missing`. */
  async command(args: readonly Arg[] | (() => readonly Arg[]), timeout: number = this.#options.timeout): Promise<Reply> {
    return await this.#following((client) => this.#order(client, typeof args === 'function' ? args() : args), timeout);
  }

  async #following<T>(send: (client: LibraryClient) => Promise<T>, timeout: number): Promise<T> {
    for (let moves = 0; ; moves++) {
      try {
        return await this.#send(send, timeout);
      } catch (error) {
        const moved = MOVED.exec(messageOf(error));
        if (moved !== null && moves < MOST_MOVES) this.#moveTo(moved[1]!, Number(moved[2]));
        else throw this.#coded(error);
      }
    }
  }

  /** Sends commands one right after the other, none of anybody else's between them; the replies. Rejects as {@link RedisLink.command}. */
  async together(commands: readonly (readonly Arg[])[]): Promise<readonly Reply[]> {
    return await this.#following((client) => Promise.all(commands.map((args) => this.#order(client, args))), this.#options.timeout);
  }

  /** Runs a script, which is sent along when the server does not know it (yet, or any more). */
  async run(script: Script, keys: readonly Arg[], args: () => readonly Arg[], timeout?: number): Promise<Reply> {
    const call = (name: string, what: string) => (): readonly Arg[] => [name, what, String(keys.length), ...keys, ...args()];
    try {
      return await this.command(call('EVALSHA', script.sha1), timeout);
    } catch (error) {
      if (!isXaynetError(error) || !messageOf(error.cause).startsWith('NOSCRIPT')) throw error;
      return await this.command(call('EVAL', script.text), timeout);
    }
  }

  /** Gives the connection up; what is under way rejects. */
  close(): void {
    this.#closed = true;
    this.#drop(this.#client);
    this.#wake();
  }

  async #send<T>(send: (client: LibraryClient) => Promise<T>, timeout: number): Promise<T> {
    if (this.#closed) throw new XaynetError('storage-failed', 'the store is closed');
    let client: LibraryClient | undefined;
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        reject(new XaynetError('storage-timeout', `${shownAddress(this.#address)}: no answer within ${timeout / 1000} s`));
        this.#drop(client);
      }, timeout);
    });
    const answer = (async (): Promise<T> => {
      client = this.#client?.isReady ? this.#client : await this.#connect();
      // What was given up is not sent: its bytes may be somebody else's by now.
      if (isLate) throw new XaynetError('storage-timeout', 'given up while connecting');
      this.#trips++;
      return await send(client);
    })();
    answer.catch(() => {}); // when it is late
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #order(client: LibraryClient, args: readonly Arg[]): Promise<Reply> {
    return (await client.sendCommand(args, { typeMapping: { [this.#options.library.RESP_TYPES.BLOB_STRING]: Buffer } })) as Reply;
  }

  #connect(): Promise<LibraryClient> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<LibraryClient> {
    if (this.#failures > 0) await this.#pause(Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), LONGEST_PAUSE));
    if (this.#closed) throw new XaynetError('storage-failed', 'the store is closed');
    const { library, timeout, ca } = this.#options;
    const { host, port, path, tls, username, password, database } = this.#address;
    const client = library.createClient({
      socket: { ...(path === undefined ? { host, port } : { path }), ...(tls ? { tls, ca } : {}), connectTimeout: timeout, reconnectStrategy: false },
      username,
      password,
      database,
      RESP: 2,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      commandOptions: { timeout: undefined },
    });
    client.on('error', () => {}); // whoever waits for an answer is told
    let timer: NodeJS.Timeout | undefined;
    try {
      // A server that is stopped takes connections and says nothing.
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${timeout / 1000} s`)), timeout);
      });
      const connected = client.connect();
      connected.catch(() => {});
      await Promise.race([connected, late]);
      if (this.#closed) throw new XaynetError('storage-failed', 'the store is closed');
      this.#failures = 0;
      this.#client = client;
      return client;
    } catch (error) {
      this.#failures++;
      this.#drop(client);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #moveTo(host: string, port: number): void {
    // An empty host is the one that was asked. Others that were under way are sent on too, and must not leave where this one has come to.
    const next = host === '' ? this.#address.host : host;
    if (next === this.#address.host && port === this.#address.port) return;
    this.#address = { ...this.#address, host: next, port, path: undefined };
    this.#drop(this.#client);
  }

  #drop(client: LibraryClient | undefined): void {
    if (client === this.#client) this.#client = undefined;
    try {
      client?.destroy();
    } catch {
      // It was gone already.
    }
  }

  #coded(error: unknown): XaynetError {
    if (isXaynetError(error)) return error;
    const text = messageOf(error);
    if (LEAVE.test(text)) this.#drop(this.#client);
    const code: ErrorCode = REFUSED.test(text) ? 'storage-refused' : 'storage-failed';
    return new XaynetError(code, `${shownAddress(this.#address)}: ${this.#hiding(text)}`, { cause: this.#harmless(error) });
  }

  /** A server that does not know a command repeats what it was given. */
  #hiding(text: string): string {
    const { password } = this.#options.address;
    return password === undefined ? text : text.replaceAll(password, '***');
  }

  #harmless(error: unknown): unknown {
    const text = messageOf(error);
    return this.#hiding(text) === text ? error : new Error(this.#hiding(text));
  }
}

/** What a failure says; connecting by several addresses fails with one for each. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}
