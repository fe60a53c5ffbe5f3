// T16: secrets where they have no business: in memory after their use, in errors, in events, in what is logged. Every draw of 32 bytes or more is
// a secret here (keys, ephemeral keys, mask seeds), and so are the weights.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { EncryptedMaskSeed, KeyMap, MaskSeed, type PublicSigningKey } from '@xaynet/core/bytes';
import { sealMaskSeed } from '@xaynet/core/crypto';
import { countingRandom, FakeCoordinator, keysFor, sumOnce, updateOnce } from '../fake-coordinator.test.ts';
import type { StateStore } from '../ports.ts';
import { type RunOptions, runParticipant } from '../run.ts';
import type { ParticipantEvent } from '../run-events.ts';
import { create, ticks } from '../stages.test.ts';

test('T16: one-time secrets are overwritten when the task is over', async () => {
  const drawn: Uint8Array[] = [];
  const inner = countingRandom('secrets');
  const coordinator = new FakeCoordinator();
  const participant = await create(coordinator, keysFor('sum', coordinator.params_), {
    random: (length) => {
      const bytes = inner(length);
      drawn.push(bytes);
      return bytes;
    },
  });
  await ticks(participant, 2);
  const ephemeral = drawn[0]!;
  assert.ok(ephemeral.some((byte) => byte !== 0));
  coordinator.newRound({ sum: 0, update: 0 });
  await ticks(participant, 2);
  await participant.tick();
  assert.ok(ephemeral.every((byte) => byte === 0));
});

test('T16: the mask seed of an update, and the opened seeds of a sum, are overwritten when they are not needed any more', async () => {
  const drawn: Uint8Array[] = [];
  const random = (length: number): Uint8Array => {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    drawn.push(bytes);
    return bytes;
  };
  const coordinator = new FakeCoordinator();
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  coordinator.advance();
  const participant = await create(coordinator, keysFor('update', coordinator.params_), { random });
  participant.setModel(Float32Array.of(0.5, 0.5, 0.5, 0.5));
  for (let i = 0; participant.state !== 'update' || i < 5; i++) await participant.tick();
  const seed = drawn[0]!;
  assert.equal(seed.length, 32);
  await participant.runFor({ ms: 1e6 });
  assert.equal(coordinator.updates, 1);
  assert.ok(seed.every((byte) => byte === 0));
});

/** All ways in which bytes are commonly written. */
function spellings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes);
  return [buffer.toString('hex'), buffer.toString('base64').replace(/=+$/, ''), buffer.toString('base64url'), [...bytes].join(','), [...bytes].join(', ')];
}

/** Everything that a run tells, as deep as an inspector sees, until `enough`. */
async function told(
  options: Partial<RunOptions>,
  enough: (event: ParticipantEvent) => boolean,
  between?: (event: ParticipantEvent) => Promise<void>,
): Promise<string> {
  const run = runParticipant({
    poll: { min: 1, max: 4 },
    train: () => Float32Array.of(0.123456789, -0.987654321, 0.555555, 0.111111),
    ...options,
  } as RunOptions);
  const texts: string[] = [];
  for await (const event of run.events()) {
    texts.push(
      inspect(event, {
        depth: 20,
        maxArrayLength: null,
        maxStringLength: null,
        showHidden: true,
        getters: true,
        compact: true,
        breakLength: Number.POSITIVE_INFINITY,
      }),
    );
    if (event.type === 'error') texts.push(JSON.stringify(event.error, Object.getOwnPropertyNames(event.error)), String(event.error.stack));
    await between?.(event);
    if (enough(event)) break;
  }
  await run.stop();
  return texts.join('\n').replace(/\s+/g, ' ');
}

test('T16: whole tasks, good and bad ones, tell no key, no seed, no weight, by events or by errors', async () => {
  const secrets: Uint8Array[] = [];
  const random = (length: number): Uint8Array => {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    if (length >= 32 && length !== 80) secrets.push(bytes.slice());
    return bytes;
  };
  const texts: string[] = [];
  const idle = (event: ParticipantEvent): boolean => event.type === 'idle';

  // An update that is sent, with a network and a store that fail in between.
  const first = new FakeCoordinator();
  await sumOnce(first, keysFor('sum', first.params_, 's'));
  first.advance();
  first.failures = { send: 2, sums: 1 };
  let saves = 0;
  const store: StateStore = {
    load: async () => undefined,
    save: async (bytes) => {
      if (++saves % 2 === 1) throw Object.assign(new Error('disk full'), { snapshotLength: bytes.length });
    },
  };
  const keys = keysFor('update', first.params_);
  texts.push(await told({ transport: first, keys, random, store }, (event) => event.type === 'sent'));

  // A sum with a seed that does not open, and one that is replayed.
  for (const damage of ['garbage', 'replay'] as const) {
    const coordinator = new FakeCoordinator();
    const summer = keysFor('sum', coordinator.params_);
    secrets.push(summer.secretKey.slice(0, 32));
    const wait = async (event: ParticipantEvent): Promise<void> => {
      if (event.type !== 'waiting' || event.waitingFor !== 'seeds') return;
      coordinator.advance();
      for (const name of ['a', 'b', 'c']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
      const entries = [...(coordinator.sums_.size > 0 ? ['a', 'b', 'c'] : [])].map((name): [PublicSigningKey, EncryptedMaskSeed] => {
        const seed = MaskSeed(new Uint8Array(32).fill(damage === 'replay' ? 9 : name.charCodeAt(0)));
        secrets.push(seed);
        const sealed = sealMaskSeed(seed, coordinator.sums_.get(summer.publicKey)!, countingRandom(name));
        return [
          keysFor('update', coordinator.params_, name).publicKey,
          damage === 'garbage' && name === 'c' ? EncryptedMaskSeed(new Uint8Array(80).fill(1)) : sealed,
        ];
      });
      coordinator.seedsOverride = new KeyMap(entries);
      coordinator.advance();
    };
    texts.push(await told({ transport: coordinator, keys: summer, random }, idle, wait));
  }
  secrets.push(keys.secretKey.slice(0, 32));
  assert.match(texts.join(), /seeds-duplicate/);
  assert.match(texts.join(), /sealed-box-open-failed/);
  assert.match(texts.join(), /disk full/);
  assert.ok(secrets.length > 10);
  for (const secret of secrets) for (const spelling of spellings(secret)) assert.ok(!texts.some((text) => text.includes(spelling)), 'a secret is told');
  for (const weight of ['0.12345678', '-0.98765432']) assert.ok(!texts.some((text) => text.includes(weight)), 'a weight is told');
});
