// One model in three file formats: participants that hold it as ONNX, as safetensors and as tensors in memory learn one mean over real HTTP,
// because they flatten alike, and each puts it back into a file of its own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import type { Weights } from '@xaynet/core/mask';
import { type ParticipantRun, runParticipant } from '@xaynet/participant';
import { decodeOnnx, patchOnnx } from '@xaynet/participant/onnx';
import { decodeSafetensors, encodeSafetensors } from '@xaynet/participant/safetensors';
import { flatten, manifestOf, type NamedTensors, unflatten } from '@xaynet/participant/tensors';

const fixtures = new URL('../../packages/participant/src/models/fixtures/python-files.json', import.meta.url);
const onnxFile = new Uint8Array(Buffer.from(JSON.parse(readFileSync(fixtures, 'utf8')).onnx.mlp.bytes, 'base64'));

/** A model as somebody keeps it. */
interface Kept {
  tensors(): NamedTensors;
  put(tensors: NamedTensors): void;
}

function asOnnx(): Kept {
  let file: Uint8Array = onnxFile;
  return {
    tensors: () => decodeOnnx(file),
    put: (tensors) => {
      file = patchOnnx(file, tensors);
    },
  };
}

function asSafetensors(): Kept {
  let file: Uint8Array = encodeSafetensors(decodeOnnx(onnxFile));
  return {
    tensors: () => decodeSafetensors(file).tensors,
    put: (tensors) => {
      file = encodeSafetensors(tensors);
    },
  };
}

function inMemory(): Kept {
  // In another order: that of the names decides, not that of an object.
  let held: NamedTensors = Object.fromEntries(Object.entries(decodeOnnx(onnxFile)).reverse());
  return {
    tensors: () => held,
    put: (tensors) => {
      held = tensors;
    },
  };
}

test('ONNX, safetensors and tensors in memory: one vector, one mean, back in every file', async () => {
  const { length, digest } = manifestOf(decodeOnnx(onnxFile));
  const coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      pet: {
        sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.3, max: 4 } },
        update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 0.3, max: 4 } },
        sum2: { count: { min: 1, max: 50 }, time: { min: 0.3, max: 4 } },
      },
      mask: { group_type: 'Prime', data_type: 'F32', bound_type: 'B2', model_type: 'M3' },
      model: { length },
      store: { kind: 'memory' },
      log: { filter: 'off' },
    }),
  );
  const stop = new AbortController();
  /** Vectors that were accepted, by round. */
  const sent = new Map<string, Weights[]>();
  const learnt = new Set<string>();
  const all = Promise.withResolvers<void>();
  const meanBefore = (round: string): number[] => {
    const rounds = [...sent].filter(([id, vectors]) => id !== round && vectors.length >= 3);
    const [, vectors] = rounds.at(-1)!;
    return Array.from({ length }, (_, j) => vectors.reduce((sum, weights) => sum + Number(weights[j]), 0) / vectors.length);
  };
  const begin = (i: number): ParticipantRun => {
    const make = [asOnnx, asSafetensors, inMemory][i % 3]!;
    const kept = make();
    const trained = new Map<string, Weights>();
    const manifest = manifestOf(kept.tensors());
    assert.equal(manifest.digest, digest);
    const run = runParticipant({
      url: coordinator.url,
      signal: stop.signal,
      poll: { min: 20, max: 100 },
      train: (global, { round }) => {
        if (global) {
          kept.put(unflatten(global.weights, manifest));
          assert.deepEqual(flatten(kept.tensors(), manifest), global.weights);
          const mean = meanBefore(round);
          assert.ok(global.weights.every((weight, j) => Math.abs(Number(weight) - mean[j]!) < 1e-6));
          learnt.add(make.name);
          if (learnt.size === 3) all.resolve();
        }
        const weights = Float32Array.from(flatten(kept.tensors(), manifest) as Float32Array, (weight, j) => weight + (i + j) / 64);
        trained.set(round, weights);
        return weights;
      },
    });
    void (async () => {
      for await (const event of run.events()) {
        if (event.type === 'sent' && event.tag === 'update' && event.accepted)
          sent.set(event.round, [...(sent.get(event.round) ?? []), trained.get(event.round)!]);
        if (event.type === 'error' && event.error.code === 'callback-failed') all.reject(event.error);
        if (event.type === 'clamped') all.reject(new Error(event.clamped.hint));
      }
    })();
    return run;
  };
  try {
    const runs = Array.from({ length: 12 }, (_, i) => begin(i));
    await all.promise;
    stop.abort();
    await Promise.all(runs.map((run) => run.done));
  } finally {
    stop.abort();
    await coordinator.stop();
  }
});
