// A whole round of three coordinators that share a store, behind a balancer that sends every request to the next one: participants whose messages go in
// chunks of 4096 bytes, as those of original peers do, and of 64 KiB; and one of the three stops while updates are under way.

import assert from 'node:assert/strict';
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { generateSigningKeyPair, type SigningKeyPair } from '@xaynet/core/crypto';
import { chooseRole, type RoundParams } from '@xaynet/core/round';
import { HttpTransport, Participant } from '@xaynet/participant';
import { systemClock } from '../../packages/coordinator/src/clock.ts';
import { SharedMemory } from '../../packages/coordinator/src/stores/shared-memory.ts';

const LENGTH = 12_000;
const UPDATES = [0.25, 0.5, -0.5, 0.75];
/** The so manieth message is one of the updates, which take twice as many. */
const IN_UPDATE = 20;
const time = { min: 0, max: 60 };
const settings = parseSettings({
  api: { bind_address: '127.0.0.1:0' },
  pet: {
    sum: { prob: 0.5, count: { min: 2, max: 2 }, time },
    update: { prob: 1, count: { min: UPDATES.length, max: UPDATES.length }, time },
    sum2: { count: { min: 2, max: 2 }, time },
  },
  mask: { group_type: 'Power2', data_type: 'F32', bound_type: 'B0', model_type: 'M3' },
  model: { length: LENGTH },
  intake: { workers: 0 },
  log: { filter: 'off' },
});

/** A balancer that knows nothing of the protocol: the next request goes to the next one that is in service. */
class Balancer {
  readonly targets: string[];
  readonly messages = new Map<string, number>();
  /** Resolves in the midst of the updates. */
  readonly inUpdate = Promise.withResolvers<void>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server: Server = createServer((incoming, outgoing) => {
    const target = this.targets[this.#turn++ % this.targets.length]!;
    if (incoming.method === 'POST') this.messages.set(target, (this.messages.get(target) ?? 0) + 1);
    if (this.count >= IN_UPDATE) this.inUpdate.resolve();
    const passed = request(
      `${target}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers, agent: this.#agent },
      (answer: IncomingMessage) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      },
    );
    passed.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(passed);
  });
  #turn = 0;

  constructor(targets: readonly string[]) {
    this.targets = [...targets];
  }

  get count(): number {
    return [...this.messages.values()].reduce((a, b) => a + b, 0);
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

function keysFor(params: RoundParams, role: 'sum' | 'update'): SigningKeyPair {
  for (;;) {
    const keys = generateSigningKeyPair(random);
    if (chooseRole(params, keys).role === role) return keys;
  }
}

test('three coordinators behind a balancer: messages in chunks, one of the three stops in update, and the model is the mean', async () => {
  const shared = new SharedMemory(systemClock, 2000);
  const fleet = await Promise.all([0, 1, 2].map(() => Coordinator.start(settings, { store: shared.connect() })));
  const balancer = new Balancer(fleet.map(({ url }) => url));
  const url = await balancer.listen();
  try {
    const params = await new HttpTransport({ url }).params();
    const make = (keys: SigningKeyPair, maxMessageSize: number): Promise<Participant> => Participant.create({ url, keys, maxMessageSize });
    const goOn = async (participant: Participant, isOver: () => boolean): Promise<void> => {
      while (!isOver()) if ((await participant.tick()).outcome !== 'progress') await pause();
    };
    const isDone = (): boolean => fleet.slice(1).some((one) => one.status().round > 1);
    const sums = Array.from({ length: 2 }, async () => goOn(await make(keysFor(params, 'sum'), 4096), isDone));
    const updates = UPDATES.map(async (weight, i) => {
      const participant = await make(keysFor(params, 'update'), i === 0 ? 65_536 : 4096);
      participant.setModel(new Float32Array(LENGTH).fill(weight));
      await goOn(participant, isDone);
    });
    await balancer.inUpdate.promise;
    const leading = fleet[0]!.status().fleet!.leader;
    const leader = fleet.find((one) => one.status().fleet!.self === leading)!;
    fleet.splice(fleet.indexOf(leader), 1);
    fleet.unshift(leader);
    balancer.targets.splice(balancer.targets.indexOf(leader.url), 1);
    await leader.stop();
    await Promise.all([...sums, ...updates]);

    for (const one of fleet.slice(1)) {
      const model = (await new HttpTransport({ url: one.url }).model())!.toWeights('F32');
      const mean = UPDATES.reduce((a, b) => a + b, 0) / UPDATES.length;
      assert.ok(model.length === LENGTH && [...model].every((weight) => Math.abs(weight - mean) < 1e-6), `${model[0]}`);
    }
    const [record] = await shared.store.records(1);
    assert.deepEqual([record!.round, record!.outcome, record!.updates, record!.masks], [1, 'model', UPDATES.length, 2]);
    assert.equal(balancer.messages.size, 3);
    // How many come to the one that stops is chance: questions take turns as well.
    const counts = [...balancer.messages.values()];
    assert.ok(balancer.count > IN_UPDATE && counts.every((count) => count > 0), counts.join());
  } finally {
    await Promise.all(fleet.map((one) => one.stop()));
    await balancer.close();
  }
});
