// The Redis of the benchmark: a real server on loopback that syncs its append-only file with every write, and what it tells of its own work.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRedisUrl } from '../../packages/coordinator/src/stores/redis/address.ts';
import { redisLibrary } from '../../packages/coordinator/src/stores/redis/library.ts';
import { RedisLink } from '../../packages/coordinator/src/stores/redis/link.ts';
import { RedisProcess } from '../../packages/xaynet/src/chaos/fleet/redis-process.ts';
import { atEnd } from '../end.ts';

/** What a server has done since it began. */
export interface RedisWork {
  /** CPU seconds, those of rewriting its file included. */
  readonly cpu: number;
  /** Commands that clients sent; those inside of scripts are not among them. */
  readonly scripts: number;
  readonly transactions: number;
  /** Looks of the members among the scripts, and those that judged updates; verdicts on updates, of which a script has one or more. */
  readonly looks: number;
  readonly judging: number;
  readonly verdicts: number;
  /** All commands that were carried out, those inside of scripts included. */
  readonly commands: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** See the head of the file. */
export class BenchRedis {
  readonly port: number;
  readonly #server: RedisProcess;
  readonly #link: RedisLink;
  readonly #forget: () => void;

  private constructor(server: RedisProcess, link: RedisLink, folder: string) {
    this.port = server.port;
    this.#server = server;
    this.#link = link;
    this.#forget = atEnd(() => {
      link.close();
      void server.kill();
      rmSync(folder, { recursive: true, force: true });
    });
  }

  static async start(data: string | undefined): Promise<BenchRedis> {
    const folder = mkdtempSync(join(data ?? tmpdir(), 'xaynet-bench-redis-'));
    const server = await RedisProcess.start(folder, true);
    const link = new RedisLink({ library: await redisLibrary(), address: parseRedisUrl(`redis://127.0.0.1:${server.port}`)!, timeout: 60_000 });
    return new BenchRedis(server, link, folder);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async version(): Promise<string> {
    return /redis_version:(\S+)/.exec(String(await this.#link.command(['INFO', 'server'])))?.[1] ?? 'unknown';
  }

  async memory(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(String(await this.#link.command(['INFO', 'memory'])))?.[1]);
  }

  async work(): Promise<RedisWork> {
    const text = String(await this.#link.command(['INFO', 'everything']));
    const field = (name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1] ?? 0);
    const calls = (name: string): number => Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return {
      cpu: field('used_cpu_sys') + field('used_cpu_user') + field('used_cpu_sys_children') + field('used_cpu_user_children'),
      scripts: calls('evalsha') + calls('eval'),
      transactions: calls('exec'),
      looks: calls('zrevrange'),
      judging: calls('xreadgroup'),
      verdicts: calls('xadd'),
      commands: field('total_commands_processed'),
      bytesIn: field('total_net_input_bytes'),
      bytesOut: field('total_net_output_bytes'),
    };
  }

  async stop(): Promise<void> {
    this.#link.close();
    await this.#server.kill();
    this.#forget();
  }
}

/** What was done between two moments. */
export function workBetween(before: RedisWork, after: RedisWork): RedisWork {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name as keyof RedisWork]])) as unknown as RedisWork;
}
