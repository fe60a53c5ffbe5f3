// The masking cases, from typed array to typed array, through core's public functions, with the backend in force. Inputs are made
// from numbers that look random and are the same everywhere.

import { MaskSeed } from '@xaynet/core/bytes';
import {
  Aggregation,
  deriveMask,
  type MaskConfig,
  type MaskObject,
  maskConfigCosts,
  maskModel,
  type Rational,
  rational,
  type Weights,
} from '@xaynet/core/mask';
import { kernel } from '../packages/core/src/kernel/chosen.ts';
import { OracleGenerator } from '../tests/oracle.ts';
import { currentBackend, onPlain } from './backends.ts';
import { type Case, type CaseBar, equal, Unequal } from './cases.ts';
import { type Keystream, memoryCopy } from './keystreams.ts';
import { bytesOfModel, weightsOfModel, writePieces } from './model-bytes.ts';
import { addSlowly, deriveSlowly, elementAt, maskSlowly, readSlowly, type Undoing, undoingOf, unmaskSlowly, writeSlowly } from './oracle.ts';

/** What the masking cases are made for. */
export interface Subject {
  readonly config: MaskConfig;
  /** N, number of weights. */
  readonly length: number;
  /** How many weights are checked one by one and given to the oracle. */
  readonly slowly: number;
  /** The raw keystream that the backend draws from, if it is known. */
  readonly keystream?: { readonly name: string; readonly run: Keystream };
  /** Whether the bars of the backend that is chosen by itself apply, or those of the WASM one in a page. */
  readonly bars: 'chosen' | 'page' | 'none';
}

/** Seed number `i`. */
export function seed(i: number): MaskSeed {
  return MaskSeed(Uint8Array.from({ length: 32 }, (_, j) => (i * 41 + j * 7 + 3) & 0xff));
}

/** `length` weights within the bound of the configuration, of the array type of its data. */
export function weightsFor({ data, bound }: MaskConfig, length: number): Weights {
  const most = { B0: 1, B2: 100, B4: 1e4, B6: 1e6, Bmax: 1e6 }[bound];
  let state = 12345;
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return (state / 2 ** 31) * most;
  };
  if (data === 'F32') return new Float32Array(length).map(next);
  if (data === 'F64') return new Float64Array(length).map(next);
  return data === 'I32' ? new Int32Array(length).map(next) : new BigInt64Array(length).map(() => BigInt(Math.trunc(next())));
}

const THIRD: Rational = rational(1, 3);
const ONE: Rational = rational(1);
const SAMPLE_CONFIG = 'Prime/F32/B0/M3';
const DEFAULT_CONFIG = 'Power2/F32/B0/M6';

/** The bars for one core and a million weights. */
function barsFor(name: string, { config, bars }: Subject): { bars?: readonly CaseBar[] } {
  if (bars === 'page') return name === 'in place' ? { bars: [{ of: 'limit', atLeast: 0.8 }] } : {};
  if (bars === 'none') return {};
  const narrow = config.bytesPerNumber <= 8;
  const found: Readonly<Record<string, readonly CaseBar[] | undefined>> = {
    derive:
      config.name === SAMPLE_CONFIG
        ? [
            { of: 'limit', atLeast: 0.7 },
            { of: 'rate', atLeast: 14 },
          ]
        : config.name === DEFAULT_CONFIG
          ? [{ of: 'rate', atLeast: 80 }]
          : undefined,
    mask: config.name === SAMPLE_CONFIG ? [{ of: 'time', atMost: 1.2 }] : config.name === DEFAULT_CONFIG ? [{ of: 'time', atMost: 1.3 }] : undefined,
    aggregate: narrow ? [{ of: 'rate', atLeast: 700 }] : undefined,
    unmask: narrow ? [{ of: 'rate', atLeast: 100 }] : undefined,
    model: narrow ? [{ of: 'rate', atLeast: 5 }] : undefined,
  };
  const own = found[name];
  return own === undefined ? {} : { bars: own };
}

/** Bytes of an element in a sum's own form: 64-bit lanes. */
function laneBytes({ bytesPerNumber }: MaskConfig): number {
  return 8 * Math.ceil(bytesPerNumber / 8);
}

const inPair = (config: MaskConfig) => ({ vect: config, unit: config });

/** Vectors longer than this are compared with the oracle at their beginning only. */
const LONGEST_CHECK = 2_000_000;

/** Throws unless the plain kernel gives the same, to the last element. */
function sameOnPlain({ length }: Subject, run: () => ArrayLike<unknown>, what: string): void {
  if (currentBackend() !== 'plain' && length <= LONGEST_CHECK) equal(run(), onPlain(run), `${what}, by the plain kernel`);
}

/** The first elements of an object as numbers. */
function firstOf(object: MaskObject, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => elementAt(object.config.vect, object.vect, i));
}

function keystreamLimit({ config, length, keystream }: Subject): Pick<Case, 'limit'> {
  if (keystream === undefined) return {};
  const bytes = Math.ceil(length * maskConfigCosts(config).keystreamBytesPerWeight);
  return { limit: { name: `${keystream.name} keystream`, run: () => keystream.run(bytes) } };
}

/** Deriving the mask of a seed. */
export function deriveCase(subject: Subject): Case {
  const { config, length, slowly } = subject;
  const run = (): MaskObject => deriveMask({ config: inPair(config), seed: seed(1), length });
  return {
    name: 'derive',
    config: config.name,
    unit: 'weights',
    amount: length,
    run,
    check: () => {
      equal(firstOf(run(), slowly), deriveSlowly(config, new OracleGenerator(seed(1)), slowly), 'derive');
      sameOnPlain(subject, () => run().vect, 'derive');
    },
    oracle: { amount: slowly, run: () => deriveSlowly(config, new OracleGenerator(seed(1)), slowly) },
    ...keystreamLimit(subject),
    ...barsFor('derive', subject),
  };
}

/** The same over a vector that is there already: the arithmetic alone, without a fresh result that the system must find memory for. */
export function deriveInPlaceCase(subject: Subject): Case {
  const { config, length } = subject;
  let places: { readonly unit: Uint8Array; readonly vect: Uint8Array } | undefined;
  const run = (): Uint8Array => {
    places ??= { unit: new Uint8Array(config.bytesPerNumber), vect: new Uint8Array(length * config.bytesPerNumber) };
    const draws = kernel().draws(seed(1));
    draws.write(config, places.unit);
    draws.write(config, places.vect);
    return places.vect;
  };
  const { oracle } = deriveCase(subject);
  return {
    name: 'derive, in place',
    config: config.name,
    unit: 'weights',
    amount: length,
    run,
    check: () => equal(run(), deriveMask({ config: inPair(config), seed: seed(1), length }).vect, 'derive, in place'),
    ...(oracle === undefined ? {} : { oracle }),
    ...keystreamLimit(subject),
    ...barsFor('in place', subject),
  };
}

/** Masking a typed array. */
export function maskCase(subject: Subject, scalar: Rational): Case {
  const { config, length, slowly } = subject;
  const model = weightsFor(config, length);
  const run = (): MaskObject => maskModel({ config: inPair(config), seed: seed(1), scalar, model });
  const few = model.subarray(0, slowly);
  const name = `mask, scalar ${scalar.numerator}${scalar.denominator === 1n ? '' : `/${scalar.denominator}`}`;
  return {
    name,
    config: config.name,
    unit: 'weights',
    amount: length,
    run,
    check: () => {
      equal(firstOf(run(), slowly), maskSlowly(config, new OracleGenerator(seed(1)), scalar, few), name);
      sameOnPlain(subject, () => run().vect, name);
    },
    oracle: { amount: slowly, run: () => maskSlowly(config, new OracleGenerator(seed(1)), scalar, few) },
    beside: { name: 'derive', run: deriveCase(subject).run },
    ...keystreamLimit(subject),
    ...barsFor('mask', subject),
  };
}

/** Elements that are below every order of their width and cost nothing to make: their highest byte is zero. */
export function someElements(config: MaskConfig, length: number, start: number): MaskObject {
  const width = config.bytesPerNumber;
  const vect = new Uint8Array(length * width);
  let state = start;
  for (let i = 0; i < vect.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    vect[i] = state >>> 24;
  }
  for (let i = width - 1; i < vect.length; i += width) vect[i] = 0;
  return { config: inPair(config), length, vect, unit: new Uint8Array(width) };
}

/** Validating and adding a message's elements to a sum. */
export function aggregateCase(subject: Subject): Case {
  const { config, length, slowly } = subject;
  const [first, second] = [someElements(config, length, 1), someElements(config, length, 2)];
  let sum = new Aggregation(inPair(config), length);
  const slow = (): bigint[] => {
    const sums = new Array<bigint>(slowly).fill(0n);
    addSlowly(config, sums, first.vect);
    addSlowly(config, sums, second.vect);
    return sums;
  };
  return {
    name: 'aggregate',
    config: config.name,
    unit: 'weights',
    amount: length,
    run: () => {
      if (sum.count >= config.maxModels) sum = new Aggregation(inPair(config), length);
      sum.add(first);
    },
    check: () => {
      const add = (): Aggregation => {
        const sum = Aggregation.from(first);
        sum.add(second);
        return sum;
      };
      const both = add();
      equal(firstOf(both.object(), slowly), slow(), 'aggregate');
      sameOnPlain(subject, () => add().object().vect, 'aggregate');
      const last = second.vect.slice();
      last.fill(0xff, last.length - config.bytesPerNumber);
      if (config.order === 1n << BigInt(8 * config.bytesPerNumber)) return; // every element is in range
      try {
        both.add({ ...second, vect: last });
      } catch {
        return;
      }
      throw new Unequal('aggregate: an element out of range was added');
    },
    oracle: { amount: 2 * slowly, run: slow },
    limit: { name: 'memory copy', run: memoryCopy(length * (config.bytesPerNumber + laneBytes(config))) },
    ...barsFor('aggregate', subject),
  };
}

/** A sum of two masked models, its mask, and what undoes it slowly. */
function masked({ config, length, slowly }: Subject): { sum: Aggregation; mask: MaskObject; sums: bigint[]; undoing: Undoing } {
  const model = weightsFor(config, length);
  const sum = new Aggregation(inPair(config), length);
  const masks = new Aggregation(inPair(config), length);
  for (const [i, scalar] of [THIRD, ONE].entries()) {
    sum.add(maskModel({ config: inPair(config), seed: seed(i), scalar, model }));
    masks.add(deriveMask({ config: inPair(config), seed: seed(i), length }));
  }
  const [object, mask] = [sum.object(), masks.object()];
  const unit = (elementAt(config, object.unit, 0) + config.order - elementAt(config, mask.unit, 0)) % config.order;
  return { sum, mask, sums: firstOf(object, slowly), undoing: undoingOf(config, 2, unit) };
}

/** Taking a mask off a sum, to a typed array. */
export function unmaskCase(subject: Subject): Case {
  const { config, length, slowly } = subject;
  const { sum, mask, sums, undoing } = masked(subject);
  const run = (): Weights => sum.unmask(mask).toWeights(config.data);
  const slow = (): (number | bigint)[] => unmaskSlowly(config, sums, mask.vect, undoing, slowly);
  return {
    name: 'unmask',
    config: config.name,
    unit: 'weights',
    amount: length,
    run,
    check: () => {
      equal(run().subarray(0, slowly), slow(), 'unmask');
      sameOnPlain(subject, () => masked(subject).sum.unmask(mask).toWeights(config.data), 'unmask');
    },
    oracle: { amount: slowly, run: slow },
    limit: { name: 'memory copy', run: memoryCopy(length * (config.bytesPerNumber + laneBytes(config) + run().BYTES_PER_ELEMENT)) },
    ...barsFor('unmask', subject),
  };
}

/** Writing the published model of a sum, in pieces that are sent and forgotten. */
export function modelEncodeCase(subject: Subject): Case {
  const { config, length, slowly } = subject;
  const { sum, mask, sums, undoing } = masked(subject);
  const unmasked = sum.unmask(mask);
  const slow = (): Uint8Array =>
    writeSlowly(
      Array.from({ length: slowly }, (_, i) => {
        const difference = (sums[i]! + config.order - elementAt(config, mask.vect, i)) % config.order;
        return { numerator: (difference - undoing.offset) * undoing.numerator, denominator: undoing.denominator };
      }),
    );
  return {
    name: 'model encode',
    config: config.name,
    unit: 'weights',
    amount: length,
    run: () => writePieces(unmasked),
    check: () => {
      const bytes = bytesOfModel(unmasked);
      const expected = slow();
      equal(bytes.subarray(8, 8 + expected.length), expected, 'model encode');
      if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) !== length) throw new Unequal('model encode: the count');
      sameOnPlain(subject, () => bytesOfModel(masked(subject).sum.unmask(mask)), 'model encode');
    },
    oracle: { amount: slowly, run: slow },
    limit: { name: 'memory copy', run: memoryCopy(length * config.bytesPerNumber + writePieces(unmasked)) },
    ...barsFor('model', subject),
  };
}

/** Reading a published model into a typed array. */
export function modelDecodeCase(subject: Subject): Case {
  const { config, length, slowly } = subject;
  const { sum, mask } = masked(subject);
  const unmasked = sum.unmask(mask);
  const bytes = bytesOfModel(unmasked);
  const run = (): Weights => weightsOfModel(bytes, config.data);
  const slow = (): (number | bigint)[] => readSlowly(bytes.subarray(8), slowly, config.data);
  return {
    name: 'model decode',
    config: config.name,
    unit: 'weights',
    amount: length,
    run,
    check: () => {
      equal(run().subarray(0, slowly), slow(), 'model decode');
      sameOnPlain(subject, run, 'model decode');
      equal(run(), unmasked.toWeights(config.data), 'model decode, and unmask');
    },
    oracle: { amount: slowly, run: slow },
    limit: { name: 'memory copy', run: memoryCopy(bytes.length + length * run().BYTES_PER_ELEMENT) },
    ...barsFor('model', subject),
  };
}

/** The masking cases of one configuration, each made when its turn comes, because some hold much memory. */
export const MASKING_CASES: readonly { readonly name: string; readonly make: (subject: Subject) => Case }[] = [
  { name: 'derive', make: deriveCase },
  { name: 'derive, in place', make: deriveInPlaceCase },
  { name: 'mask, scalar 1', make: (subject) => maskCase(subject, ONE) },
  { name: 'mask, scalar 1/3', make: (subject) => maskCase(subject, THIRD) },
  { name: 'aggregate', make: aggregateCase },
  { name: 'unmask', make: unmaskCase },
  { name: 'model encode', make: modelEncodeCase },
  { name: 'model decode', make: modelDecodeCase },
];
