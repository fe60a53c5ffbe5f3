// The conformance traces A to F of participant 1.9, tick by tick: state before, outcome, state after, and every call and
// notification in order; with `freshness: 'every-step'`, which asks as often as the original does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EncryptedMaskSeed } from '@xaynet/core/bytes';
import { KeyMap, MaskSeed, type PublicSigningKey } from '@xaynet/core/bytes';
import { type SigningKeyPair, sealMaskSeed } from '@xaynet/core/crypto';
import { countingRandom, FakeCoordinator, keysFor, sumOnce, updateOnce } from './fake-coordinator.test.ts';
import type { ParticipantOptions } from './options.ts';
import { Participant } from './participant.ts';
import type { LocalModel } from './ports.ts';

interface Bench {
  readonly coordinator: FakeCoordinator;
  readonly participant: Participant;
  /** One tick as a line: `before -> outcome after | calls and notifications`. */
  line(): Promise<string>;
  model: LocalModel | undefined;
}

async function bench(coordinator: FakeCoordinator, keys: SigningKeyPair, options: Partial<ParticipantOptions> = {}): Promise<Bench> {
  coordinator.log = [];
  const self = { coordinator, model: undefined as LocalModel | undefined } as Bench;
  const participant = await Participant.create({
    transport: coordinator,
    keys,
    random: countingRandom('trace'),
    freshness: 'every-step',
    maxMessageSize: 0,
    notify: (notification) => coordinator.log.push(notification),
    models: {
      load: () => {
        coordinator.log.push(self.model === undefined ? 'load(not yet)' : 'load(model)');
        return self.model;
      },
    },
    ...options,
  });
  return Object.assign(self, {
    participant,
    async line(): Promise<string> {
      const before = participant.state;
      coordinator.log = [];
      const { outcome, state } = await participant.tick();
      return `${before} -> ${outcome} ${state} | ${coordinator.log.join(' ')}`;
    },
  });
}

test('trace A: not selected', async () => {
  const coordinator = new FakeCoordinator({ sum: 0, update: 0 });
  const keys = keysFor('none', coordinator.params_);
  const { line } = await bench(coordinator, keys);
  assert.deepEqual(coordinator.log, ['idle']);
  coordinator.failures.params = 1;
  assert.equal(await line(), 'awaiting -> pending awaiting | P!');
  assert.equal(await line(), 'awaiting -> progress new-round | P new-round');
  assert.equal(await line(), 'new-round -> progress awaiting | P idle');
  assert.equal(await line(), 'awaiting -> pending awaiting | P');
  coordinator.newRound({ sum: 0, update: 0 });
  assert.equal(await line(), 'awaiting -> progress new-round | P new-round');
  assert.equal(await line(), 'new-round -> progress awaiting | P idle');
});

test('trace B: sum task, one failed send, three update participants', async () => {
  const coordinator = new FakeCoordinator();
  const { line } = await bench(coordinator, keysFor('sum', coordinator.params_));
  assert.equal(await line(), 'awaiting -> progress new-round | P new-round');
  assert.equal(await line(), 'new-round -> progress sum | P sum');
  assert.equal(await line(), 'sum -> progress sending-sum | P');
  coordinator.failures.send = 1;
  assert.equal(await line(), 'sending-sum -> pending sending-sum | P send(280)!');
  assert.equal(await line(), 'sending-sum -> progress sending-sum | P send(280)');
  assert.equal(coordinator.posts.length, 2);
  assert.deepEqual(coordinator.posts[0], coordinator.posts[1], 'the same bytes are sent again');
  assert.equal(await line(), 'sending-sum -> progress sum2 | P');
  assert.equal(await line(), 'sum2 -> pending sum2 | P seeds(absent)');
  coordinator.advance();
  for (const name of ['a', 'b', 'c']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
  coordinator.advance();
  assert.equal(await line(), 'sum2 -> progress sum2 | P seeds(3)');
  assert.equal(await line(), 'sum2 -> progress sum2 | P');
  assert.equal(await line(), 'sum2 -> progress sum2 | P');
  assert.equal(await line(), 'sum2 -> progress sending-sum2 | P');
  assert.equal(await line(), 'sending-sum2 -> progress sending-sum2 | P send(290)');
  assert.equal(await line(), 'sending-sum2 -> progress awaiting | P idle');
  assert.equal(await line(), 'awaiting -> pending awaiting | P');
  assert.equal(coordinator.verdicts.at(-1), 'accepted');
  coordinator.advance();
  assert.equal(coordinator.globalModel!.length, 4);
});

test('trace C: update task, model length 4, two sum participants, unlimited size', async () => {
  const coordinator = new FakeCoordinator();
  for (const name of ['s', 't']) await sumOnce(coordinator, keysFor('sum', coordinator.params_, name));
  const self = await bench(coordinator, keysFor('update', coordinator.params_));
  const { line } = self;
  assert.equal(await line(), 'awaiting -> progress new-round | P new-round');
  assert.equal(await line(), 'new-round -> progress update | P update load-model');
  assert.equal(await line(), 'update -> pending update | P sums(absent)');
  coordinator.advance();
  assert.equal(await line(), 'update -> progress update | P sums(2)');
  assert.equal(await line(), 'update -> pending update | P load(not yet)');
  self.model = { weights: Float32Array.of(0.5, -0.25, 0, 1) };
  assert.equal(await line(), 'update -> progress update | P load(model)');
  assert.equal(await line(), 'update -> progress update | P');
  assert.equal(await line(), 'update -> progress update | P');
  assert.equal(await line(), 'update -> progress sending-update | P');
  assert.equal(await line(), 'sending-update -> progress sending-update | P send(582)');
  assert.equal(await line(), 'sending-update -> progress awaiting | P idle');
  assert.deepEqual(coordinator.verdicts, ['accepted', 'accepted', 'accepted']);
});

test('trace D: an undecryptable seed ends the task, with one idle instead of two (Q-04)', async () => {
  const coordinator = new FakeCoordinator();
  const { line, participant } = await inSum2(coordinator);
  const sealed = (key: string): [PublicSigningKey, EncryptedMaskSeed] => [
    keysFor('update', coordinator.params_, key).publicKey,
    sealMaskSeed(MaskSeed(new Uint8Array(32)), coordinator.coordinatorKey, countingRandom(key)),
  ];
  coordinator.seedsOverride = new KeyMap(['a', 'b', 'c'].map(sealed));
  coordinator.advance();
  coordinator.advance();
  assert.equal(await line(), 'sum2 -> progress sum2 | P seeds(3)');
  coordinator.log = [];
  const { failure, state, task } = await participant.tick();
  assert.deepEqual(coordinator.log, ['P', 'idle']);
  assert.deepEqual([failure?.code, state, task], ['sealed-box-open-failed', 'awaiting', 'none']);
  assert.equal(await line(), 'awaiting -> pending awaiting | P');
});

test('trace E: a new round during Sum2', async () => {
  const coordinator = new FakeCoordinator();
  const { line } = await inSum2(coordinator);
  coordinator.newRound({ sum: 0, update: 1 });
  assert.equal(await line(), 'sum2 -> progress new-round | P new-round');
  assert.equal(await line(), 'new-round -> progress update | P update load-model');
});

test('trace F: a sum message in two parts: n parts need n + 1 ticks, plus one per failure', async () => {
  const coordinator = new FakeCoordinator();
  const { line } = await bench(coordinator, keysFor('sum', coordinator.params_), { maxMessageSize: 250 });
  for (let i = 0; i < 3; i++) await line();
  assert.equal(await line(), 'sending-sum -> progress sending-sum | P send(250)');
  coordinator.failures.send = 2;
  assert.equal(await line(), 'sending-sum -> pending sending-sum | P send(230)!');
  assert.equal(await line(), 'sending-sum -> pending sending-sum | P send(230)!');
  assert.equal(await line(), 'sending-sum -> progress sending-sum | P send(230)');
  assert.equal(await line(), 'sending-sum -> progress sum2 | P');
  assert.deepEqual(coordinator.posts[1], coordinator.posts[2]);
  assert.deepEqual(coordinator.posts[1], coordinator.posts[3]);
  assert.deepEqual(coordinator.verdicts, ['incomplete', 'accepted']);
});

test('with freshness auto, steps that only compute ask for nothing', async () => {
  const coordinator = new FakeCoordinator();
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  coordinator.advance();
  const self = await bench(coordinator, keysFor('update', coordinator.params_), { freshness: 'auto' });
  self.model = { weights: new Float32Array(4) };
  const calls: string[] = [];
  for (let i = 0; i < 10; i++) calls.push((await self.line()).replace(/.*\| ?/, ''));
  assert.deepEqual(calls, ['P new-round', 'update load-model', 'P sums(1)', 'P load(model)', '', '', '', 'P send(470)', 'idle', 'P']);
});

/** A participant that has delivered its sum message. */
async function inSum2(coordinator: FakeCoordinator): Promise<Bench> {
  const self = await bench(coordinator, keysFor('sum', coordinator.params_));
  for (let i = 0; i < 5; i++) await self.line();
  assert.equal(self.participant.state, 'sum2');
  return self;
}
