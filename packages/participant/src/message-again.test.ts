// A coordinator that dropped the chunks of a message, because the rest did not come in time, says so: the same message is sent again from its
// beginning, under another number, a few times a round. What was masked is not masked again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptKeySeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed, openSealed } from '@xaynet/core/crypto';
import { decodeChunk, parseMessage } from '@xaynet/core/message';
import { countingRandom, FakeCoordinator, keysFor, seedOf, sumOnce } from './fake-coordinator.test.ts';
import { Participant } from './participant.ts';
import type { Verdict } from './ports.ts';
import { VirtualClock } from './virtual-clock.test.ts';

const KEYS = encryptKeyPairFromSeed(EncryptKeySeed(seedOf('round key 1')));

/** Drops what it has of a message at these posts of an update, by their number from 1 on. */
class Forgetful extends FakeCoordinator {
  readonly at: (post: number) => boolean;
  readonly chunks: { readonly messageId: number; readonly id: number; readonly data: Uint8Array }[] = [];
  forgot = 0;

  constructor(at: (post: number) => boolean) {
    super();
    this.speaks = true;
    this.at = at;
  }

  override async send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined> {
    const { tag, payload } = parseMessage(openSealed(bytes, KEYS));
    if (tag !== 'update') return super.send(bytes, signal);
    const { messageId, id, data } = decodeChunk(payload);
    this.chunks.push({ messageId, id, data: data.slice() });
    if (!this.at(this.chunks.length)) return super.send(bytes, signal);
    this.forgot++;
    return { accepted: false, code: 'chunk-evicted', reason: 'not in time' };
  }
}

async function update(coordinator: Forgetful) {
  const clock = new VirtualClock();
  const keys = keysFor('update', coordinator.params_);
  await sumOnce(coordinator, keysFor('sum', coordinator.params_));
  coordinator.advance();
  const participant = await Participant.create({
    transport: coordinator,
    clock,
    keys,
    random: countingRandom('again'),
    maxMessageSize: 250,
  });
  participant.setModel(Float32Array.of(0.5, -0.5, 0.25, 0));
  const failures: string[] = [];
  const errors: string[] = [];
  for (let i = 0; i < 60; i++) {
    const tick = await participant.tick();
    if (tick.failure !== undefined) failures.push(tick.failure.message);
    if (tick.error !== undefined) errors.push(tick.error.message);
    if (tick.outcome === 'pending') await clock.pass(1000);
  }
  return { participant, failures, errors };
}

test('chunks that were dropped are sent again from the first one, under another number, and the update counts', async () => {
  for (const dropped of [1, 2, 3]) {
    const coordinator = new Forgetful((post) => post === dropped);
    const { failures, errors } = await update(coordinator);
    assert.deepEqual([failures, coordinator.forgot], [[], 1]);
    assert.match(errors[0]!, /chunk-evicted: not in time; the message is sent again from its beginning/);
    const ids = [...new Set(coordinator.chunks.map(({ messageId }) => messageId))];
    assert.equal(ids.length, 2, 'the number of a dropped message is not used again');
    const parts = (messageId: number): string[] => coordinator.chunks.filter((chunk) => chunk.messageId === messageId).map(({ data }) => String(data));
    assert.deepEqual(parts(ids[0]!), parts(ids[1]!).slice(0, dropped), 'the same bytes: nothing is masked twice (T17)');
    assert.equal(coordinator.delivered.filter(({ tag }) => tag === 'update').length, 1);
  }
});

test('a coordinator that drops every message is believed three times a round', async () => {
  const coordinator = new Forgetful(() => true);
  const { failures, participant } = await update(coordinator);
  assert.equal(coordinator.forgot, 4);
  assert.match(failures[0]!, /chunk-evicted/);
  assert.equal(participant.state, 'awaiting');
});
