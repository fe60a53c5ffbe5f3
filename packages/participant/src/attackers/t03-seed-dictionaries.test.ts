// T3: seed dictionaries that are made to show one mask. A sum participant answers once for its ephemeral key, whatever it is shown afterwards
// and however often its process dies; it refuses a replayed ciphertext. Two sum participants that are shown two sets cannot know.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KeyMap, toHex } from '@xaynet/core/bytes';
import { encodeMaskObject, type MaskObject } from '@xaynet/core/mask';
import { FakeCoordinator, keysFor, sumOnce, updateOnce } from '../fake-coordinator.test.ts';
import { fileStore } from '../node/file-store.node.ts';
import { Participant } from '../participant.ts';
import { create, inSum2 } from '../stages.test.ts';
import { killAgainAndAgain } from '../victim.test.ts';

test('T3: the same mask seed twice ends the task: somebody replays a ciphertext under a key of their own', async () => {
  const { coordinator, participant, file } = await inSum2();
  file([1, 2, 3, 2]);
  await participant.tick();
  const { failure, state } = await participant.tick();
  assert.deepEqual([failure?.code, state], ['seeds-duplicate', 'awaiting']);
  assert.equal(coordinator.masks, 0);
});

/** A coordinator that leaves out another update each time it is asked for seeds: the difference of two answers would be one mask. */
function differencing(coordinator: FakeCoordinator): void {
  const seedsOf = coordinator.seeds.bind(coordinator);
  let asked = 0;
  coordinator.seeds = async (key, signal) => {
    const seeds = await seedsOf(key, signal);
    if (seeds === undefined) return undefined;
    const skip = asked++ % 5;
    return new KeyMap([...seeds].filter((_, i) => i !== skip));
  };
}

const answers = (coordinator: FakeCoordinator): string[] =>
  coordinator.delivered.flatMap(({ payload }) => (payload.tag === 'sum2' ? [toHex(encodeMaskObject(payload.mask))] : []));

test('T3: killed with signal 9 at any moment, and shown another dictionary each time it asks, it answers in one way', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-t03-'));
  try {
    let killed = 0;
    let answered = 0;
    // Parameters, seeds, then parameters and a part of the answer in turn: it is whole with the 4th request in one piece, with the 14th in six.
    // Killed there, the participant does not know that its answer arrived, and is shown another dictionary when it asks again.
    for (const [n, { maxMessageSize, moments }] of [
      { maxMessageSize: 0, moments: [4, 2] },
      { maxMessageSize: 210, moments: [7, 14] },
    ].entries()) {
      const coordinator = new FakeCoordinator();
      differencing(coordinator);
      const keys = keysFor('sum', coordinator.params_, `round ${n}`);
      const path = join(folder, `state ${n}`);
      const store = fileStore(path);
      const participant = await Participant.create({ transport: coordinator, keys, store, maxMessageSize });
      for (let i = 0; participant.state !== 'sum2'; i++) {
        assert.ok(i < 20);
        await participant.tick();
      }
      await store.save(participant.snapshot());
      coordinator.advance();
      for (const name of ['a', 'b', 'c', 'd', 'e']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
      coordinator.advance();
      killed += await killAgainAndAgain(
        coordinator,
        path,
        moments.map((requests, i) => ({ requests, ms: (i * 7 + n * 3) % 5 })),
      );
      const given = answers(coordinator);
      assert.equal(new Set(given).size, 1, `${given.length} answers`);
      answered += given.length;
    }
    assert.ok(killed >= 1 && answered >= 2, `${killed} killed, ${answered} answers`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('T3: an answer that was given is given again, never another: also to a coordinator that forgets, with a state that was saved before', async () => {
  const coordinator = new FakeCoordinator();
  differencing(coordinator);
  let saved: Uint8Array | undefined;
  const store = {
    load: async () => saved,
    save: async (bytes: Uint8Array) => {
      saved = bytes.slice();
    },
  };
  const participant = await create(coordinator, keysFor('sum', coordinator.params_), { store });
  await participant.runFor({ ms: 1e6 });
  coordinator.advance();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
  coordinator.advance();
  await participant.runFor({ ms: 1e6 });
  for (let i = 0; i < 4; i++) {
    const later = await Participant.restore(saved!, { transport: coordinator, store });
    await later.runFor({ ms: 1e6 });
  }
  assert.equal(new Set(answers(coordinator)).size, 1);
});

test('T3: succeeds, documented: two sum participants that are shown sets which differ by one update betray its mask', async () => {
  const coordinator = new FakeCoordinator();
  const summers = [];
  for (const name of ['s', 't']) {
    const summer = await create(coordinator, keysFor('sum', coordinator.params_, name));
    await summer.runFor({ ms: 1e6 });
    summers.push(summer);
  }
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 'u'));
  coordinator.advance();
  for (const name of ['victim', 'a', 'b', 'c']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
  coordinator.advance();
  const victim = keysFor('update', coordinator.params_, 'victim').publicKey;
  const all = (await coordinator.seeds(summers[1]!.publicKey))!;
  await summers[0]!.runFor({ ms: 1e6 });
  coordinator.seedsOverride = new KeyMap([...all].filter(([key]) => toHex(key) !== toHex(victim)));
  await summers[1]!.runFor({ ms: 1e6 });
  const [whole, rest] = coordinator.delivered.flatMap(({ payload }) => (payload.tag === 'sum2' ? [payload.mask] : [])) as [MaskObject, MaskObject];
  const masked = coordinator.delivered.find(({ payload, participant }) => payload.tag === 'update' && toHex(participant) === toHex(victim))!.payload;
  assert.ok(masked.tag === 'update');
  // masked − (whole − rest) is one model, shifted. A larger minUpdates only makes the two sets larger.
  const order = coordinator.params_.maskConfig.vect.order;
  const numbers = (object: MaskObject): bigint[] =>
    Array.from({ length: 4 }, (_, i) => object.vect.subarray(6 * i, 6 * i + 6).reduceRight((value, byte) => value * 256n + BigInt(byte), 0n));
  const mask = numbers(whole).map((value, i) => (value - numbers(rest)[i]! + order) % order);
  const model = numbers(masked.maskedModel).map((value, i) => Number((value - mask[i]! + order) % order) / 1e10 - 1);
  assert.deepEqual(
    model.map((weight) => Math.round(weight * 1e6) / 1e6),
    [0.5, -0.5, 0.25, 0],
  );
});
