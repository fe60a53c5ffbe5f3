// Norms, spread and differences of models: as computed by hand, once a model, and what cannot be measured is null.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMaskConfig, rational } from '@xaynet/core/mask';
import { encodeModel } from '@xaynet/core/round';
import type { MaskedViewJson, ModelListJson } from './documents.ts';
import { ModelMeasures } from './model-measures.ts';
import { FakeApiPort, ID, MODEL_EVENT, mistakesOf, SAMPLE, serving } from './rig.test.ts';
import { SCHEMAS } from './schemas.ts';

const id = (round: number): string => `${round}_${'ab'.repeat(32)}`;
const modelOf = (...weights: number[]): Uint8Array => encodeModel(weights.map((weight) => rational(Math.round(weight * 1024), 1024)));

/** Models in the order of their rounds, the last first as a store lists them. */
function portWith(...models: Uint8Array[]): FakeApiPort {
  const port = new FakeApiPort();
  port.stored.clear();
  for (let round = models.length; round > 0; round--) port.stored.set(id(round), models[round - 1]!);
  return port;
}

test('norms of models and of their differences, each model read once', async () => {
  const port = portWith(modelOf(3, 4), modelOf(3, 1), modelOf(0.5, 1));
  const measures = new ModelMeasures(port);
  assert.equal(measures.of(id(1)), undefined);
  await Promise.all([measures.measure(), measures.measure()]);
  const [first, second, third] = [1, 2, 3].map((round) => measures.of(id(round))!);
  assert.deepEqual([first!.mean!.l2, first!.mean!.min, first!.mean!.max, first!.difference], [5, 3, 4, null]);
  assert.deepEqual(second!.difference, { from: id(1), l2: 3, max: 3 });
  assert.deepEqual(third!.difference, { from: id(2), l2: 2.5, max: 2.5 });
  assert.deepEqual(first!.mean!.first, [3, 4]);
  assert.deepEqual([...Buffer.from(first!.mean!.levels, 'base64')], [0, 255]);
  assert.equal(
    first!.mean!.histogram.reduce((sum, count) => sum + count, 0),
    2,
  );
  await measures.measure();
  assert.equal(port.modelsRead, 3);
  port.stored.clear();
  for (const [round, model] of [
    [4, modelOf(0.5, 0)],
    [3, modelOf(0.5, 1)],
  ] as const)
    port.stored.set(id(round), model);
  await measures.measure();
  assert.deepEqual(measures.of(id(4))!.difference, { from: id(3), l2: 1, max: 1 });
  assert.equal(port.modelsRead, 4, 'the one before was still known');
});

test('models of another length, and weights that no float holds, have no difference', async () => {
  const port = portWith(modelOf(1, 2), modelOf(1, 2, 3), encodeModel([rational(10n ** 300n), rational(1)]), modelOf(5));
  const measures = new ModelMeasures(port);
  await measures.measure();
  assert.equal(measures.of(id(2))!.difference, null);
  assert.deepEqual(measures.of(id(3)), { mean: undefined, difference: null });
  assert.deepEqual([measures.of(id(4))!.mean!.l2, measures.of(id(4))!.difference], [5, null]);
  const wide = Object.assign(portWith(encodeModel([rational(10n ** 100n)])), {
    task: { modelLength: 1, mask: parseMaskConfig('Prime/F64/Bmax/M3'), dataType: 'F64' },
  });
  const doubles = new ModelMeasures(wide);
  await doubles.measure();
  assert.equal(doubles.of(id(1))!.mean!.l2, 1e100);
});

test('weights whose squares are no doubles have lengths and differences, as far as those are doubles', async () => {
  const [large, small] = [10n ** 300n, 1n << 1000n];
  const models = [
    encodeModel([rational(3n * large), rational(4n * large)]),
    encodeModel([rational(-3n * large), rational(4n * large)]),
    encodeModel([rational(10n ** 308n), rational(0)]),
    encodeModel([rational(-(10n ** 308n)), rational(0)]),
    encodeModel([rational(3n, small), rational(4n, small)]),
  ];
  const task = { modelLength: 2, mask: parseMaskConfig('Prime/F64/Bmax/M3'), dataType: 'F64' };
  const measures = new ModelMeasures(Object.assign(portWith(...models), { task }));
  await measures.measure();
  const of = (round: number) => measures.of(id(round))!;
  assert.deepEqual(
    [1, 2, 3, 5].map((round) => of(round).mean!.l2.toPrecision(6)),
    ['5.00000e+300', '5.00000e+300', '1.00000e+308', '4.66632e-301'],
  );
  assert.deepEqual([of(2).difference!.l2, of(2).difference!.max].map(String), ['6e+300', '6e+300']);
  assert.equal(of(4).difference, null, 'no double is as large as this difference');
  assert.deepEqual([of(3).mean!.histogram.at(-1), of(3).mean!.histogram[0]], [1, 1]);
});

test('the list gives them when they are there', () =>
  serving(async (url) => {
    for (;;) {
      const list = (await (await fetch(`${url}/models`)).json()) as ModelListJson;
      assert.deepEqual(mistakesOf(list, SCHEMAS.ModelList), []);
      const newest = list.models[0]!;
      if (newest.measures === null) continue;
      assert.deepEqual([newest.id, newest.measures.min < 0, newest.weights], [ID, true, 100_004]);
      break;
    }
  }));

test('the masked sum beside its mean, after a model and not before; a single update only where it is shown', async () => {
  const read = async (url: string): Promise<MaskedViewJson> => {
    const view = (await (await fetch(`${url}/masked`)).json()) as MaskedViewJson;
    assert.deepEqual(mistakesOf(view, SCHEMAS.Masked), []);
    return view;
  };
  await serving(async (url, port) => {
    assert.deepEqual(await read(url), { sum: null, shown: false, update: null });
    port.bus.emit(MODEL_EVENT);
    const { sum, update } = await read(url);
    assert.deepEqual([sum!.round, sum!.updates, sum!.mean!.id, sum!.masked.hex, update], [3, 3, ID, SAMPLE.hex, null]);
  });
  const port = Object.assign(new FakeApiPort(), { maskedUpdate: () => SAMPLE });
  await serving(async (url) => assert.deepEqual([(await read(url)).shown, (await read(url)).update!.levels], [true, 'AID/']), { port });
});
