// ONNX: the initialisers of a graph, read and replaced, and everything else left byte for byte as it is. A file is one protobuf message, of
// which only the way to its tensors is walked: a library would decode and encode all of it, and lose what it does not know. Numbers of fields
// and types are those of onnx.proto.

import { XaynetError } from '@xaynet/core/errors';
import type { DataType } from '@xaynet/core/mask';
import { bytesPerValue, checkBytes, dtypeOf, fromUtf8, makeData, readNumbers, writeNumbers } from './numbers.ts';
import { type Field, fieldsOf, fixedOf, inside, joined, replaceFields, varint, varintsOf } from './protobuf.ts';
import { shapeText, shortened, sizeOf } from './shape.ts';
import type { NamedTensors, Tensor, TensorData } from './tensors.ts';

const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9, dataLocation: 14 } as const;
/** Field of a tensor that holds its numbers one by one, where it has no raw_data. */
const TYPED = { F32: 4, I32: 5, I64: 7, F64: 10 } as const;
const DTYPES: Readonly<Record<number, DataType>> = { 1: 'F32', 6: 'I32', 7: 'I64', 11: 'F64' };
const FLOATS: readonly number[] = [1, 10, 11, 16];
/** For messages. */
const OTHER_TYPES: Readonly<Record<number, string>> = { 2: 'uint8', 3: 'int8', 8: 'string', 9: 'bool', 10: 'float16', 16: 'bfloat16' };

/** What {@link decodeOnnx} tells of an initialiser before it is read. */
export interface OnnxInitializer {
  readonly name: string;
  /** Undefined: none of the four types that can be read. */
  readonly dtype: DataType | undefined;
  readonly shape: readonly number[];
}

/** What {@link decodeOnnx} may be told. */
export interface OnnxOptions {
  /** Which initialisers to take. Default: all floats, which weights are, and no integers, which are shapes and indices. */
  readonly only?: ((initializer: OnnxInitializer) => boolean) | undefined;
}

/**
 * The initialisers of an .onnx file's graph, copied; those of graphs inside of it are not looked at. Throws `tensors-file-invalid` for bytes that
 * are no such file, `tensors-file-unsupported` for a chosen initialiser of another data type than float, double, int32 and int64 (16-bit floats are chosen by
 * default), or whose numbers lie in another file.
 * @example
 * ```ts
 * import { decodeOnnx, patchOnnx } from '@xaynet/participant/onnx';
 * import { flatten, manifestOf, unflatten } from '@xaynet/participant/tensors';
 * function train(file: Uint8Array): Uint8Array {
 *   const tensors = decodeOnnx(file, { only: ({ dtype, name }) => dtype === 'F32' && !name.endsWith('.running_var') });
 *   const manifest = manifestOf(tensors);
 *   const weights = flatten(tensors, manifest); // … to the round, and its mean back:
 *   return patchOnnx(file, unflatten(weights, manifest));
 * }
 * ```
 */
export function decodeOnnx(bytes: Uint8Array, options: OnnxOptions = {}): NamedTensors {
  const tensors: [string, Tensor][] = [];
  const names = new Set<string>();
  for (const message of initializersOf(bytes)) {
    const initializer = readInitializer(message);
    const { name, dtype, shape, type } = initializer;
    if (names.has(name)) throw invalid(`two initialisers of the name ${name}`);
    names.add(name);
    if (options.only === undefined ? FLOATS.includes(type) : options.only({ name, dtype, shape })) tensors.push([name, { shape, data: readData(initializer) }]);
  }
  return Object.fromEntries(tensors);
}

/**
 * The file with other numbers in the initialisers that `tensors` names, and every other byte as it was. Throws as {@link decodeOnnx}, and
 * `tensor-unexpected` for a name that no initialiser has, `tensor-shape` and `tensor-dtype` with both sides.
 * @example
 * ```ts
 * import { decodeOnnx, patchOnnx } from '@xaynet/participant/onnx';
 * const half = (file: Uint8Array) => {
 *   const tensors = decodeOnnx(file, { only: ({ dtype }) => dtype === 'F32' });
 *   for (const { data } of Object.values(tensors)) for (let i = 0; i < data.length; i++) data[i] = Number(data[i]) / 2;
 *   return patchOnnx(file, tensors);
 * };
 * ```
 */
export function patchOnnx(bytes: Uint8Array, tensors: NamedTensors): Uint8Array {
  const left = new Set(Object.keys(tensors));
  const patched = replaceFields(bytes, MODEL_GRAPH, (graph) =>
    replaceFields(graph, GRAPH_INITIALIZER, (message) => {
      const initializer = readInitializer(message);
      if (!Object.hasOwn(tensors, initializer.name)) return message;
      if (!left.delete(initializer.name)) throw invalid(`two initialisers of the name ${initializer.name}`);
      return withData(message, initializer, tensors[initializer.name]!);
    }),
  );
  if (left.size > 0) throw new XaynetError('tensor-unexpected', `no initialiser has the name ${[...left].join(', ')}`);
  return patched;
}

interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DataType | undefined;
  /** Number of the data type in onnx.proto. */
  readonly type: number;
  readonly size: number;
  readonly isExternal: boolean;
  readonly raw: Uint8Array | undefined;
  /** What holds the numbers one by one. */
  readonly typed: readonly Field[];
}

function* initializersOf(bytes: Uint8Array): Generator<Uint8Array> {
  checkBytes(bytes);
  const graphs = [...fieldsOf(bytes)].filter(({ number }) => number === MODEL_GRAPH);
  if (graphs.length === 0) throw invalid('there is no graph');
  for (const graph of graphs) for (const field of fieldsOf(inside(graph))) if (field.number === GRAPH_INITIALIZER) yield inside(field);
}

function readInitializer(message: Uint8Array): Initializer {
  const dims: number[] = [];
  let [name, type, isExternal]: [string | undefined, number, boolean] = ['', 0, false];
  let raw: Uint8Array | undefined;
  const fields = [...fieldsOf(message)];
  for (const field of fields) {
    if (field.number === TENSOR.dims) for (const size of varintsOf(field)) dims.push(Number(size));
    else if (field.number === TENSOR.dataType) type = Number(varintsOf(field).slice(-1)[0] ?? 0);
    else if (field.number === TENSOR.name) name = fromUtf8(inside(field));
    else if (field.number === TENSOR.rawData) raw = inside(field);
    else if (field.number === TENSOR.dataLocation) isExternal = varintsOf(field).slice(-1)[0] === 1n;
  }
  const size = sizeOf(dims);
  if (name === undefined || size === undefined) throw invalid(`an initialiser ${name ?? 'without a name'} of shape ${shapeText(dims)}`);
  const dtype = Object.hasOwn(DTYPES, type) ? DTYPES[type] : undefined;
  const typed = dtype === undefined ? [] : fields.filter(({ number }) => number === TYPED[dtype]);
  return { name, shape: dims, dtype, type, size, isExternal, raw, typed };
}

/** The data type of an initialiser whose numbers can be read and written. */
function checkReadable({ name, dtype, type, isExternal }: Initializer): DataType {
  if (isExternal) throw unsupported(`${name} lies in another file; onnx.save(model, path, save_as_external_data=False) puts it into this one`);
  if (dtype === undefined) throw unsupported(`${name}: data type ${OTHER_TYPES[type] ?? type}; the option only leaves it out`);
  return dtype;
}

function readData(initializer: Initializer): TensorData {
  const { name, size, shape, raw, typed } = initializer;
  const dtype = checkReadable(initializer);
  const width = bytesPerValue(dtype);
  if (raw !== undefined) {
    if (raw.length !== size * width) throw invalid(`${name}: ${dtype} ${shapeText(shape)} in ${raw.length} bytes of raw_data`);
    return readNumbers(dtype, raw);
  }
  const isVarint = dtype === 'I32' || dtype === 'I64';
  const parts = typed.map((field) => (isVarint ? varintsOf(field) : readNumbers(dtype, fixedOf(field, width))));
  if (parts.reduce((sum, part) => sum + part.length, 0) !== size) throw invalid(`${name}: ${shapeText(shape)} expected, other numbers there`);
  const data = makeData(dtype, size);
  let at = 0;
  for (const part of parts) for (const value of part) data[at++] = dtype === 'I32' ? Number(BigInt.asIntN(32, value as bigint)) : value;
  return data;
}

/** The message of an initialiser with other numbers, in the field, and packed or not, as they were. */
function withData(message: Uint8Array, initializer: Initializer, tensor: Tensor): Uint8Array {
  const { name, shape, raw } = initializer;
  const dtype = checkReadable(initializer);
  const given = dtypeOf(tensor.data);
  if (given !== dtype) throw new XaynetError('tensor-dtype', `${name}: ${dtype} expected, ${given ?? typeof tensor.data} given`);
  if (shapeText(tensor.shape) !== shapeText(shape) || tensor.data.length !== initializer.size)
    throw new XaynetError('tensor-shape', `${name}: ${shapeText(shape)} expected, ${shapeText(tensor.shape)} with ${tensor.data.length} numbers given`);
  readData(initializer); // what cannot be read is not written
  let at = 0;
  return replaceFields(message, raw === undefined ? TYPED[dtype] : TENSOR.rawData, (bytes, field) => {
    if (raw !== undefined) return writeNumbers(tensor.data);
    const count = dtype === 'I32' || dtype === 'I64' ? varintsOf(field).length : bytes.length / bytesPerValue(dtype);
    const part = tensor.data.subarray(at, at + count);
    at += count;
    return dtype === 'I32' || dtype === 'I64' ? joined(Array.from<number | bigint, Uint8Array>(part, (value) => varint(BigInt(value)))) : writeNumbers(part);
  });
}

function invalid(found: string): XaynetError {
  return new XaynetError('tensors-file-invalid', shortened(`onnx: ${found}`));
}

function unsupported(found: string): XaynetError {
  return new XaynetError('tensors-file-unsupported', shortened(`onnx: ${found}`));
}
