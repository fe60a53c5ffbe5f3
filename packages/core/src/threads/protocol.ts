// What pool and workers say to each other: commands with plain values and packed bytes, each answered once. Configurations travel by
// name, errors by code, buffers by transfer, or shared where the engine can share memory.

import { sentenceOf } from '#sentences';
import { type ErrorCode, isXaynetError, XaynetError } from '../errors.ts';
import type { DataType, MaskConfigPair } from '../mask/config.ts';
import { parseMaskConfig } from '../mask/config.ts';
import type { Weights } from '../mask/model.ts';
import type { MaskObject } from '../mask/object.ts';
import type { Scalar } from '../mask/scalar.ts';

/** A mask object, or a slice of one, under way. */
export interface PackedObject {
  readonly vectConfig: string;
  readonly unitConfig: string;
  readonly length: number;
  readonly vect: Uint8Array;
  readonly unit: Uint8Array;
}

/** What a vector is: enough to begin a sum. */
export type Shape = Pick<PackedObject, 'vectConfig' | 'unitConfig' | 'length'>;

/** What can be asked of a workbench. A `sum` is a number that the asker chose. */
export type Command =
  /** Adds the masks of the seeds, 32 bytes each, to a sum, which begins with the first seeds; the seeds are overwritten. Answers the milliseconds. */
  | { readonly do: 'add-masks'; readonly sum: number; readonly shape: Shape; readonly seeds: Uint8Array }
  /** Checks an object and keeps it for `add`; answers whether its elements are below the orders. */
  | { readonly do: 'check'; readonly sum: number; readonly object: PackedObject }
  /** Adds the object that was checked last. */
  | { readonly do: 'add'; readonly sum: number }
  /** Answers the sum. */
  | { readonly do: 'read'; readonly sum: number }
  /** Answers the sum and forgets it. */
  | { readonly do: 'take'; readonly sum: number }
  /** Unmasks the sum, which stays as it is. */
  | { readonly do: 'unmask-sum'; readonly sum: number; readonly mask: PackedObject; readonly data: Result }
  /** Unmasks a sum of `count` objects, which is not kept. */
  | { readonly do: 'unmask'; readonly object: PackedObject; readonly count: number; readonly mask: PackedObject; readonly data: Result };

/** A sum and how many objects are in it. */
export interface SumValue {
  readonly object: PackedObject;
  readonly count: number;
}

/** What unmasking is asked for: primitives, or the fractions of a published model (wire 7.3). */
export type Result = DataType | 'fractions';

/** An unmasked slice. */
export interface UnmaskedValue {
  /** Weights as primitives, or the bytes of their fractions. */
  readonly result: Weights | Uint8Array;
  readonly scalarSum: Scalar;
  readonly withinBound: boolean;
}

/** What commands answer. */
export interface Values {
  'add-masks': number;
  check: boolean;
  add: undefined;
  read: SumValue;
  take: SumValue;
  'unmask-sum': UnmaskedValue;
  unmask: UnmaskedValue;
}

/** A command on its way. */
export interface Request {
  readonly id: number;
  readonly command: Command;
}

/** An answer on its way back. */
export type Answer =
  | { readonly id: number; readonly value: Values[Command['do']] }
  | { readonly id: number; readonly error: { readonly code: string | undefined; readonly message: string } };

/** Runs a command and packs its answer, with the buffers that may move. */
export function answerOf(id: number, run: () => Values[Command['do']]): { answer: Answer; transfer: ArrayBuffer[] } {
  try {
    const value = run();
    return { answer: { id, value }, transfer: buffersOf(value) };
  } catch (error) {
    return { answer: { id, error: { code: isXaynetError(error) ? error.code : undefined, message: String((error as Error).message) } }, transfer: [] };
  }
}

function buffersOf(value: Values[Command['do']]): ArrayBuffer[] {
  if (typeof value !== 'object') return [];
  const views = 'result' in value ? [value.result] : [value.object.vect];
  return views.filter(({ buffer, byteLength }) => buffer instanceof ArrayBuffer && buffer.byteLength === byteLength).map(({ buffer }) => buffer as ArrayBuffer);
}

/** The error that an answer stands for; undefined when it is none of this project's, which makes it the worker's own trouble. */
export function errorOf({ code, message }: { readonly code: string | undefined; readonly message: string }): XaynetError | undefined {
  if (code === undefined) return undefined;
  const sentence = sentenceOf(code); // as XaynetError itself has it, at both ends
  return new XaynetError(code as ErrorCode, message === sentence ? undefined : message.slice(sentence.length + 2, -1));
}

/** A mask object, ready to travel; the bytes are the same. */
export function pack({ config, length, vect, unit }: MaskObject): PackedObject {
  return { ...shapeOf(config, length), vect, unit };
}

/** The mask object that travelled. */
export function unpack(object: PackedObject): MaskObject {
  return { config: configOf(object), length: object.length, vect: object.vect, unit: object.unit };
}

/** What a sum of these configurations is begun with. */
export function shapeOf(config: MaskConfigPair, length: number): Shape {
  return { vectConfig: config.vect.name, unitConfig: config.unit.name, length };
}

/** The configurations of a shape, the very objects of the catalogue. */
export function configOf({ vectConfig, unitConfig }: Shape): MaskConfigPair {
  return { vect: parseMaskConfig(vectConfig), unit: parseMaskConfig(unitConfig) };
}
