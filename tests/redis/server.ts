// A Redis server of a test: on a Unix socket, or a free port, with its files in a folder of its own; gone with the test, however that ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { parseRedisUrl } from '../../packages/coordinator/src/stores/redis/address.ts';
import { type Arg, type RedisLibrary, type Reply, redisLibrary } from '../../packages/coordinator/src/stores/redis/library.ts';
import { RedisLink } from '../../packages/coordinator/src/stores/redis/link.ts';
import { freePort } from '../../packages/xaynet/src/chaos/free-port.ts';

export const REDIS_SERVER: string = process.env.XAYNET_REDIS_SERVER ?? 'redis-server';
export const KEY = 'a5'.repeat(32);

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ServerOptions {
  /** On a port of 127.0.0.1 instead of a socket. */
  readonly tcp?: boolean;
  /** `always`: what was acknowledged survives a kill. */
  readonly aof?: 'always';
  readonly args?: readonly string[];
}

let library: RedisLibrary | undefined;

/** See the head of the file. */
export class RedisServer {
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #link: RedisLink | undefined;

  private constructor(folder: string, url: string, port: number, args: readonly string[]) {
    this.folder = folder;
    this.url = url;
    this.port = port;
    this.#args = args;
  }

  /** Starts one for a test; it ends with it. */
  static async start(t: Pick<TestContext, 'after'>, options: ServerOptions = {}): Promise<RedisServer> {
    const server = await RedisServer.make(options);
    t.after(() => server.remove());
    await server.up();
    return server;
  }

  /** One that is not running yet, and that nobody removes. */
  static async make({ tcp = false, aof, args = [] }: ServerOptions = {}): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'xaynet-redis-'));
    const port = tcp ? await freePort() : 0;
    const socket = join(folder, 's');
    const url = tcp ? `redis://127.0.0.1:${port}` : `unix://${socket}`;
    const listens = tcp ? ['--port', String(port), '--bind', '127.0.0.1'] : ['--port', '0', '--unixsocket', socket];
    const keeps = aof === undefined ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', aof];
    const server = new RedisServer(folder, url, port, [...listens, '--save', '', ...keeps, '--dir', folder, '--logfile', join(folder, 'log'), ...args]);
    return server;
  }

  /** Starts it, and waits until it answers. */
  async up(): Promise<void> {
    const child = spawn(REDIS_SERVER, this.#args, { stdio: 'ignore' });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const where = this.port === 0 ? { path: join(this.folder, 's') } : { host: '127.0.0.1', port: this.port };
    while (!(await connects(where))) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** It hangs: takes connections, answers nothing. */
  pause(): void {
    this.#child!.kill('SIGSTOP');
  }

  resume(): void {
    this.#child!.kill('SIGCONT');
  }

  /** A command, past all stores. */
  async command(...args: readonly Arg[]): Promise<Reply> {
    library ??= await redisLibrary();
    this.#link ??= new RedisLink({ library, address: parseRedisUrl(this.url)!, timeout: 10_000 });
    return await this.#link.command(args);
  }

  /** The same for a server that asks for a password. */
  async commandAs(password: string, ...args: readonly Arg[]): Promise<Reply> {
    library ??= await redisLibrary();
    const link = new RedisLink({ library, address: { ...parseRedisUrl(this.url)!, password }, timeout: 10_000 });
    try {
      return await link.command(args);
    } finally {
      link.close();
    }
  }

  async remove(): Promise<void> {
    this.#link?.close();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One for all tests of a file, started when the first asks for it. */
export function sharedServer(options: ServerOptions = {}): () => Promise<RedisServer> {
  let server: Promise<RedisServer> | undefined;
  after(async () => (await server)?.remove());
  return () => {
    server ??= RedisServer.make(options).then(async (made) => {
      await made.up();
      return made;
    });
    return server;
  };
}

let prefixes = 0;

/** A prefix that no other test of this process has. */
export function freshPrefix(): string {
  return `test-${process.pid}-${prefixes++}`;
}

function connects(where: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(where);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
