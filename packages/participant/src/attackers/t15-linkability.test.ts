// T15: linking what one participant did in several rounds. With `freshKeys` nothing that it sends in one round occurs in another, and no document
// is asked for with a mark that a coordinator gave it. Sizes still tell the role, and the network still tells the address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyMap, toHex } from '@xaynet/core/bytes';
import { encodeRoundParams } from '@xaynet/core/round';
import { FakeCoordinator, keysFor } from '../fake-coordinator.test.ts';
import type { FetchRequest } from '../http-transport.ts';
import { Participant } from '../participant.ts';
import { decodeSnapshot } from '../snapshot.ts';

/** Pieces of 8 bytes of everything that is delivered in three rounds, by round; and the identities in them. */
async function threeRounds(freshKeys: boolean): Promise<{ pieces: Set<string>[]; names: Set<string> }> {
  const coordinator = new FakeCoordinator({ sum: 0, update: 1 });
  let participant = await Participant.create({ transport: coordinator, freshKeys });
  const pieces: Set<string>[] = [];
  const names = new Set<string>();
  for (let round = 0; round < 3; round++) {
    coordinator.newRound({ sum: 0, update: 1 });
    coordinator.phase = 'update';
    coordinator.sums_ = new KeyMap([[keysFor('none', { ...coordinator.params_, update: 0 }, `${round}`).publicKey, coordinator.coordinatorKey]]);
    await participant.tick();
    participant = await Participant.restore(participant.snapshot(), { transport: coordinator, freshKeys });
    names.add(toHex(participant.publicKey));
    participant.setModel(Float32Array.from({ length: 4 }, Math.random));
    await participant.runFor({ ms: 1e6 });
    assert.equal(coordinator.verdicts.at(-1), 'accepted', 'a restart within the round keeps its keys');
    const { participant: key, payload } = coordinator.delivered.at(-1)!;
    assert.ok(payload.tag === 'update');
    names.add(toHex(key));
    const sent = [toHex(key), toHex(payload.sumSignature), toHex(payload.updateSignature), toHex(payload.maskedModel.vect)].join('');
    pieces.push(new Set(Array.from({ length: sent.length - 15 }, (_, i) => sent.slice(i, i + 16))));
  }
  return { pieces, names };
}

test('T15: with fresh keys no name, and no eight bytes of what is sent, occur in two rounds; without, the key does', async () => {
  const fresh = await threeRounds(true);
  assert.equal(fresh.names.size, 3);
  for (const [i, one] of fresh.pieces.entries())
    for (const other of fresh.pieces.slice(i + 1))
      assert.deepEqual(
        [...one].filter((piece) => other.has(piece) && !/^(.)\1*$/.test(piece)),
        [],
      );
  const same = await threeRounds(false);
  assert.equal(same.names.size, 1);
  assert.ok([...same.pieces[0]!].filter((piece) => same.pieces[1]!.has(piece)).length > 40);
});

test('T15: the keys of the last round are not kept, and keys of one’s own exclude fresh ones', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  const participant = await Participant.create({ transport: coordinator, freshKeys: true });
  await participant.runFor({ ms: 1e6 });
  const first = decodeSnapshot(participant.snapshot()).state.keys;
  coordinator.newRound({ sum: 0, update: 0 });
  await participant.runFor({ ms: 1e6 });
  for (const key of [first.secretKey, first.publicKey]) assert.ok(Buffer.from(participant.snapshot()).indexOf(Buffer.from(key)) < 0);
  const keys = keysFor('none', coordinator.params_);
  await assert.rejects(Participant.create({ transport: coordinator, freshKeys: true, keys }), { code: 'option-invalid' });
});

test('T15: an ETag of a participant’s own, given by a coordinator, comes back with lasting keys only', async () => {
  const asked = async (freshKeys: boolean): Promise<unknown[]> => {
    const requests: FetchRequest[] = [];
    const body = encodeRoundParams(new FakeCoordinator({ sum: 0, update: 0 }).params_);
    const participant = await Participant.create({
      url: 'https://coordinator.example',
      freshKeys,
      fetch: async (_, request) => {
        requests.push(request);
        const headers = { get: (name: string) => (name === 'etag' ? '"you are number 7"' : null) };
        return { status: 200, url: '', headers, arrayBuffer: async () => body.slice().buffer as ArrayBuffer };
      },
    });
    for (let i = 0; i < 4; i++) await participant.tick();
    return requests.map(({ headers, cache }) => [headers?.['if-none-match'], cache]);
  };
  for (const request of await asked(true)) assert.deepEqual(request, [undefined, 'no-store']);
  assert.ok((await asked(false)).some((request) => (request as unknown[])[0] === '"you are number 7"'));
});

test('T15: succeeds, documented: the size of a message tells the role of its sender', async () => {
  const coordinator = new FakeCoordinator({ sum: 1 });
  const sum = await Participant.create({ transport: coordinator });
  await sum.runFor({ ms: 1e6 });
  assert.deepEqual(
    coordinator.posts.map(({ length }) => length),
    [280],
  );
});
