// Counts what adversaries of one kind send, and what the coordinator says of it.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { PublishedModel, RoundParams, SumDict, UpdateSeedDict } from '@xaynet/core/round';
import { type Transport, TransportError, type Verdict } from '@xaynet/participant';

/** A way on top of another one, which it is but for what a subclass changes. */
export class WayOver implements Transport {
  protected readonly under: Transport;

  constructor(under: Transport) {
    this.under = under;
  }

  params(signal?: AbortSignal): Promise<RoundParams> {
    return this.under.params(signal);
  }

  sums(signal?: AbortSignal, maxBytes?: number): Promise<SumDict | undefined> {
    return this.under.sums(signal, maxBytes);
  }

  seeds(participant: PublicSigningKey, signal?: AbortSignal, maxBytes?: number): Promise<UpdateSeedDict | undefined> {
    return this.under.seeds(participant, signal, maxBytes);
  }

  model(signal?: AbortSignal, maxBytes?: number): Promise<PublishedModel | undefined> {
    return this.under.model(signal, maxBytes);
  }

  send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined> {
    return this.under.send(bytes, signal);
  }
}

/** See the head of the file. */
export class CountingWay extends WayOver {
  readonly #sent: (verdict: string) => void;

  constructor(under: Transport, sent: (verdict: string) => void) {
    super(under);
    this.#sent = sent;
  }

  override async send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined> {
    try {
      const verdict = await this.under.send(bytes, signal);
      this.#sent(verdict === undefined ? 'incomplete' : verdict.accepted ? 'accepted' : verdict.code);
      return verdict;
    } catch (error) {
      if (error instanceof TransportError) this.#sent(error.code === 'transport-status' ? `status-${error.status}` : error.code);
      throw error;
    }
  }
}
