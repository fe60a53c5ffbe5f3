// The way to a coordinator in the same process: the same bytes as over HTTP, the same verdicts, no sockets. Documents are decoded once for
// everybody, as thousands of participants hold the same ones.

import type { HttpPort, Verdict as PortVerdict } from '@xaynet/coordinator';
import type { PublicSigningKey } from '@xaynet/core/bytes';
import {
  decodeRoundParams,
  decodeSumDict,
  decodeUpdateSeedDict,
  type PublishedModel,
  type RoundParams,
  readModel,
  type SumDict,
  type UpdateSeedDict,
} from '@xaynet/core/round';
import { HttpTransport, type Transport, TransportError, type Verdict } from '@xaynet/participant';

const HERE = 'in-process:coordinator';

/** What the coordinator says of a message: accepted, refused, or not taken now. */
export type Answer = PortVerdict | NonNullable<ReturnType<NonNullable<HttpPort['unavailable']>>>;

/** The coordinator, on this thread or on another one; documents are replaced by others, never changed. */
export interface DirectPort extends Pick<HttpPort, 'params' | 'sums' | 'model'> {
  seeds(participant: PublicSigningKey): ReturnType<HttpPort['seeds']> | Promise<ReturnType<HttpPort['seeds']>>;
  /** The bytes stay the caller's: the coordinator gets a copy, as it would over a socket. */
  deliver(bytes: Uint8Array): Promise<Answer>;
}

/** A coordinator on this thread. */
export function directPort(port: HttpPort): DirectPort {
  return {
    params: () => port.params(),
    sums: () => port.sums(),
    model: () => port.model(),
    seeds: (participant) => port.seeds(participant),
    deliver: (bytes) => handOver(port, bytes.slice()),
  };
}

/** Hands a message to the coordinator, whose the bytes are from then on. */
export async function handOver(port: HttpPort, bytes: Uint8Array): Promise<Answer> {
  return port.unavailable?.() ?? port.message(bytes, '');
}

/** The way over HTTP: as patient as a simulation, whose time may stand still meanwhile. */
export function httpWay(url: string): Transport {
  return new HttpTransport({ url, timeout: 600_000 });
}

/** Documents as they were decoded last. */
export class Decoded {
  readonly params: Remembered<RoundParams> = remembered(decodeRoundParams);
  readonly sums: Remembered<SumDict> = remembered(decodeSumDict);
  readonly model: Remembered<PublishedModel> = remembered(readModel);
}

/** See the head of the file. Keeps nothing of a participant. */
export class DirectTransport implements Transport {
  readonly #port: DirectPort;
  readonly #decoded: Decoded;

  /** `decoded` may be shared with others that see the same documents. */
  constructor(port: DirectPort, decoded: Decoded = new Decoded()) {
    this.#port = port;
    this.#decoded = decoded;
  }

  async params(): Promise<RoundParams> {
    return this.#decoded.params(this.#port.params());
  }

  async sums(): Promise<SumDict | undefined> {
    const bytes = this.#port.sums();
    return bytes && this.#decoded.sums(bytes);
  }

  async seeds(participant: PublicSigningKey): Promise<UpdateSeedDict | undefined> {
    const bytes = await this.#port.seeds(participant);
    return bytes && decodeUpdateSeedDict(bytes);
  }

  async model(): Promise<PublishedModel | undefined> {
    const bytes = this.#port.model();
    return bytes && this.#decoded.model(bytes);
  }

  async send(bytes: Uint8Array): Promise<Verdict | undefined> {
    const verdict = await this.#port.deliver(bytes);
    if ('accepted' in verdict && verdict.accepted) return verdict.complete ? { accepted: true } : undefined;
    const { code, retryAfter } = verdict as { code: string; retryAfter?: number };
    if (retryAfter === undefined) return { accepted: false, code, reason: code };
    throw new TransportError('transport-busy', code, { url: HERE, status: 503, retryAfter: 1000 * retryAfter });
  }
}

type Remembered<T> = (bytes: Uint8Array) => T;

/** `decode`, done once for the same array: what is published is replaced, never changed. */
function remembered<T>(decode: Remembered<T>): Remembered<T> {
  let last: { readonly bytes: Uint8Array; readonly value: T } | undefined;
  return (bytes) => {
    if (last?.bytes !== bytes) last = { bytes, value: decode(bytes) };
    return last.value;
  };
}
