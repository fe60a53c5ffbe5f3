// T9: keys that nothing can be sealed to, registered by a sum participant to stop everybody who trains. Libraries throw at them; an update
// participant fills the entry, which must exist, with bytes that nobody can open.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, PublicEncryptKey, toHex } from '@xaynet/core/bytes';
import { FakeCoordinator, keysFor } from '../fake-coordinator.test.ts';
import { create, inUpdate } from '../stages.test.ts';

/** Points of small order on Curve25519, and 0 and 1 beyond the field's order (libsodium's list). */
const UNUSABLE = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];

test('T9: a key of small order in the sum dictionary does not stop an update participant', async () => {
  const { coordinator, participant } = await inUpdate();
  const bad = keysFor('sum', coordinator.params_, 'bad');
  coordinator.sums_.set(bad.publicKey, PublicEncryptKey(new Uint8Array(32)));
  participant.setModel(new Float32Array(4), { round: participant.round });
  await participant.runFor({ ms: 60_000 });
  assert.equal(coordinator.verdicts.at(-1), 'accepted');
});

test('T9: every unusable key gets 80 bytes of its own that look like all others; the honest seed opens, and the update counts', async () => {
  const coordinator = new FakeCoordinator();
  const honest = await create(coordinator, keysFor('sum', coordinator.params_, 's'));
  await honest.runFor({ ms: 1e6 });
  const bad = UNUSABLE.map((key, i) => {
    const { publicKey } = keysFor('sum', coordinator.params_, `bad ${i}`);
    coordinator.sums_.set(publicKey, PublicEncryptKey(fromHex(key)));
    return publicKey;
  });
  coordinator.advance();
  for (const name of ['a', 'b', 'c']) {
    const participant = await create(coordinator, keysFor('update', coordinator.params_, name), { random: undefined });
    participant.setModel(Float32Array.of(0.5, -0.5, 0.25, 0));
    await participant.runFor({ ms: 1e6 });
    assert.equal(coordinator.verdicts.at(-1), 'accepted');
  }
  const updates = coordinator.delivered.flatMap(({ payload }) => (payload.tag === 'update' ? [payload.localSeedDict] : []));
  const filled = new Set<string>();
  for (const seeds of updates) {
    assert.equal(seeds.size, 1 + bad.length);
    for (const key of bad) {
      const sealed = seeds.get(key)!;
      assert.equal(sealed.length, 80);
      assert.ok(new Set(sealed).size > 30, 'random, not a constant');
      filled.add(toHex(sealed));
    }
  }
  assert.equal(filled.size, 3 * bad.length);
  coordinator.advance();
  await honest.runFor({ ms: 1e6 });
  assert.equal(coordinator.masks, 1, 'who has a usable key is not hindered');
});
