// What ties one process of a fleet to the others: its listener, the connections to theirs, and who is asked about which chunk.

import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import type { Clock } from '../clock.ts';
import type { ChunkFleet } from '../intake/fleet-chunks.ts';
import type { Logger } from '../log.ts';
import type { Member, SharedStore } from '../stores/shared.ts';
import { FleetClient } from './client.ts';
import { Handover } from './handover.ts';
import { type ChunkTaker, type FleetListener, startFleetListener } from './listener.ts';
import { patiently } from './patiently.ts';
import { FleetToken, type Token } from './token.ts';

/** Where to listen, and where others reach that. */
export interface FleetAddress {
  readonly host: string;
  readonly port: number;
  readonly advertise: string | undefined;
}

export interface FleetLinkOptions {
  /** Of this member. */
  readonly id: string;
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** See the head of the file. */
export class FleetLink {
  /** Where the others reach this process. */
  readonly url: string;
  /** What the intake needs of the others. */
  readonly chunks: ChunkFleet;
  /** Those that live; nobody until it is set. */
  members: () => readonly Member[] = () => [];
  readonly #listener: FleetListener;
  readonly #client: FleetClient;

  private constructor(url: string, listener: FleetListener, token: Token, options: FleetLinkOptions) {
    const { id, store, clock, logger } = options;
    this.url = url;
    this.#listener = listener;
    this.#client = new FleetClient(token);
    const handover = new Handover({
      self: id,
      members: () => this.members(),
      send: (member, chunk, signal) => this.#client.send(member, chunk, signal),
      leaseMs: store.leaseMs,
      clock,
      logger,
    });
    this.chunks = { store, hand: (chunk) => handover.hand(chunk) };
  }

  /** Listens. Throws `api-…` when it cannot, and what the store throws. */
  static async open({ host, port, advertise }: FleetAddress, options: FleetLinkOptions): Promise<FleetLink> {
    const { store, clock, logger } = options;
    const { leaseMs } = store;
    const read = (): Promise<Uint8Array> => store.fleetSecret();
    const token = new FleetToken(await patiently(read, { ...options, leaseMs }), { read, every: leaseMs, clock, logger });
    const listener = await startFleetListener({ host, port, token, logger });
    const url = advertise ?? urlOf(listener);
    logger.info({ url, at: `${listener.host} port ${listener.portNumber}` }, 'listens for the other processes of the fleet');
    return new FleetLink(url, listener, token, options);
  }

  /** From now on chunks of others are taken. */
  connect(taker: ChunkTaker): void {
    this.#listener.connect(taker);
  }

  /** Again: no error. */
  async close(): Promise<void> {
    this.#client.close();
    await this.#listener.close();
  }
}

/** A process that listens on all addresses is reached by the name of its machine. */
export function urlOf({ host, portNumber }: Pick<FleetListener, 'host' | 'portNumber'>, machine: string = hostname()): string {
  const name = host === '0.0.0.0' || host === '::' ? machine : host;
  return `http://${isIPv6(name) ? `[${name}]` : name}:${portNumber}`;
}
