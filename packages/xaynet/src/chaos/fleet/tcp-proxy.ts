// The line between one coordinator and its Redis or S3: a TCP proxy on loopback that can be slow, cut, or silent, and can lose a request before it
// has an effect, or the answer after it had one.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `pass`; `slow`: every piece is held back; `hole`: connections are taken and nothing comes through; `cut`: connections are ended. */
export type LineState = 'pass' | 'slow' | 'hole' | 'cut';

/** A running proxy. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: () => number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** Pieces that are held back on their way to a socket: resolves when the last of them has passed. */
  readonly #held = new WeakMap<Socket, Promise<void>>();
  #state: LineState = 'pass';
  #delay = 0;
  #losing: 'request' | 'reply' | undefined;

  private constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer((near) => this.#join(near));
  }

  /** Listens on any free port of the loopback address; `target`: the port at the other end. */
  static async start(target: () => number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on; `delay`: milliseconds for `slow`. */
  set(state: LineState, delay = 0): void {
    this.#state = state;
    this.#delay = delay;
    if (state === 'cut') this.#cutAll();
    // What the hole has swallowed never comes: such a connection is of no use any more.
    if (state === 'pass') for (const pair of this.#pairs) if (pair[0].isPaused()) end(pair);
  }

  /** The next request is cut before it is passed on, or its answer before it comes back. */
  lose(what: 'request' | 'reply'): void {
    this.#losing = what;
  }

  async close(): Promise<void> {
    this.#cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #cutAll(): void {
    for (const pair of this.#pairs) end(pair);
  }

  #join(near: Socket): void {
    if (this.#state === 'cut') return void near.destroy();
    const far = connect({ port: this.#target(), host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.once('close', () => {
        end(pair);
        this.#pairs.delete(pair);
      });
    }
    near.on('data', (piece) => this.#carry(pair, near, far, piece, 'request'));
    far.on('data', (piece) => this.#carry(pair, far, near, piece, 'reply'));
  }

  #carry(pair: readonly [Socket, Socket], from: Socket, to: Socket, piece: Buffer, what: 'request' | 'reply'): void {
    if (this.#losing === what) {
      this.#losing = undefined;
      end(pair);
    } else if (this.#state === 'hole') from.pause();
    else this.#pass(to, piece);
  }

  /** In the order in which they came, also when the line has stopped being slow. */
  #pass(to: Socket, piece: Buffer): void {
    const before = this.#held.get(to);
    if (this.#state !== 'slow' && before === undefined) {
      to.write(piece);
      return;
    }
    const wait = this.#state === 'slow' ? this.#delay : 0;
    const passed = Promise.all([before, new Promise((resolve) => setTimeout(resolve, wait))]).then(() => {
      to.write(piece);
      if (this.#held.get(to) === passed) this.#held.delete(to);
    });
    this.#held.set(to, passed);
  }
}

function end(pair: readonly [Socket, Socket]): void {
  for (const socket of pair) socket.destroy();
}
