// One coordinator of the fleet: its processes, one after another, its line to Redis, and what is known of it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CoordinatorNews } from '../coordinator-child.ts';
import { CoordinatorProcess } from '../coordinator-process.ts';
import { freePort } from '../free-port.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** How a node is made. */
export interface NodeInput {
  readonly folder: string;
  readonly index: number;
  /** Port of Redis, and of S3 where it is used. */
  readonly redis: number;
  readonly s3: number | undefined;
  /** TOML for its port and the ports of its lines. */
  readonly settings: (port: number, redis: number, s3: number | undefined) => string;
  readonly news: (node: Node, news: CoordinatorNews) => void;
}

/** See the head of the file. */
export class Node {
  readonly index: number;
  readonly process: CoordinatorProcess;
  /** To Redis, and to S3 where it is used. */
  readonly lines: readonly TcpProxy[];
  readonly #port: number;
  /** Whether it said that it leads, last. */
  leads = false;
  /** Requests are sent to it: it runs, and is not paused. */
  isUp = false;
  /** Milliseconds, from the start of each process to when it listened. */
  readonly starts: number[] = [];

  private constructor(index: number, port: number, lines: readonly TcpProxy[], process: CoordinatorProcess) {
    this.index = index;
    this.#port = port;
    this.lines = lines;
    this.process = process;
  }

  static async make({ folder, index, redis, s3, settings, news }: NodeInput): Promise<Node> {
    const port = await freePort();
    const lines = [await TcpProxy.start(() => redis), ...(s3 === undefined ? [] : [await TcpProxy.start(() => s3)])];
    const config = join(folder, `coordinator-${index}.toml`);
    writeFileSync(config, settings(port, lines[0]!.port, lines[1]?.port));
    const process = new CoordinatorProcess({
      folder,
      config,
      port,
      log: `coordinator-${index}.log`,
      news: (told) => {
        if (told.type === 'leads') node.leads = told.leads;
        news(node, told);
      },
    });
    const node = new Node(index, port, lines, process);
    return node;
  }

  /** Where requests go; undefined while it is not up. */
  get port(): number | undefined {
    return this.isUp ? this.process.port : undefined;
  }

  /** Whether it is the one that listens on this port. */
  isAt(port: number): boolean {
    return port === this.#port;
  }

  /** Starts a process; false: it gave up. */
  async start(): Promise<boolean> {
    const began = performance.now();
    const listens = await this.process.start(0);
    this.isUp = listens;
    if (listens) this.starts.push(performance.now() - began);
    return listens;
  }

  kill(): void {
    this.isUp = false;
    this.leads = false;
    this.process.kill();
  }

  async terminate(): Promise<boolean> {
    this.isUp = false;
    const isClean = await this.process.terminate();
    this.leads = false;
    return isClean;
  }

  freeze(frozen: boolean): void {
    this.isUp = !frozen;
    this.process.freeze(frozen);
  }
}
