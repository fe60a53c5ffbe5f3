// The Redis of a chaos run: a process of its own on loopback, with an append-only file that is synced with every write, or with nothing on disk.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { XaynetError } from '@xaynet/core/errors';
import { ended } from '../child.ts';
import { freePort } from '../free-port.ts';

const PATIENCE = 20_000;

/** Redis, process after process on the same data. */
export class RedisProcess {
  readonly port: number;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  /** One that runs. `keeps`: what it acknowledged survives its end. Throws `option-invalid` where there is no redis-server. */
  static async start(folder: string, keeps: boolean): Promise<RedisProcess> {
    const data = join(folder, 'redis');
    mkdirSync(data);
    const port = await freePort();
    const persistence = keeps ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...persistence, '--dir', data, '--logfile', join(folder, 'redis.log')];
    const redis = new RedisProcess(port, args);
    await redis.up();
    return redis;
  }

  /** Starts a process and resolves when it takes connections. */
  async up(): Promise<void> {
    const command = process.env.XAYNET_REDIS_SERVER ?? 'redis-server';
    const child = spawn(command, this.#args, { stdio: 'ignore', detached: true });
    this.#child = child;
    let missing: unknown;
    child.once('error', (error) => {
      missing = error;
    });
    for (const until = performance.now() + PATIENCE; ; ) {
      if (missing !== undefined) {
        throw new XaynetError(
          'option-invalid',
          `--store: ${command} cannot be started; install Redis 7 (Debian: apt-get install redis-server), or set XAYNET_REDIS_SERVER to its path`,
        );
      }
      if (await this.#takes()) return;
      if (performance.now() > until || child.exitCode !== null) throw new XaynetError('internal-error', 'redis-server does not take connections');
      await sleep(15);
    }
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.kill('SIGKILL');
    await ended(this.#child);
  }

  freeze(frozen: boolean): void {
    this.#child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  #takes(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ port: this.port, host: '127.0.0.1' });
      socket.once('connect', () => {
        socket.end();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }
}
