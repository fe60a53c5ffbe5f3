// Examples that only define a function, because what it takes is the reader's own (a file, a model): what they are called with here, so
// that their bodies run too. Files are those that Python's libraries wrote for the tests of the adapters.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64 } from '@xaynet/core/bytes';
import type { ParticipantRun } from '@xaynet/participant';
import { root } from './example-blocks.ts';

type Defined = (...given: unknown[]) => unknown;
type Named = Record<string, Record<string, { readonly bytes: string }>>;

const files = JSON.parse(readFileSync(join(root, 'packages/participant/src/models/fixtures/python-files.json'), 'utf8')) as Named;
const onnx = fromBase64(files.onnx!.mlp!.bytes);
const safetensors = fromBase64(files.safetensors!.plain!.bytes);

/** What `tfjsAdapter` uses of TensorFlow.js and of a model with one layer of four weights. */
const tf = { tensor: (values: unknown) => values, tidy: (run: () => void) => run() };
const kernel = {
  name: 'dense/kernel',
  originalName: 'dense/kernel',
  shape: [2, 2],
  dtype: 'float32',
  trainable: true,
  read: () => ({ data: async () => new Float32Array(4) }),
  write: () => {},
};
const model = { layers: [{ trainable: true, weights: [kernel] }], fit: async () => {} };

async function trains(join: Defined): Promise<void> {
  const run = join(tf, model, [], []) as ParticipantRun;
  await run[Symbol.asyncDispose]();
}

async function atNobodysRedis(ask: Defined): Promise<void> {
  await assert.rejects(async () => ask({ url: 'redis://127.0.0.1:9', key: 'a5'.repeat(32), wait: 0 }), { code: 'storage-unreachable' });
}

async function atNobodysS3(ask: Defined): Promise<void> {
  const server = { endpoint: 'http://127.0.0.1:9', accessKey: 'key', secretAccessKey: 'secret', wait: 0 };
  await assert.rejects(async () => ask(server), { code: 'storage-unreachable' });
}

/** By the name of the function: how it is called. A function that an example defines and does not call has to be here. */
export const CALLS: Readonly<Record<string, (defined: Defined, code: string) => unknown>> = {
  train: (train) => train(onnx),
  half: (half) => half(onnx),
  join: trains,
  vectorOf: (vectorOf, code) => vectorOf(code.includes('decodeOnnx') ? onnx : safetensors),
  withGlobalModel: (withGlobalModel) => withGlobalModel(onnx, new Float32Array(23)),
  // Over real servers: tests/s3, tests/redis. Here nobody listens.
  countsAt: atNobodysRedis,
  leadsAt: atNobodysRedis,
  redisAt: atNobodysRedis,
  keepOn: atNobodysS3,
  bucketAt: atNobodysS3,
  globalFile: (globalFile) => globalFile(safetensors, new Float32Array(9)),
};

/** Names of the functions that an example defines at its top and does not use. */
export function definedOnly(code: string): string[] {
  const names = [...code.matchAll(/^(?:async )?(?:function (\w+)\(|const (\w+) = (?:async )?\([^()]*\)(?:: [^=]+)? =>)/gm)].map(
    (match) => match[1] ?? match[2]!,
  );
  return names.filter((name) => code.match(new RegExp(`\\b${name}\\b`, 'g'))!.length === 1);
}
