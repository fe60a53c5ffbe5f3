// Computations that take long: sums of masks on threads, many seeds to seal. They pause, tell how far they are, end when they are told
// to, and leave the participant as it was then.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { EncryptedMaskSeed, KeyMap, MaskSeed, type PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { sealMaskSeed } from '@xaynet/core/crypto';
import { Aggregation, maskModel, parseMaskConfig, rational } from '@xaynet/core/mask';
import { systemClock } from './clock.ts';
import { countingRandom, FakeCoordinator, keysFor, seedOf, sumOnce } from './fake-coordinator.test.ts';
import type { ParticipantOptions } from './options.ts';
import { Participant } from './participant.ts';
import type { Clock } from './ports.ts';
import { runParticipant } from './run.ts';
import { decodeSnapshot } from './snapshot.ts';

/** A clock on which a second goes by whenever somebody looks: every piece of work takes long. */
function slowClock(): Clock & { sleeps: number } {
  let now = 0;
  const clock = {
    sleeps: 0,
    now: () => (now += 1000),
    after: (ms: number, run: () => void) => {
      clock.sleeps++;
      return systemClock.after(ms, run);
    },
  };
  return clock;
}

/** Real threads, counted; each promise resolves when its thread has ended. */
function counted(): Required<Pick<ParticipantOptions, 'threads' | 'spawn'>> & { all: Promise<unknown>[] } {
  const all: Promise<unknown>[] = [];
  const script = new URL('./worker.node.ts', import.meta.resolve('@xaynet/core/threads'));
  const spawn = (): never => {
    const worker = new Worker(script, { execArgv: ['--conditions=source'] });
    all.push(once(worker, 'exit'));
    return worker as never;
  };
  return { threads: 2, spawn, all };
}

/** Takes 3072 bytes of keystream a weight, so that few weights are much work. */
const SLOW = parseMaskConfig('Power2/F32/B4/M12');

const SEEDS = Array.from({ length: 5 }, (_, i) => MaskSeed(new Uint8Array(32).fill(i + 1)));

/** A sum participant whose next tick adds up five masks of `modelLength` elements. */
async function beforeAddingMasks(
  modelLength: number,
  options: Partial<ParticipantOptions>,
): Promise<{ coordinator: FakeCoordinator; participant: Participant }> {
  const coordinator = new FakeCoordinator({ modelLength, maskConfig: { vect: SLOW, unit: SLOW } });
  const participant = await Participant.create({
    transport: coordinator,
    keys: keysFor('sum', coordinator.params_),
    random: countingRandom('sum'),
    maxMessageSize: 0,
    ...options,
  });
  await participant.runFor({ ms: 1e9 });
  coordinator.advance();
  coordinator.advance();
  fileSeeds(coordinator, participant.publicKey);
  for (let i = 0; i < 2; i++) assert.equal((await participant.tick()).outcome, 'progress');
  return { coordinator, participant };
}

function fileSeeds(coordinator: FakeCoordinator, participant: PublicSigningKey): void {
  const own = coordinator.sums_.get(participant)!;
  const entry = (seed: MaskSeed, i: number): [PublicSigningKey, EncryptedMaskSeed] => [
    PublicSigningKey(seedOf(`updater ${i}`)),
    EncryptedMaskSeed(sealMaskSeed(seed, own, countingRandom(`${i}`))),
  ];
  coordinator.seedsOverride = new KeyMap(SEEDS.map(entry));
}

/** The mask in the state of a participant. */
function maskOf(participant: Participant): unknown {
  const { phase } = decodeSnapshot(participant.snapshot()).state;
  assert.ok(phase.name === 'sum2');
  return phase.mask;
}

function expected({ params_: { maskConfig, modelLength } }: FakeCoordinator): unknown {
  const masks = new Aggregation(maskConfig, modelLength);
  for (const seed of SEEDS) masks.addMask(seed);
  return masks.object();
}

/** A fifth of a second at least. */
const LARGE = 30_000;

test('sum2: the masks of a large round are added up on threads that end with the tick, to the same sum', async () => {
  const threads = counted();
  const told: string[] = [];
  const progress: ParticipantOptions['progress'] = ({ task, done, total }) => told.push(`${task} ${done}/${total}`);
  const { participant, coordinator } = await beforeAddingMasks(LARGE, { ...threads, clock: slowClock(), progress });
  assert.equal(threads.all.length, 0);
  await participant.tick();
  assert.deepEqual(maskOf(participant), expected(coordinator));
  assert.equal(threads.all.length, 1, 'the other is the caller’s');
  await Promise.all(threads.all);
  assert.equal(told.at(-1), 'sum2 5/5');
  assert.deepEqual(told, [...new Set(told)].sort());
});

test('sum2: an abort ends the threads and leaves the seeds; the next tick adds them up', async () => {
  for (const options of [counted(), { ...counted(), threads: 1 }]) {
    const controller = new AbortController();
    const progress = (): void => controller.abort(new Error('the train enters a tunnel'));
    const { participant, coordinator } = await beforeAddingMasks(LARGE, { ...options, clock: slowClock(), progress });
    const before = participant.snapshot();
    await assert.rejects(participant.tick({ signal: controller.signal }), /tunnel/);
    assert.deepEqual(participant.snapshot(), before);
    await Promise.all(options.all);
    await participant.tick();
    assert.deepEqual(maskOf(participant), expected(coordinator));
    assert.equal(options.all.length, options.threads === 1 ? 0 : 2);
  }
});

test('sum2: a small round starts no thread; a number of threads that is none is refused', async () => {
  const threads = counted();
  const { participant, coordinator } = await beforeAddingMasks(100, threads);
  await participant.tick();
  assert.deepEqual(maskOf(participant), expected(coordinator));
  assert.equal(threads.all.length, 0);
  for (const bad of [-1, 1.5, Number.NaN]) {
    await assert.rejects(Participant.create({ transport: coordinator, threads: bad }), { code: 'option-invalid' });
  }
});

test('update: sealing to many sum participants pauses, tells, and an abort leaves the participant as it was', async () => {
  const coordinator = new FakeCoordinator();
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  const [[, key]] = coordinator.sums_ as unknown as [[PublicSigningKey, PublicEncryptKey]];
  for (let i = 1; i < 40; i++) coordinator.sums_.set(PublicSigningKey(seedOf(`summer ${i}`)), key);
  coordinator.advance();
  const clock = slowClock();
  const controller = new AbortController();
  const told: number[] = [];
  const participant = await Participant.create({
    transport: coordinator,
    keys: keysFor('update', coordinator.params_),
    random: countingRandom('update'),
    clock,
    progress: ({ task, done, total }) => {
      assert.deepEqual([task, total], ['update', 40]);
      if (told.push(done) === 3) controller.abort(new Error('enough'));
    },
  });
  for (let i = 0; i < 2; i++) await participant.tick();
  participant.setModel(new Float32Array(4));
  for (let i = 0; i < 3; i++) await participant.tick();
  const before = participant.snapshot();
  await assert.rejects(participant.tick({ signal: controller.signal }), /enough/);
  assert.deepEqual([participant.snapshot(), told], [before, [1, 2, 3]]);
  clock.sleeps = 0;
  await participant.tick();
  assert.equal(clock.sleeps, 40, 'a pause after each seed that took long');
  assert.deepEqual(
    told.slice(3),
    [...Array(40).keys()].map((i) => i + 1),
  );
  const { phase } = decodeSnapshot(participant.snapshot()).state;
  assert.ok(phase.name === 'update');
  assert.equal(phase.localSeedDict?.size, 40);
});

test('update: masking a large model pauses, tells, and an abort leaves the participant as it was', async () => {
  const coordinator = new FakeCoordinator();
  const vect = parseMaskConfig('Power2/F32/B0/M6');
  Object.assign(coordinator.params_, { maskConfig: { vect, unit: vect }, modelLength: 70_000 });
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  coordinator.advance();
  const clock = slowClock();
  const controller = new AbortController();
  const told: string[] = [];
  const participant = await Participant.create({
    transport: coordinator,
    keys: keysFor('update', coordinator.params_),
    random: countingRandom('update'),
    clock,
    progress: ({ task, done, total }) => {
      if (told.push(`${task} ${done}/${total}`) === 1) controller.abort(new Error('enough'));
    },
  });
  for (let i = 0; i < 2; i++) await participant.tick();
  participant.setModel(new Float32Array(70_000));
  for (let i = 0; i < 2; i++) await participant.tick();
  const before = participant.snapshot();
  await assert.rejects(participant.tick({ signal: controller.signal }), /enough/);
  assert.deepEqual([participant.snapshot(), told], [before, ['mask 32768/70000']]);
  clock.sleeps = 0;
  await participant.tick();
  assert.deepEqual(told.slice(1), ['mask 32768/70000', 'mask 65536/70000', 'mask 70000/70000']);
  assert.equal(clock.sleeps, 2, 'a pause after each piece but the last');
  const { phase } = decodeSnapshot(participant.snapshot()).state;
  assert.ok(phase.name === 'update' && phase.masked !== undefined);
  const { seed, object } = phase.masked;
  assert.deepEqual(object, maskModel({ config: { vect, unit: vect }, seed, scalar: rational(1), model: new Float32Array(70_000) }));
});

test('a running participant tells as events how far it is, and only when it takes long', async () => {
  const told: string[] = [];
  for (const clock of [slowClock(), systemClock]) {
    const coordinator = new FakeCoordinator();
    const keys = keysFor('sum', coordinator.params_);
    const run = runParticipant({ transport: coordinator, keys, clock, poll: { min: 1, max: 1 }, train: (_, { length }) => new Float32Array(length) });
    for await (const event of run.events()) {
      if (event.type === 'waiting' && event.waitingFor === 'seeds') {
        coordinator.advance();
        coordinator.advance();
        fileSeeds(coordinator, keys.publicKey);
      }
      if (event.type === 'progress') told.push(`${event.round.length} ${event.task} ${event.done}/${event.total}`);
      if (event.type === 'sent' && event.tag === 'sum2') break;
    }
    await run.stop();
    if (clock === systemClock) assert.deepEqual(told, []);
    else assert.equal(told.splice(0).at(-1), '64 sum2 5/5');
  }
});
