// The files that Python's own libraries made (fixtures/make.py says how), for the tests of the formats.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { NamedTensors, Tensor, TensorData } from './tensors.ts';

interface Content {
  readonly dtype: string;
  readonly shape: number[];
  readonly values: string[];
}

interface File {
  readonly bytes: string;
  readonly tensors: Record<string, Content>;
}

interface Files {
  readonly safetensors: Record<'all' | 'plain' | 'halves' | 'bytes' | 'none', File & { readonly metadata: Record<string, string> }>;
  readonly npy: readonly (Content & { readonly bytes: string; readonly fortran: boolean; readonly version: [number, number] | null })[];
  readonly npyUnsupported: Record<string, string>;
  readonly onnx: Record<'mlp' | 'kinds' | 'half' | 'external', File>;
  readonly mlp: Record<'x' | 'y', Content>;
}

export const files: Files = JSON.parse(readFileSync(new URL('fixtures/python-files.json', import.meta.url), 'utf8'));

/** At an odd place of a larger buffer, where a careless reader meets misaligned numbers. */
export function bytesOf(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  const padded = new Uint8Array(bytes.length + 8);
  padded.set(bytes, 3);
  return padded.subarray(3, 3 + bytes.length);
}

const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, I64: BigInt64Array, F16: Float32Array, BF16: Float32Array } as const;

export function tensorOf({ dtype, shape, values }: Content): Tensor {
  const array = ARRAYS[dtype as keyof typeof ARRAYS];
  return { shape, data: array === BigInt64Array ? BigInt64Array.from(values, BigInt) : (array as Float64ArrayConstructor).from(values, Number) };
}

export function tensorsOf(file: File): NamedTensors {
  return Object.fromEntries(Object.entries(file.tensors).map(([name, content]) => [name, tensorOf(content)]));
}

/** Equal in type, shape and every bit. */
export function assertTensors(given: NamedTensors, expected: NamedTensors): void {
  assert.deepEqual(Object.keys(given).sort(), Object.keys(expected).sort());
  for (const [name, tensor] of Object.entries(expected)) assertTensor(given[name]!, tensor, name);
}

export function assertTensor(given: Tensor, expected: Tensor, name = 'tensor'): void {
  assert.deepEqual(given.shape, expected.shape, name);
  assert.equal(given.data.constructor, expected.data.constructor, name);
  assert.deepEqual(bits(given.data), bits(expected.data), name);
}

function bits(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Every cut and every change of a byte is a coded error or is read; nothing else comes of it. */
export function assertCoded(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): void {
  const codes = ['tensors-file-invalid', 'tensors-file-unsupported'];
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(
      () => read(bytes.slice(0, length)),
      (error: { code?: string }) => codes.includes(error.code ?? ''),
      `cut to ${length} bytes`,
    );
  }
}

export function assertNoSurprise(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): void {
  try {
    read(bytes);
  } catch (error) {
    const { code } = error as { code?: string };
    assert.ok(code === 'tensors-file-invalid' || code === 'tensors-file-unsupported', String(error));
  }
}
