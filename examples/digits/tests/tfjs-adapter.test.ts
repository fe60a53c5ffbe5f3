// The adapter of TensorFlow.js models, against the real TensorFlow.js on its CPU backend.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as layers from '@tensorflow/tfjs-layers';
import { flatten } from '@xaynet/participant/tensors';
import { tfjsAdapter } from '@xaynet/participant/tfjs';

before(async () => {
  await tf.setBackend('cpu');
});

const code = (code: string, message?: RegExp) => (error: { code?: string; message: string }) =>
  error.code === code && (message === undefined || message.test(error.message));
const namesOf = ({ manifest }: { manifest: { tensors: readonly { name: string }[] } }) => manifest.tensors.map(({ name }) => name);

/** A perceptron with batch normalisation. */
function makeModel(): layers.Sequential {
  return layers.sequential({
    layers: [
      layers.layers.dense({ units: 3, inputShape: [2], activation: 'relu' }),
      layers.layers.batchNormalization(),
      layers.layers.dense({ units: 1, useBias: false }),
    ],
  });
}

function compiled(): layers.Sequential {
  const model = makeModel();
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return model;
}

const ALL = ['0/kernel', '0/bias', '1/gamma', '1/beta', '1/moving_mean', '1/moving_variance', '2/kernel'];

test('weights come out layer by layer, whatever TensorFlow.js calls them, and go back in', async () => {
  const [model, again] = [makeModel(), makeModel()];
  assert.notEqual(model.layers[0]!.name, again.layers[0]!.name);
  const adapter = tfjsAdapter(tf, model);
  const other = tfjsAdapter(tf, again);
  assert.deepEqual(namesOf(adapter), ALL);
  assert.equal(adapter.manifest.digest, other.manifest.digest);
  assert.equal(adapter.manifest.length, 2 * 3 + 3 + 4 * 3 + 3);
  const weights = await adapter.weights();
  assert.ok(weights instanceof Float32Array);
  assert.deepEqual([...weights.subarray(9, 12)], [1, 1, 1]); // gamma
  other.load(weights);
  assert.deepEqual(await other.weights(), weights);
  const input = tf.tensor2d([[1, -2]]);
  assert.deepEqual(await (again.predict(input) as tf.Tensor).data(), await (model.predict(input) as tf.Tensor).data());
});

test('the weights are those of the model in value and order', async () => {
  const model = makeModel();
  const adapter = tfjsAdapter(tf, model, { include: 'trainable' });
  const expected = model.trainableWeights.flatMap((weight) => [...weight.read().dataSync()]);
  assert.deepEqual([...(await adapter.weights())], expected);
  assert.deepEqual(
    namesOf(adapter),
    ALL.filter((name) => !name.includes('moving')),
  );
});

test('frozen layers stay at home unless all are asked for', () => {
  const model = makeModel();
  model.layers[0]!.trainable = false;
  assert.deepEqual(namesOf(tfjsAdapter(tf, model)), ALL.slice(2));
  assert.deepEqual(namesOf(tfjsAdapter(tf, model, { include: 'trainable' })), ['1/gamma', '1/beta', '2/kernel']);
  assert.deepEqual(namesOf(tfjsAdapter(tf, model, { include: 'all' })), ALL);
});

test('models in models, frozen or not, and layers in layers', async () => {
  const inner = makeModel();
  const outer = layers.sequential({ layers: [inner, layers.layers.dense({ units: 2 })] });
  assert.deepEqual(namesOf(tfjsAdapter(tf, outer)), [...ALL, '3/kernel', '3/bias']);
  inner.trainable = false;
  assert.deepEqual(namesOf(tfjsAdapter(tf, outer)), ['3/kernel', '3/bias']);
  const recurrent = layers.sequential({
    layers: [
      layers.layers.bidirectional({ layer: layers.layers.gru({ units: 2, recurrentInitializer: 'glorotUniform' }), mergeMode: 'concat', inputShape: [3, 1] }),
    ],
  });
  const adapter = tfjsAdapter(tf, recurrent);
  assert.deepEqual(namesOf(adapter), ['0/kernel', '0/recurrent_kernel', '0/bias', '0/kernel_1', '0/recurrent_kernel_1', '0/bias_1']);
  const weights = Float32Array.from({ length: adapter.manifest.length }, (_, i) => i / 8);
  adapter.load(weights);
  assert.deepEqual(await adapter.weights(), weights);
});

test('a model with its input as a layer, saved and loaded, has the same manifest', async () => {
  const input = layers.input({ shape: [2] });
  const model = layers.model({ inputs: input, outputs: layers.layers.dense({ units: 1 }).apply(input) as layers.SymbolicTensor });
  const adapter = tfjsAdapter(tf, model);
  assert.deepEqual(namesOf(adapter), ['0/kernel', '0/bias']);
  const plain = layers.sequential({ layers: [layers.layers.dense({ units: 1, inputShape: [2] })] });
  assert.equal(tfjsAdapter(tf, plain).manifest.digest, adapter.manifest.digest);
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save({
    save: async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  const loaded = await layers.loadLayersModel({ load: async () => saved! });
  assert.equal(tfjsAdapter(tf, loaded).manifest.digest, adapter.manifest.digest);
  assert.deepEqual(await tfjsAdapter(tf, loaded).weights(), await adapter.weights());
});

test('no tensor is left over, also when loading fails; what is read and loaded is copied', async () => {
  const model = compiled();
  const adapter = tfjsAdapter(tf, model);
  const before = tf.memory().numTensors;
  const weights = (await adapter.weights()) as Float32Array;
  for (let i = 0; i < 3; i++) adapter.load(weights);
  await adapter.tensors();
  assert.throws(() => adapter.load(new Float32Array(3)), code('model-length', /3 weights given, the 7 tensors of the manifest have 24/));
  assert.equal(tf.memory().numTensors, before);
  const given = weights.slice();
  weights.fill(9);
  assert.deepEqual(await adapter.weights(), given);
  adapter.load(given);
  given.fill(9);
  assert.notDeepEqual(await adapter.weights(), given);
  const tensors = await adapter.tensors();
  (tensors['0/kernel']!.data as Float32Array).fill(7);
  assert.ok(!((await adapter.weights()) as Float32Array).includes(7));
  const loaded = (await adapter.weights()) as Float32Array;
  assert.deepEqual(flatten(await adapter.tensors(), adapter.manifest), loaded);
});

test('training goes on from what was loaded, with weights of rounds of other types too', async () => {
  const model = compiled();
  const adapter = tfjsAdapter(tf, model);
  adapter.load(Float64Array.from(await adapter.weights(), Number));
  const before = await adapter.weights();
  await model.fit(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[1], [2]]), { epochs: 1, verbose: 0 }); // biome-ignore format: short
  const after = await adapter.weights();
  assert.notDeepEqual(after, before);
  const { offset } = adapter.manifest.tensors.find(({ name }) => name === '1/moving_variance')!;
  assert.notEqual(after[offset], before[offset], 'statistics of batch normalisation take part');
});

test('a model in which all is frozen, or with other numbers, is refused', () => {
  const frozen = makeModel();
  frozen.trainable = false;
  for (const layer of frozen.layers) layer.trainable = false;
  assert.throws(() => tfjsAdapter(tf, frozen), code('tensor-missing', /layers.*frozen/));
  const variable = { originalName: 'w', shape: [1], dtype: 'bool', trainable: true, read: () => tf.tensor([1]), write: () => undefined };
  assert.throws(() => tfjsAdapter(tf, { layers: [{ trainable: true, weights: [variable] }] }), code('tensor-dtype', /0\/w: .* bool given/));
});
