// Two coordinators with forty participants on one machine, over real HTTP: each publishes exactly the weighted mean of the
// updates that it accepted, computed beside it from what its own participants sent, and nobody's messages reach the other.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Coordinator, type CoordinatorEvent, parseSettings } from '@xaynet/coordinator';
import { SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { type RandomBytes, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { type Rational, rational } from '@xaynet/core/mask';
import { runParticipant } from '@xaynet/participant';

const LENGTH = 5;
const ROUNDS = 2;
const random: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** Weights that no other participant has: dyadic fractions, so that the expected mean is exact. */
const weightsOf = (who: number): Float32Array => Float32Array.from({ length: LENGTH }, (_, i) => ((who * 7 + i * 3) % 31) / 32 - 0.5);

interface Site {
  readonly coordinator: Coordinator;
  readonly means: { updates: readonly number[]; model: readonly Rational[] }[];
  readonly done: Promise<void>;
}

async function site(offset: number, participants: number, path: string | undefined, stop: AbortSignal): Promise<Site> {
  const coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      pet: {
        sum: { prob: 0.3, count: { min: 1, max: 100 }, time: { min: 0.4, max: 20 } },
        update: { prob: 1, count: { min: 3, max: 100 }, time: { min: 0.6, max: 20 } },
        sum2: { count: { min: 1, max: 100 }, time: { min: 0.2, max: 20 } },
      },
      mask: { group_type: 'Power2', data_type: 'F32', bound_type: 'B0', model_type: 'M6' },
      model: { length: LENGTH },
      store: path === undefined ? { kind: 'memory' } : { kind: 'embedded', path },
      log: { filter: 'error' },
    }),
    { random },
  );
  const whoIs = new Map<string, number>();
  for (let i = 0; i < participants; i++) {
    const who = offset + i;
    const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(who + 1)));
    whoIs.set(toHex(keys.publicKey), who);
    runParticipant({ url: coordinator.url, keys, random, signal: stop, poll: { min: 20, max: 100 }, train: async () => weightsOf(who) });
  }
  const means: Site['means'] = [];
  let updates: number[] = [];
  const done = new Promise<void>((resolve, reject) => {
    coordinator.on((event: CoordinatorEvent) => {
      if (event.type === 'round') updates = [];
      if (event.type === 'accepted' && event.tag === 'update') {
        const who = whoIs.get(toHex(event.participant));
        if (who === undefined) reject(new Error('an update of a stranger was accepted'));
        else updates.push(who);
      }
      if (event.type === 'model') {
        means.push({ updates, model: event.model.toModel() });
        if (means.length === ROUNDS) resolve();
      }
    });
  });
  return { coordinator, means, done };
}

test('two coordinators and forty participants on one machine do not disturb each other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-rounds-'));
  const stop = new AbortController();
  const sites = [await site(0, 20, join(folder, 'one'), stop.signal), await site(20, 20, undefined, stop.signal)];
  try {
    await Promise.all(sites.map(({ done }) => done));
    for (const { means } of sites) {
      for (const { updates, model } of means) {
        assert.ok(updates.length >= 3);
        const expected = Array.from({ length: LENGTH }, (_, i) => {
          const sum = updates.reduce((total, who) => total + weightsOf(who)[i]! * 32, 0);
          return rational(BigInt(sum), 32n * BigInt(updates.length));
        });
        assert.deepEqual(model, expected);
      }
    }
  } finally {
    stop.abort();
    await Promise.all(sites.map(({ coordinator }) => coordinator.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
});
