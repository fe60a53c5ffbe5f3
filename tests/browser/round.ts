// A round for pages to be in: a real coordinator whose phases end with the last message that they need, keys with a wanted role, and the
// other participants, in this process.
import { Coordinator, type CoordinatorEvent, parseSettings } from '@xaynet/coordinator';
import { type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { generateSigningKeyPair, type SigningKeyPair } from '@xaynet/core/crypto';
import type { MessageTag } from '@xaynet/core/message';
import { chooseRole, type RoundParams } from '@xaynet/core/round';
import { HttpTransport, runParticipant } from '@xaynet/participant';

export class Round {
  readonly coordinator: Coordinator;
  readonly params: RoundParams;
  readonly events: CoordinatorEvent[] = [];
  readonly #stop = new AbortController();
  #next = Promise.withResolvers<void>();

  private constructor(coordinator: Coordinator, params: RoundParams) {
    this.coordinator = coordinator;
    this.params = params;
    coordinator.on((event) => {
      this.events.push(event);
      this.#next.resolve();
      this.#next = Promise.withResolvers<void>();
    });
  }

  /** A coordinator in the sum phase of its first round, which takes one sum and so many updates; `prob` is the chance of fresh keys to be for a sum. */
  static async begin(updates = 3, length = 4, prob = 0.5): Promise<Round> {
    const time = { min: 0, max: 300 };
    const coordinator = await Coordinator.start(
      parseSettings({
        api: { bind_address: '127.0.0.1:0' },
        pet: {
          sum: { prob, count: { min: 1, max: 1 }, time },
          update: { prob: 1, count: { min: updates, max: updates }, time },
          sum2: { count: { min: 1, max: 1 }, time },
        },
        model: { length },
        store: { kind: 'memory' },
        log: { filter: 'error' },
        intake: { workers: 1 },
        limits: { exempt_addresses: ['127.0.0.1'] },
      }),
    );
    return new Round(coordinator, await new HttpTransport({ url: coordinator.url }).params());
  }

  /** A round that is ended whatever becomes of `play`. */
  static async during(given: Parameters<typeof Round.begin>, play: (round: Round) => Promise<void>): Promise<void> {
    const round = await Round.begin(...given);
    try {
      await play(round);
    } finally {
      await round.end();
    }
  }

  get url(): string {
    return this.coordinator.url;
  }

  /** Fresh keys with a role in the first round. */
  keys(role: 'sum' | 'update'): SigningKeyPair {
    for (;;) {
      const keys = generateSigningKeyPair((size) => crypto.getRandomValues(new Uint8Array(size)));
      if (chooseRole(this.params, keys).role === role) return keys;
    }
  }

  /** Others that take part in the first round only: their models have this weight everywhere. */
  join(role: 'sum' | 'update', count: number, weight = 0.25): void {
    for (let i = 0; i < count; i++) {
      const run = runParticipant({
        url: this.url,
        keys: this.keys(role),
        signal: this.#stop.signal,
        poll: { min: 10, max: 50 },
        train: (_, { length }) => new Float32Array(length).fill(weight),
      });
      void (async () => {
        for await (const event of run.events()) if (event.type === 'idle') break;
        await run[Symbol.asyncDispose]();
      })();
    }
  }

  /** Waits for an event of the coordinator, or finds it among the past ones. */
  async until<T extends CoordinatorEvent['type']>(
    type: T,
    is: (event: Extract<CoordinatorEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<CoordinatorEvent, { type: T }>> {
    for (;;) {
      const found = this.events.find((event) => event.type === type && is(event as Extract<CoordinatorEvent, { type: T }>));
      if (found !== undefined) return found as Extract<CoordinatorEvent, { type: T }>;
      await this.#next.promise;
    }
  }

  /** What became of the messages of a participant in the first round: `accepted sum`, `rejected sum2`, … */
  fate(participant: PublicSigningKey): string[] {
    const mine = toHex(participant);
    return this.events.flatMap((event) =>
      'participant' in event && event.round === 1 && toHex(event.participant) === mine ? [`${event.type} ${event.tag satisfies MessageTag}`] : [],
    );
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.coordinator.stop();
  }
}
