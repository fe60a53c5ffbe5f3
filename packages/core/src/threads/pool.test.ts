// Real threads, with and without shared memory, against the one accumulator: every result is compared byte for byte, and every thread
// that is lost, aborted or never starts must leave the result as it was.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { MaskSeed } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import { Aggregation } from '../mask/aggregation.ts';
import { type MaskConfigPair, parseMaskConfig } from '../mask/config.ts';
import { deriveMask, maskModel } from '../mask/masking.ts';
import { encodeMaskObject, type MaskObject } from '../mask/object.ts';
import { scalarFrom } from '../mask/scalar.ts';
import { planMasks } from './plan.ts';
import { createMaskPool, type MaskPool, type MaskPoolOptions } from './pool.ts';
import { portOf, type WorkerLike } from './port.ts';

const pair = (vect: string, unit = vect): MaskConfigPair => ({ vect: parseMaskConfig(vect), unit: parseMaskConfig(unit) });
const CONFIGS = [pair('Prime/F32/B0/M3'), pair('Power2/F32/B0/M6', 'Integer/I32/B2/M3'), pair('Integer/F64/Bmax/M3')];
const seedsOf = (count: number): MaskSeed[] => Array.from({ length: count }, (_, i) => MaskSeed(new Uint8Array(32).fill(i + 1)));
const bytesOf = (sum: Aggregation): Uint8Array => (sum.count === 0 ? new Uint8Array() : encodeMaskObject(sum.object()));

function sumHere(config: MaskConfigPair, length: number, seeds: readonly MaskSeed[]): Aggregation {
  const sum = new Aggregation(config, length);
  for (const seed of seeds) sum.addMask(seed);
  return sum;
}

function assertSame(actual: Aggregation, expected: Aggregation): void {
  assert.equal(actual.count, expected.count);
  assert.ok(Buffer.from(bytesOf(actual)).equals(bytesOf(expected)), 'other elements');
}

/** Updates of `count` participants, their sum and the sum of their masks. */
function updates(config: MaskConfigPair, length: number, count: number): { objects: MaskObject[]; sum: Aggregation; mask: MaskObject } {
  const seeds = seedsOf(count);
  const objects = seeds.map((seed, at) =>
    maskModel({ config, seed, scalar: scalarFrom({ numerator: 1n, denominator: 3n }), model: Float32Array.from({ length }, (_, i) => ((i + at) % 7) / 7) }),
  );
  const sum = new Aggregation(config, length);
  for (const object of objects) sum.add(object);
  return { objects, sum, mask: sumHere(config, length, seeds).object() };
}

/** Starts real workers that a test can kill: from then on nothing more reaches them, and they end. */
function workers(): { spawn: () => WorkerLike; kill: (() => Promise<unknown>)[] } {
  const kill: (() => Promise<unknown>)[] = [];
  const spawn = (): WorkerLike => {
    const worker = new Worker(new URL('./worker.node.ts', import.meta.url), { execArgv: ['--conditions=source'] });
    const port = portOf(worker);
    let isDead = false;
    kill.push(() => {
      isDead = true;
      return worker.terminate();
    });
    return { ...port, post: (message, transfer) => (isDead ? undefined : port.post(message, transfer)) };
  };
  return { spawn, kill };
}

// One pool a kind for the whole file: workers are reused from test to test, as in earnest.
const pools = [1, 2, 3].flatMap((threads) => [true, false].map((shared) => createMaskPool({ threads, shared, keepFree: true, smallWork: 0 })));
after(() => {
  for (const pool of pools) pool.close();
});

test('the sum of masks is the same with 1, 2 and 3 threads, with and without shared memory', async () => {
  for (const config of CONFIGS) {
    for (const count of [0, 1, 2, 3, 17]) {
      const seeds = seedsOf(count);
      const expected = sumHere(config, 33, seeds);
      for (const pool of pools) assertSame(await pool.sumMasks({ config, length: 33, seeds }), expected);
    }
  }
  for (const pool of pools) {
    const { threads, started, alive, threaded, inline, trouble } = pool.report();
    assert.deepEqual({ started, alive, threaded, inline, trouble }, { started: threads, alive: threads, threaded: 12, inline: 3, trouble: undefined });
  }
  assert.deepEqual(
    seedsOf(2).map((seed) => seed[0]),
    [1, 2],
    'the seeds of the caller are not touched',
  );
});

test('a sum on the caller’s thread is the same in pieces of a vector', async () => {
  const length = 20_000;
  const config = pair('Power2/F32/B4/M12'); // 3072 bytes of keystream a weight
  const seeds = seedsOf(2);
  let pauses = 0;
  const pool = createMaskPool({ threads: 0 });
  const pause = async (): Promise<void> => void pauses++;
  assertSame(await pool.sumMasks({ config, length, seeds, pause }), sumHere(config, length, seeds));
  const { piece } = planMasks(config, length, 2, { most: 0, small: 0, kernel: kernel().name });
  assert.ok(piece < length / 2);
  assert.equal(pauses, 2 * Math.ceil(length / piece), 'after each piece');
  assert.equal(pool.report().inline, 1);
});

test('small work starts no thread', async () => {
  const [config] = CONFIGS as [MaskConfigPair];
  await using pool = createMaskPool({ threads: 3 });
  await pool.sumMasks({ config, length: 1000, seeds: seedsOf(17) });
  const { sum, mask } = updates(config, 1000, 3);
  await pool.unmask({ sum, mask, data: 'F32' });
  (await pool.aggregate({ config, length: 1000 })).close();
  const { started, inline } = pool.report();
  assert.deepEqual({ started, inline }, { started: 0, inline: 3 });
});

test('unmasking in slices gives the weights of the whole', async () => {
  const length = 2 ** 19 + 5; // three slices
  const [config] = CONFIGS as [MaskConfigPair];
  const { sum, mask } = updates(config, length, 3);
  const expected = sum.unmask(mask);
  for (const pool of pools.slice(2, 4)) {
    const told: number[] = [];
    const model = await pool.unmask({ sum, mask, data: 'F32', onProgress: ({ done }) => told.push(done) });
    assert.ok(Buffer.from(model.weights.buffer).equals(Buffer.from(expected.toWeights('F32').buffer)));
    assert.deepEqual([model.count, model.scalarSum, model.withinBound], [3, expected.scalarSum, true]);
    assert.equal(told.at(-1), length);
    const pieces = [...(await pool.unmask({ sum, mask, data: 'fractions' })).fractions()];
    assert.equal(pieces.length, 3);
    assert.ok(Buffer.concat(pieces).equals(Buffer.concat([...expected.fractions()])));
    assert.equal((await pool.unmask({ sum, mask: deriveMask({ config, seed: seedsOf(1)[0]!, length }), data: 'F64' })).withinBound, false);
    const short = deriveMask({ config, seed: seedsOf(1)[0]!, length: 3 });
    await assert.rejects(pool.unmask({ sum, mask: short, data: 'F32' }), { code: 'unmask-vect-mismatch' });
    const bad = { ...mask, vect: mask.vect.slice().fill(255, -6) };
    await assert.rejects(pool.unmask({ sum, mask: bad, data: 'F32' }), { code: 'unmask-invalid-mask' });
    await assert.rejects(pool.unmask({ sum: new Aggregation(config, length), mask, data: 'F32' }), { code: 'unmask-no-model' });
  }
});

test('a sum in slices equals the sum of the whole, and a refused object leaves no trace', async () => {
  for (const config of CONFIGS) {
    const { objects, sum, mask } = updates(config, 11, 3);
    const [data, wrong] = [config.vect.data, { ...objects[0]!, length: 10 }];
    const bad = { ...objects[0]!, vect: objects[0]!.vect.slice().fill(255, -config.vect.bytesPerNumber) };
    const some = config === CONFIGS[0] ? pools : pools.slice(2, 3);
    for (const pool of [...some, createMaskPool({ threads: 0 })]) {
      const sliced = await pool.aggregate({ config, length: 11 });
      assert.equal(sliced.threads, pool.report().threads);
      await assert.rejects(sliced.object(), { code: 'unmask-no-model' });
      await sliced.add(objects[0]!);
      await assert.rejects(sliced.add(bad), { code: 'aggregate-invalid-object' });
      await assert.rejects(sliced.add(wrong), { code: 'aggregate-model-mismatch' });
      await assert.rejects(sliced.add({ ...bad, config: CONFIGS.find((other) => other !== config)! }), { code: 'aggregate-model-mismatch' });
      await Promise.all([sliced.add(objects[1]!), sliced.add(objects[2]!)]);
      assert.equal(sliced.count, 3);
      assert.deepEqual(encodeMaskObject(await sliced.object()), bytesOf(sum));
      const model = await sliced.unmask(mask, data);
      const expected = sum.unmask(mask);
      assert.deepEqual([model.weights, model.scalarSum, model.count], [expected.toWeights(data), expected.scalarSum, 3]);
      assert.equal(model.withinBound, expected.withinBound());
      sliced.close();
      await assert.rejects(sliced.add(objects[0]!), { code: 'thread-lost' });
    }
  }
});

test('the caller’s thread and another sum together; sums of the same and of other shapes follow one another', async () => {
  await using pool = createMaskPool({ threads: 2, smallWork: 0 });
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  const seeds = seedsOf(17);
  // How long a worker takes to start depends on what else the machine does; until then the caller's thread is alone.
  for (let alone = 0; pool.report().threaded === 0; alone++) {
    assert.ok(alone < 200, 'the worker takes part some day');
    await pool.sumMasks({ config: CONFIGS[0]!, length: 33, seeds, pause });
  }
  const before = pool.report().threaded;
  for (const length of [5000, 5000, 33, 20_000]) {
    for (const config of [CONFIGS[0]!, CONFIGS[0]!, CONFIGS[2]!]) {
      assertSame(await pool.sumMasks({ config, length, seeds, pause }), sumHere(config, length, seeds));
    }
  }
  const { started, threaded, trouble } = pool.report();
  assert.deepEqual({ started, trouble }, { started: 1, trouble: undefined });
  assert.ok(threaded - before >= 11, 'the worker takes part once it runs');
});

test('a thread that dies while the caller’s thread helps is made up for', async () => {
  const config = CONFIGS[0]!;
  const seeds = seedsOf(17);
  const { spawn, kill } = workers();
  await using pool = createMaskPool({ threads: 2, spawn, smallWork: 0 });
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 0; i < 50 && pool.report().threaded === 0; i++) await pool.sumMasks({ config, length: 20, seeds, pause });
  const onProgress = (): void => void kill[0]!();
  assertSame(await pool.sumMasks({ config, length: 20_000, seeds, pause, onProgress }), sumHere(config, 20_000, seeds));
  assert.equal(pool.report().alive, 0);
});

test('progress grows and ends with all, once', async () => {
  const [config] = CONFIGS as [MaskConfigPair];
  for (const pool of [pools[2]!, createMaskPool({ threads: 0 })]) {
    const told: string[] = [];
    await pool.sumMasks({ config, length: 20_000, seeds: seedsOf(17), onProgress: ({ done, total }) => told.push(`${String(done).padStart(2)}/${total}`) });
    assert.deepEqual(told, [...new Set(told)].sort());
    assert.equal(told.at(-1), '17/17');
    assert.ok(told.length > 1);
  }
});

test('an abort stops the work at once and leaves the pool usable', async () => {
  const [config] = CONFIGS as [MaskConfigPair];
  const seeds = seedsOf(17);
  const reason = new Error('enough');
  for (const pool of [
    createMaskPool({ threads: 2, keepFree: true, smallWork: 0 }),
    createMaskPool({ threads: 2, smallWork: 0 }),
    createMaskPool({ threads: 0 }),
  ]) {
    const controller = new AbortController();
    let told = 0;
    const onProgress = (): void => {
      if (told++ === 0) controller.abort(reason);
    };
    await assert.rejects(pool.sumMasks({ config, length: 50_000, seeds, signal: controller.signal, onProgress }), reason);
    assert.equal(told, 1, 'nothing is told after the abort');
    assert.equal(pool.report().alive, 0, 'no thread goes on with it');
    await assert.rejects(pool.sumMasks({ config, length: 5, seeds, signal: controller.signal }), reason);
    assertSame(await pool.sumMasks({ config, length: 5, seeds }), sumHere(config, 5, seeds));
    assert.equal(pool.report().trouble, undefined);
    pool.close();
  }
});

test('a thread that is killed in the middle of work is made up for by the others, or by the caller', async () => {
  const [config] = CONFIGS as [MaskConfigPair];
  const seeds = seedsOf(17);
  const expected = sumHere(config, 20_000, seeds);
  for (const [threads, victims] of [
    [2, 1],
    [2, 2],
    [1, 1],
  ] as const) {
    const { spawn, kill } = workers();
    await using pool = createMaskPool({ threads, spawn, keepFree: true, smallWork: 0 });
    await pool.sumMasks({ config, length: 20, seeds }); // now all of them run: one that dies before is taken for one that cannot
    let told = 0;
    const dones: number[] = [];
    const onProgress = ({ done }: { done: number }): void => {
      dones.push(done);
      if (told++ === 0) for (const end of kill.slice(0, victims)) void end();
    };
    assertSame(await pool.sumMasks({ config, length: 20_000, seeds, onProgress }), expected);
    assert.match(pool.report().trouble!, /exited with 1/);
    assert.deepEqual(
      dones,
      [...new Set(dones)].sort((a, b) => a - b),
    );
    assert.equal(kill.length, threads);
    assertSame(await pool.sumMasks({ config, length: 20_000, seeds }), expected);
    assert.equal(kill.length, threads + victims, 'the next work gets new ones');
  }
});

test('a thread that is killed while it unmasks is made up for', async () => {
  const length = 2 ** 19 + 5; // three slices
  const [config] = CONFIGS as [MaskConfigPair];
  const { sum, mask } = updates(config, length, 2);
  const { spawn, kill } = workers();
  await using pool = createMaskPool({ threads: 2, spawn, keepFree: true, smallWork: 0 });
  let told = 0;
  const onProgress = (): void => {
    if (told++ === 0) for (const end of kill) void end();
  };
  const { weights } = await pool.unmask({ sum, mask, data: 'F32', onProgress });
  assert.ok(Buffer.from(weights.buffer).equals(Buffer.from(sum.unmask(mask).toWeights('F32').buffer)));
  assert.equal(pool.report().alive, 0);
});

test('a thread that holds a slice and dies is told, never made up', async () => {
  const [config] = CONFIGS as [MaskConfigPair];
  const { objects } = updates(config, 11, 2);
  const { spawn, kill } = workers();
  await using pool = createMaskPool({ threads: 2, spawn, keepFree: true, smallWork: 0 });
  const sliced = await pool.aggregate({ config, length: 11 });
  await sliced.add(objects[0]!);
  await kill[1]!();
  await assert.rejects(sliced.add(objects[1]!), { code: 'thread-lost' });
  await assert.rejects(sliced.object(), { code: 'thread-lost' });
  assert.equal(pool.report().alive, 0);
});

test('where threads cannot start the work is done all the same, and the report says why', async () => {
  const [config] = CONFIGS as [MaskConfigPair];
  const { sum, mask, objects } = updates(config, 20, 2);
  const seeds = seedsOf(3);
  const cases: [NonNullable<MaskPoolOptions['spawn']>, RegExp][] = [
    [
      () => {
        throw new Error('forbidden here');
      },
      /forbidden here/,
    ],
    [() => new Worker(new URL('./no-such-file.ts', import.meta.url), { execArgv: [] }), /no-such-file/],
    [() => new Worker('process.exit(7)', { eval: true, execArgv: [] }), /exited with 7/],
  ];
  for (const [spawn, reason] of cases) {
    await using pool = createMaskPool({ threads: 2, spawn, keepFree: true, smallWork: 0 });
    assertSame(await pool.sumMasks({ config, length: 20, seeds }), sumHere(config, 20, seeds));
    assert.match(pool.report().trouble!, reason);
    assert.deepEqual((await pool.unmask({ sum, mask, data: 'F32' })).weights, sum.unmask(mask).toWeights('F32'));
    const { started } = pool.report(); // a second attempt was made, and no third
    assertSame(await pool.sumMasks({ config, length: 20, seeds }), sumHere(config, 20, seeds));
    assert.equal(pool.report().started, started, 'not tried again');
    const sliced = await pool.aggregate({ config, length: 20 });
    for (const object of objects) await sliced.add(object);
    assert.deepEqual(encodeMaskObject(await sliced.object()), bytesOf(sum));
    const { threaded, inline, alive } = pool.report();
    assert.deepEqual({ threaded, inline, alive }, { threaded: 0, inline: 4, alive: 0 });
  }
});

test('work that finds all threads busy waits for them; a closed pool works without', async () => {
  const config = CONFIGS[1]!;
  const seeds = seedsOf(5);
  const expected = sumHere(config, 1000, seeds);
  const pool: MaskPool = createMaskPool({ threads: 1, keepFree: true, smallWork: 0 });
  const sums = await Promise.all(Array.from({ length: 3 }, () => pool.sumMasks({ config, length: 1000, seeds })));
  for (const sum of sums) assertSame(sum, expected);
  assert.deepEqual([pool.report().started, pool.report().threaded], [1, 3]);
  const signal = AbortSignal.abort(new Error('too late'));
  await assert.rejects(pool.sumMasks({ config, length: 1000, seeds, signal }), /too late/);
  const under = pool.sumMasks({ config, length: 1000, seeds });
  pool.close();
  assertSame(await under, expected);
  assertSame(await pool.sumMasks({ config, length: 1000, seeds }), expected);
  assert.deepEqual([pool.report().started, pool.report().alive, pool.report().trouble], [1, 0, undefined]);
});

test('what cannot be summed is refused with the codes of an aggregation, and options that cannot work', async () => {
  const [config] = CONFIGS as [MaskConfigPair];
  const pool = createMaskPool({ threads: 2 });
  await assert.rejects(pool.sumMasks({ config, length: 1, seeds: [new Uint8Array(31) as MaskSeed] }), { code: 'length-mismatch' });
  await assert.rejects(pool.sumMasks({ config, length: 1, seeds: Array.from({ length: 1001 }, () => seedsOf(1)[0]!) }), { code: 'aggregate-too-many-models' });
  await assert.rejects(pool.sumMasks({ config, length: -1, seeds: [] }), { code: 'mask-length' });
  await assert.rejects(pool.aggregate({ config, length: 2 ** 32 }), { code: 'mask-length' });
  for (const options of [{ threads: -1 }, { threads: 1.5 }, { smallWork: -1 }]) assert.throws(() => createMaskPool(options), XaynetError);
});
