// Does to the fleet what was drawn, one trouble after another while rounds go on, and measures for how long nobody led. What was done is counted here.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from './node.ts';
import type { RedisProcess } from './redis-process.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import { type Line, type Planned, type Role, type Trouble, troubles } from './trouble.ts';

/** What was done, and what came of it. */
export interface FleetDeeds {
  kills: Record<Role, number>;
  terminations: number;
  pauses: Record<Role, number>;
  /** Pauses of a leader for so long that another had to take over. */
  overtaken: number;
  lines: Record<'slow' | 'hole' | 'cut', number>;
  lost: Record<'request' | 'reply', number>;
  redis: Record<'kill' | 'pause', number>;
  /** Milliseconds from the moment at which a leader was hit until another one led. */
  readonly takeovers: number[];
}

/** What the tormentor needs. */
export interface FleetTormentPorts {
  readonly nodes: readonly Node[];
  readonly redis: RedisProcess;
  readonly seed: number;
  readonly killsPerRound: number;
  /** In milliseconds. */
  readonly lease: number;
  readonly signal: AbortSignal;
  /** The leader is hit; another one leads. */
  readonly killed: () => void;
  readonly recovered: () => void;
  readonly broken: (text: string) => void;
}

/** Longest wait for a message that a kill is aimed at, and for a leader, in milliseconds. */
const AIM_PATIENCE = 1500;
const LEADER_PATIENCE = 60_000;
/** Coordinators that are up before the next trouble comes. */
const LEAST_UP = 2;

/** See the head of the file. */
export class FleetTormentor {
  readonly deeds: FleetDeeds = {
    kills: { leader: 0, follower: 0 },
    terminations: 0,
    pauses: { leader: 0, follower: 0 },
    overtaken: 0,
    lines: { slow: 0, hole: 0, cut: 0 },
    lost: { request: 0, reply: 0 },
    redis: { kill: 0, pause: 0 },
    takeovers: [],
  };
  readonly #ports: FleetTormentPorts;
  #rounds = 0;
  readonly #waiting = new Set<() => void>();
  #aim: { readonly at: 'forwarded' | 'replied'; readonly strike: (port: number) => void } | undefined;
  /** When the leader was hit that has no successor yet. */
  #leaderless: number | undefined;
  readonly #starting = new Set<Promise<void>>();
  #dead = false;
  #turn = 0;

  constructor(ports: FleetTormentPorts) {
    this.#ports = ports;
    ports.signal.addEventListener('abort', () => this.#wake());
  }

  /** Another round has ended. */
  roundEnded(): void {
    this.#rounds++;
    this.#wake();
  }

  /** A node says that it leads, or does not any more. */
  leads(node: Node): void {
    if (node.leads && this.#leaderless !== undefined) {
      this.deeds.takeovers.push(performance.now() - this.#leaderless);
      this.#leaderless = undefined;
      this.#ports.recovered();
    }
    this.#wake();
  }

  /** A message is at this moment, at the coordinator on `port`. */
  moment(at: 'forwarded' | 'replied', port: number): void {
    if (this.#aim?.at !== at) return;
    const { strike } = this.#aim;
    this.#aim = undefined;
    strike(port);
  }

  /** Starts everybody, then torments until the signal aborts; false: a coordinator does not start. */
  async run(): Promise<boolean> {
    const { nodes, signal, seed, killsPerRound, lease } = this.#ports;
    const started = await Promise.all(nodes.map((node) => node.start()));
    if (started.includes(false)) return signal.aborted;
    for (let round = 0; !signal.aborted; round++) {
      await this.#until(() => this.#rounds >= round);
      for (const planned of troubles(seed, round, killsPerRound, lease)) {
        if (signal.aborted) break;
        if (!(await this.#strike(planned))) return signal.aborted;
      }
    }
    await Promise.all(this.#starting);
    return true;
  }

  async #strike({ after, trouble }: Planned): Promise<boolean> {
    await this.#sleep(after);
    if (this.#ports.signal.aborted) return true;
    if (trouble.kind === 'redis') return this.#hitRedis(trouble);
    // With nobody to lead nothing goes on that could be troubled.
    await this.#until(() => this.#leader !== undefined, LEADER_PATIENCE);
    if (this.#ports.signal.aborted) return true;
    const node = this.#pick(trouble.role);
    switch (trouble.kind) {
      case 'kill':
        return this.#kill(trouble, node);
      case 'terminate':
        return this.#terminate(trouble.pause, node);
      case 'pause':
        return this.#pause(trouble.for, node);
      case 'line':
        return this.#line(trouble, node);
      case 'lose':
        this.deeds.lost[trouble.what]++;
        lineOf(node, trouble.to).lose(trouble.what);
        return true;
    }
  }

  async #kill({ at, pause, role }: Trouble & { kind: 'kill' }, node: Node): Promise<boolean> {
    let victim = node;
    if (at !== 'time') {
      victim = await new Promise<Node>((resolve) => {
        const late = setTimeout(() => this.moment(at, -1), AIM_PATIENCE);
        const strike = (port: number): void => {
          clearTimeout(late);
          // The one that has the message, or the leader while another has it.
          const hit = (role === 'leader' ? this.#leader : this.#ports.nodes.find((one) => one.isAt(port))) ?? node;
          this.#killNow(hit); // at this very moment
          resolve(hit);
        };
        this.#aim = { at, strike };
        this.#ports.signal.addEventListener('abort', () => strike(-1), { once: true });
      });
    } else this.#killNow(victim);
    return this.#again(victim, pause);
  }

  #killNow(node: Node): void {
    if (!node.isUp) return;
    this.deeds.kills[node.leads ? 'leader' : 'follower']++;
    this.#hit(node);
    node.kill();
  }

  async #terminate(pause: number, node: Node): Promise<boolean> {
    this.deeds.terminations++;
    this.#hit(node);
    if (!(await node.terminate())) this.#ports.broken('a coordinator did not stop cleanly at SIGTERM');
    return this.#again(node, pause);
  }

  async #pause(ms: number, node: Node): Promise<boolean> {
    const { lease } = this.#ports;
    const { leads } = node;
    this.deeds.pauses[leads ? 'leader' : 'follower']++;
    const isLong = leads && ms > 1.2 * lease;
    if (isLong) this.#hit(node);
    node.freeze(true);
    await this.#sleep(ms);
    if (isLong) {
      this.deeds.overtaken++;
      await this.#until(() => this.#leaderless === undefined, LEADER_PATIENCE);
    }
    node.freeze(false);
    return true;
  }

  async #line({ to, state, delay, for: ms }: Trouble & { kind: 'line' }, node: Node): Promise<boolean> {
    this.deeds.lines[state]++;
    const line = lineOf(node, to);
    line.set(state, delay);
    await this.#sleep(ms);
    line.set('pass');
    return true;
  }

  async #hitRedis({ act, for: ms }: Trouble & { kind: 'redis' }): Promise<boolean> {
    const { redis } = this.#ports;
    this.deeds.redis[act]++;
    if (act === 'pause') {
      redis.freeze(true);
      await this.#sleep(ms);
      redis.freeze(false);
      return true;
    }
    await redis.kill();
    await this.#sleep(ms);
    await redis.up();
    return true;
  }

  /** Another process follows. While others are up nobody waits for it: it comes when it comes. */
  async #again(node: Node, pause: number): Promise<boolean> {
    const { nodes, signal } = this.#ports;
    const starting = (async (): Promise<void> => {
      await node.process.gone();
      await this.#sleep(pause);
      if (!signal.aborted && !(await node.start()) && !signal.aborted) this.#dead = true;
    })();
    this.#starting.add(starting);
    void starting.finally(() => this.#starting.delete(starting));
    await Promise.race([starting, this.#until(() => nodes.filter(({ isUp }) => isUp).length >= LEAST_UP)]);
    return !this.#dead;
  }

  /** The node is about to do nothing; if it leads, time runs until another one does. */
  #hit(node: Node): void {
    if (!node.leads) return;
    this.#leaderless ??= performance.now();
    this.#ports.killed();
  }

  get #leader(): Node | undefined {
    return this.#ports.nodes.find((node) => node.isUp && node.leads);
  }

  #pick(role: Role): Node {
    const { nodes } = this.#ports;
    const leader = this.#leader;
    const others = nodes.filter((node) => node !== leader && node.isUp);
    const other = others[this.#turn++ % Math.max(1, others.length)];
    return (role === 'leader' ? leader : other) ?? leader ?? other ?? nodes[0]!;
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ports.signal }).catch(() => undefined);
  }

  /** Resolves when `condition` holds, the signal aborts, or time is up, which is a broken promise. */
  #until(condition: () => boolean, patience?: number): Promise<void> {
    if (condition() || this.#ports.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve();
      };
      const late =
        patience === undefined
          ? undefined
          : setTimeout(() => {
              this.#ports.broken(`nobody has led for ${patience / 1000} s`);
              done();
            }, patience);
      const look = (): void => {
        if (condition() || this.#ports.signal.aborted) done();
      };
      this.#waiting.add(look);
    });
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** Without S3 all lines lead to Redis. */
function lineOf({ lines: [redis, s3] }: Node, to: Line): TcpProxy {
  return (to === 's3' ? s3 : undefined) ?? redis!;
}
