// Processes of a fleet that hand chunks to each other, while the secret that they share becomes another one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublicSigningKey } from '@xaynet/core/bytes';
import { FakeClock } from '../clock.test.ts';
import type { HandedChunk } from '../intake/fleet-chunks.ts';
import { type Logger, SILENT_LOGGER } from '../log.ts';
import { SharedMemory } from '../stores/shared-memory.ts';
import { FleetLink } from './link.ts';
import { ownerOf } from './owner.ts';

const IDS = ['a', 'b', 'c'] as const;
type Id = (typeof IDS)[number];

/** A chunk that this member collects. */
function chunkFor(owner: Id): HandedChunk {
  for (let byte = 0; ; byte++) {
    const participant = PublicSigningKey(new Uint8Array(32).fill(byte));
    if (
      ownerOf(
        participant,
        IDS.map((id) => ({ id })),
      )!.id !== owner
    )
      continue;
    return { round: 1, tag: 'update', participant, payload: new Uint8Array(9), proven: true, address: undefined };
  }
}

test('the secret was deleted, and a process that joins later has made another one: in the end all hand chunks to all again', async (t) => {
  const clock = new FakeClock();
  const shared = new SharedMemory(clock);
  const links = new Map<Id, FleetLink>();
  const warnings: string[] = [];
  const logger: Logger = { ...SILENT_LOGGER, warn: (_, text) => warnings.push(text) };
  const join = async (id: Id): Promise<void> => {
    const link = await FleetLink.open({ host: '127.0.0.1', port: 0, advertise: undefined }, { id, store: shared.connect(), clock, logger });
    t.after(() => link.close());
    link.connect({ maxMessageBytes: 1000, collect: async () => ({ accepted: true, complete: false }) });
    link.members = () => [...links].map(([other, { url }]) => ({ id: other, url, version: '1', began: 0, accepted: 0, refused: 0 }));
    links.set(id, link);
  };
  const hands = async (from: Id, to: Id): Promise<boolean> => (await links.get(from)!.chunks.hand(chunkFor(to))) !== undefined;
  const pairs = IDS.flatMap((from) => IDS.flatMap((to) => (from === to ? [] : [[from, to] as const])));
  await join('a');
  await join('b');
  shared.secret = new Uint8Array(32).fill(5);
  await join('c');
  assert.equal(await hands('a', 'c'), false, 'the new one has another secret');
  for (let leases = 0; leases < 4; leases++) {
    await clock.advance(shared.leaseMs + 1);
    for (const [from, to] of pairs) await hands(from, to);
  }
  await clock.advance(shared.leaseMs + 1);
  for (const [from, to] of pairs) assert.equal(await hands(from, to), true, `${from} to ${to}`);
  assert.equal(warnings.filter((text) => text.startsWith('the secret of the fleet in the store is another one')).length, 2, warnings.join('\n'));
});

test('strangers have the secret read once a lease, however many come', async (t) => {
  const clock = new FakeClock();
  const shared = new SharedMemory(clock);
  const store = shared.connect();
  let reads = 0;
  const counted = new Proxy(store, {
    get: (target, name) => {
      if (name === 'fleetSecret') reads++;
      return Reflect.get(target, name);
    },
  });
  const link = await FleetLink.open({ host: '127.0.0.1', port: 0, advertise: undefined }, { id: 'a', store: counted, clock, logger: SILENT_LOGGER });
  t.after(() => link.close());
  const knock = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) assert.equal((await fetch(link.url)).status, 401);
  };
  await knock();
  assert.equal(reads, 2);
  await clock.advance(shared.leaseMs);
  await knock();
  assert.equal(reads, 3);
});
