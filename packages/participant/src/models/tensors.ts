// Named tensors ↔ the flat vector that a round sums. A manifest says which number of the vector is whose; its digest lets two programs, in
// whatever language, see that they flatten alike, before a mean of unlike weights shows it. The order is that of the names' code points:
// objects and files do not keep one that all languages share.

import { toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { DataType, Weights } from '@xaynet/core/mask';
import { dtypeOf, isDataType, makeData, type TensorData, toUtf8 } from './numbers.ts';
import { shapeText, sizeOf, valueText } from './shape.ts';

export type { TensorData };

/** A tensor: numbers in row-major order (the last index runs fastest), as many as the product of `shape`; `[]` is the shape of one number. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Tensors by name. */
export type NamedTensors = Record<string, Tensor>;

/** Where a tensor lies in the vector. */
export interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Type of the tensor's own numbers. */
  readonly dtype: DataType;
  /** Index of its first number in the vector. */
  readonly offset: number;
  /** How many numbers it has: the product of its shape. */
  readonly length: number;
}

/** How tensors are laid into a vector: plain data, for JSON as it is. */
export interface Manifest {
  readonly version: 1;
  /** Type of the vector's numbers. */
  readonly dataType: DataType;
  /** Numbers in the vector: the model length of the round. */
  readonly length: number;
  readonly tensors: readonly ManifestEntry[];
  /** SHA-256, in hex, of the JSON text (UTF-8, no spaces) `[1,dataType,[[name,shape,dtype],…]]`: equal where vectors are laid out alike. */
  readonly digest: string;
}

/** What {@link manifestOf} may be told. */
export interface ManifestOptions {
  /** Type of the vector; without it, the smallest that holds every tensor exactly: the common one, F64 for floats and I32, I64 for integers. */
  readonly dataType?: DataType | undefined;
  /** All names, in the order that peers use who do not sort; default: by code points, as Python's `sorted`. */
  readonly order?: readonly string[] | undefined;
}

/** What {@link flatten} and {@link unflatten} may be told. */
export interface ConversionOptions {
  /** Whether values may be rounded to the nearest of another data type. Default: no; then they survive, or `tensor-lossy` is thrown. */
  readonly lossy?: boolean | undefined;
}

/**
 * The manifest of tensors. Throws `tensor-shape` when shape and numbers do not fit, `tensor-dtype` for what is no typed array, or when no
 * data type holds all tensors, `tensor-missing` and `tensor-unexpected` when `order` names other tensors.
 * @example
 * ```ts
 * import { manifestOf } from '@xaynet/participant/tensors';
 * const manifest = manifestOf({
 *   'out.weight': { shape: [2, 3], data: new Float32Array(6) },
 *   'out.bias': { shape: [2], data: new Float32Array(2) },
 * });
 * manifest.length; // 8: the model length to give the coordinator
 * manifest.tensors[0]; // { name: 'out.bias', shape: [2], dtype: 'F32', offset: 0, length: 2 }
 * manifest.digest.slice(0, 8); // '218ddabf': the same in every program that flattens alike
 * ```
 */
export function manifestOf(tensors: NamedTensors, options: ManifestOptions = {}): Manifest {
  const names = options.order ?? Object.keys(tensors).sort(byCodePoints);
  checkNames(tensors, names);
  const parts = names.map((name) => ({ name, ...checkTensor(name, tensors[name]!) }));
  return layOut(options.dataType ?? commonType(parts), parts);
}

/**
 * The numbers of all tensors as one vector of the manifest's data type, for `setModel` or as the result of `train`. Throws
 * `tensor-missing`, `tensor-unexpected`, `tensor-shape` and `tensor-dtype` with the name of the tensor and both sides, and `tensor-lossy` for the first value that
 * the data type of the vector cannot hold.
 * @example
 * ```ts
 * import { flatten, unflatten, manifestOf } from '@xaynet/participant/tensors';
 * const tensors = { b: { shape: [2], data: Float32Array.of(3, 4) }, a: { shape: [], data: Float32Array.of(1) } };
 * const manifest = manifestOf(tensors);
 * const weights = flatten(tensors, manifest); // Float32Array [1, 3, 4]
 * unflatten(weights, manifest); // { a, b }
 * ```
 */
export function flatten(tensors: NamedTensors, manifest: Manifest = manifestOf(tensors), options: ConversionOptions = {}): Weights {
  checkNames(
    tensors,
    manifest.tensors.map(({ name }) => name),
  );
  const weights = makeData(manifest.dataType, manifest.length);
  for (const { name, shape, dtype, offset } of manifest.tensors) {
    const given = checkTensor(name, tensors[name]!);
    if (given.shape.length !== shape.length || given.shape.some((size, i) => size !== shape[i]))
      throw new XaynetError('tensor-shape', `${name}: ${shapeText(shape)} expected, ${shapeText(given.shape)} given`);
    if (given.dtype !== dtype) throw new XaynetError('tensor-dtype', `${name}: ${dtype} expected, ${given.dtype} given`);
    convert(name, given.data, weights, offset, options.lossy === true);
  }
  return weights;
}

/**
 * The tensors of a vector: copies, so that training in place does not change the vector. Float tensors take the nearest float, as a mean has
 * been rounded anyway; integer tensors take whole numbers only, or with `lossy` the nearest. Throws `model-length` when the vector has
 * another length than the manifest, `tensor-dtype` for what is no typed array, and `tensor-lossy`.
 * @example
 * ```ts
 * import { manifestOf, unflatten } from '@xaynet/participant/tensors';
 * const manifest = manifestOf({ w: { shape: [2], data: new Float32Array(2) }, steps: { shape: [], data: Int32Array.of(0) } });
 * const mean = Float64Array.of(6.5, 0.25, 0.75); // F64 holds floats and I32
 * unflatten(mean, manifest); // throws tensor-lossy
 * const { steps } = unflatten(mean, manifest, { lossy: true });
 * steps?.data; // Int32Array [7]
 * ```
 */
export function unflatten(weights: Weights, manifest: Manifest, options: ConversionOptions = {}): NamedTensors {
  if (dtypeOf(weights) === undefined) throw new XaynetError('tensor-dtype', `a vector is a typed array; ${kindOf(weights)} given`);
  if (weights.length !== manifest.length)
    throw new XaynetError('model-length', `${weights.length} weights given, the ${manifest.tensors.length} tensors of the manifest have ${manifest.length}`);
  return Object.fromEntries(
    manifest.tensors.map(({ name, shape, dtype, offset, length }) => {
      const data = makeData(dtype, length);
      convert(name, weights.subarray(offset, offset + length), data, 0, options.lossy === true || dtype === 'F32' || dtype === 'F64');
      return [name, { shape: [...shape], data }];
    }),
  );
}

/**
 * Checks what came as JSON from elsewhere: a manifest that says of itself what is so, digest included. Throws `manifest-invalid`.
 * @example
 * ```ts
 * import { checkManifest, manifestOf } from '@xaynet/participant/tensors';
 * const stored = JSON.stringify(manifestOf({ bias: { shape: [2], data: new Float32Array(2) } }));
 * checkManifest(JSON.parse(stored)).length; // 2
 * checkManifest({ ...JSON.parse(stored), length: 3 }); // throws manifest-invalid
 * ```
 */
export function checkManifest(value: unknown): Manifest {
  const bad = (why: string): XaynetError => new XaynetError('manifest-invalid', why);
  const { version, dataType, tensors } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<string, unknown>>;
  if (version !== 1) throw bad(`version 1 expected, ${valueText(version)} given`);
  if (!isDataType(dataType) || !Array.isArray(tensors)) throw bad('dataType and tensors expected');
  const parts = tensors.map((entry: Partial<Record<string, unknown>> | null) => {
    const { name, shape, dtype } = entry ?? {};
    if (typeof name !== 'string' || !isDataType(dtype) || sizeOf(shape) === undefined) throw bad(`tensor ${valueText(name)}`);
    return { name, shape: shape as number[], dtype };
  });
  if (new Set(parts.map(({ name }) => name)).size !== parts.length) throw bad('two tensors of one name');
  const manifest = layOut(dataType, parts);
  if (canonical(manifest) !== canonical(value as Manifest)) throw bad('offsets, lengths or digest are not those of the tensors');
  return manifest;
}

function canonical({ version, dataType, length, tensors, digest }: Manifest): string {
  return JSON.stringify([version, dataType, length, digest, tensors.map((entry) => [entry.name, entry.shape, entry.dtype, entry.offset, entry.length])]);
}

type Part = Pick<ManifestEntry, 'name' | 'shape' | 'dtype'>;

function layOut(dataType: DataType, parts: readonly Part[]): Manifest {
  let length = 0;
  const tensors = parts.map(({ name, shape, dtype }) => {
    const entry = { name, shape: [...shape], dtype, offset: length, length: sizeOf(shape)! };
    length += entry.length;
    return entry;
  });
  if (!Number.isSafeInteger(length)) throw new XaynetError('tensor-shape', 'more numbers in all than can be counted');
  const text = toUtf8(JSON.stringify([1, dataType, parts.map(({ name, shape, dtype }) => [name, shape, dtype])]));
  return { version: 1, dataType, length, tensors, digest: toHex(sha256(text!)) };
}

/** A common type that holds all exactly. */
function commonType(parts: readonly Part[]): DataType {
  const types = new Set(parts.map(({ dtype }) => dtype));
  if (types.size <= 1) return parts[0]?.dtype ?? 'F32';
  if (!types.has('I64')) return 'F64';
  if (!types.has('F32') && !types.has('F64')) return 'I64';
  const wide = parts.find(({ dtype }) => dtype === 'I64')!;
  throw new XaynetError('tensor-dtype', `${wide.name} is I64 among floats: leave it out, or name the dataType of the vector`);
}

/** The dtype, shape and numbers of a tensor that is one. */
function checkTensor(name: string, tensor: Tensor): Tensor & { readonly dtype: DataType } {
  const { shape, data } = tensor ?? {};
  const dtype = dtypeOf(data);
  if (dtype === undefined)
    throw new XaynetError('tensor-dtype', `${name}: a Float32Array, Float64Array, Int32Array or BigInt64Array expected, ${kindOf(data)} given`);
  const size = sizeOf(shape);
  if (size === undefined) throw new XaynetError('tensor-shape', `${name}: ${shapeText(shape)} is no shape`);
  if (size !== data.length) throw new XaynetError('tensor-shape', `${name}: ${shapeText(shape)} has ${size} numbers, ${data.length} given`);
  return { shape, data, dtype };
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array of numbers (Float32Array.from makes one of it)';
  return value === undefined ? 'nothing' : (Object.prototype.toString.call(value).slice(8, -1) ?? typeof value);
}

/** Every tensor is named once, and no other. */
function checkNames(tensors: NamedTensors, names: readonly string[]): void {
  const known = new Set(names);
  if (known.size !== names.length) throw new XaynetError('tensor-unexpected', 'a name is given twice');
  const missing = names.filter((name) => !Object.hasOwn(tensors, name));
  if (missing.length > 0) throw new XaynetError('tensor-missing', some(missing));
  const others = Object.keys(tensors).filter((name) => !known.has(name));
  if (others.length > 0) throw new XaynetError('tensor-unexpected', some(others));
  const broken = names.find((name) => toUtf8(name) === undefined);
  if (broken !== undefined) throw new XaynetError('tensor-unexpected', `${JSON.stringify(broken)} is no Unicode text`);
}

function some(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

/** The order of UTF-8 bytes. That of UTF-16 differs where one text has half a surrogate pair and the other a character above all of those. */
function byCodePoints(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Copies numbers into another array, as numbers of its type. */
function convert(name: string, from: TensorData, to: TensorData, offset: number, lossy: boolean): void {
  const dtype = dtypeOf(to)!;
  if (dtypeOf(from) === dtype || (dtype === 'F64' && !(from instanceof BigInt64Array))) {
    (to as Float64Array).set(from as Float64Array, offset);
    return;
  }
  for (let i = 0; i < from.length; i++) {
    const value = from[i]!;
    const held = nearest(value, dtype);
    // Comparisons of numbers with big integers are exact; with NaN, which every float type holds, they are false.
    if (held === undefined || (!lossy && (held < value || held > value)))
      throw new XaynetError('tensor-lossy', `${name}: number ${i} is ${value}, which ${dtype} does not hold`);
    to[offset + i] = held;
  }
}

/** The nearest number of a type; undefined when it is beyond the largest. */
function nearest(value: number | bigint, dtype: DataType): number | bigint | undefined {
  if (dtype === 'F64') return Number(value);
  if (dtype === 'F32') {
    const held = Math.fround(Number(value));
    return Number.isFinite(held) || !Number.isFinite(Number(value)) ? held : undefined;
  }
  const whole = typeof value === 'bigint' ? value : Number.isFinite(value) ? BigInt(Math.round(value)) : undefined;
  if (whole === undefined || BigInt.asIntN(dtype === 'I32' ? 32 : 64, whole) !== whole) return undefined;
  return dtype === 'I32' ? Number(whole) : whole;
}
