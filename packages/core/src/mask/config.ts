// The catalogue of the 240 masking configurations (wire 3), each one frozen object, so that `===` compares them. The group orders
// are data; widths and shifts follow from them and from the tables here. Two encodings exist: wire ids and REST indices (wire 3.1).

import type { Reader } from '../bytes/reader.ts';
import { toHex } from '../bytes/text.ts';
import type { Writer } from '../bytes/writer.ts';
import { XaynetError } from '../errors.ts';
import type { DataType, Encoding } from '../kernel/kernel.ts';
import { readGroupOrders } from '../kernel/orders.ts';
import { bitLength } from '../kernel/rational.ts';

export type { DataType };
/** How the group order was chosen: as small as it goes, the next prime, or the next power of two (wire 3.1). */
export type GroupType = 'Integer' | 'Prime' | 'Power2';
/** The bound of a weight: 1, 100, 10^4, 10^6, or all of the data type (wire 3.2). */
export type BoundType = 'B0' | 'B2' | 'B4' | 'B6' | 'Bmax';
/** The most models that may be summed: 10^3, 10^6, 10^9, 10^12 (wire 3.2). */
export type ModelType = 'M3' | 'M6' | 'M9' | 'M12';

/** One of the 240 masking configurations (wire 3): compare with `===`. */
export interface MaskConfig extends Encoding {
  /** For people and settings, for example `'Prime/F32/B0/M3'`. */
  readonly name: string;
  /** How the group order was chosen. */
  readonly group: GroupType;
  /** Data type of the weights that it is made for. */
  readonly data: DataType;
  /** Largest absolute value of a weight times its scalar. */
  readonly bound: BoundType;
  /** How many models may be summed. */
  readonly model: ModelType;
  /** Group order; elements are below it. */
  readonly order: bigint;
  /** Bytes of one element on the wire. */
  readonly bytesPerNumber: number;
  /** Bytes of keystream that one attempt of a draw takes; differs from `bytesPerNumber` in nine configurations (wire 3.6). */
  readonly prngBytes: number;
  /** A: what is added before scaling to integers, and the bound to which values are clamped. */
  readonly addShift: bigint;
  /** E: the power of ten that values are multiplied by. */
  readonly expShift: bigint;
  /** M: the most models that may be summed. */
  readonly maxModels: number;
}

/** The configurations of vector and scalar; equal in every original coordinator, but nothing requires it (wire 3.1). */
export interface MaskConfigPair {
  /** Of the weights. */
  readonly vect: MaskConfig;
  /** Of the scalar. */
  readonly unit: MaskConfig;
}

// In the order of the REST indices; the numbers are wire ids (wire 3.1).
const GROUPS = { Integer: 0, Prime: 1, Power2: 2 } as const;
const DATA = { F32: 0, F64: 1, I32: 2, I64: 3 } as const;
const BOUNDS = { B0: 0, B2: 2, B4: 4, B6: 6, Bmax: 255 } as const;
const MODELS = { M3: 3, M6: 6, M9: 9, M12: 12 } as const;

// Largest values of the data types (wire 3.2).
const BMAX_SHIFT = { F32: (2n ** 24n - 1n) << 104n, F64: (2n ** 53n - 1n) << 971n, I32: 2n ** 31n, I64: 2n ** 63n } as const;
const BMAX_DECIMALS = { F32: 45n, F64: 324n, I32: 10n, I64: 10n } as const;

function makeConfig(group: GroupType, data: DataType, bound: BoundType, model: ModelType, order: bigint): MaskConfig {
  return Object.freeze({
    name: `${group}/${data}/${bound}/${model}`,
    group,
    data,
    bound,
    model,
    order,
    bytesPerNumber: Math.ceil(bitLength(order - 1n) / 8),
    prngBytes: Math.ceil(bitLength(order) / 8),
    addShift: bound === 'Bmax' ? BMAX_SHIFT[data] : 10n ** BigInt(BOUNDS[bound]),
    expShift: 10n ** (bound === 'Bmax' ? BMAX_DECIMALS[data] : data === 'F64' ? 20n : 10n),
    maxModels: 10 ** MODELS[model],
  });
}

function makeCatalogue(): MaskConfig[] {
  const orders = readGroupOrders();
  const configs: MaskConfig[] = [];
  for (const group of keysOf(GROUPS)) {
    for (const data of keysOf(DATA)) {
      for (const bound of keysOf(BOUNDS)) {
        for (const model of keysOf(MODELS)) {
          const wire = toHex(Uint8Array.of(GROUPS[group], DATA[data], BOUNDS[bound], MODELS[model]));
          configs.push(makeConfig(group, data, bound, model, orders.get(wire)!));
        }
      }
    }
  }
  return configs;
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}

/** All 240 configurations, ordered by group, data, bound and model type (wire 3). */
export const MASK_CONFIGS: readonly MaskConfig[] = Object.freeze(makeCatalogue());

const BY_NAME: ReadonlyMap<string, MaskConfig> = new Map(MASK_CONFIGS.map((config) => [config.name, config]));

/**
 * The configuration of four types (wire 3.1); throws `config-unknown`.
 * @example
 * ```ts
 * import { maskConfig, parseMaskConfig } from '@xaynet/core/mask';
 * maskConfig('Prime', 'F32', 'B0', 'M3') === parseMaskConfig('Prime/F32/B0/M3'); // true
 * ```
 */
export function maskConfig(group: GroupType, data: DataType, bound: BoundType, model: ModelType): MaskConfig {
  return parseMaskConfig(`${group}/${data}/${bound}/${model}`);
}

/**
 * The configuration of a name, exactly as {@link MaskConfig.name} writes it (wire 3.1); throws `config-unknown`.
 * @example
 * ```ts
 * import { parseMaskConfig } from '@xaynet/core/mask';
 * parseMaskConfig('Power2/F32/B0/M6').bytesPerNumber; // 7
 * ```
 */
export function parseMaskConfig(name: string): MaskConfig {
  const config = BY_NAME.get(name);
  if (config === undefined) {
    const forms = [GROUPS, DATA, BOUNDS, MODELS].map((table) => Object.keys(table).join('|'));
    throw new XaynetError('config-unknown', `${JSON.stringify(name)} is not ${forms.join('/')}`);
  }
  return config;
}

/** Throws `config-unknown` unless both configurations are of the catalogue: arithmetic relies on its numbers. */
export function checkConfigPair(pair: MaskConfigPair): void {
  for (const config of [pair?.vect, pair?.unit]) {
    if (config === undefined || BY_NAME.get(config.name) !== config) throw new XaynetError('config-unknown', 'take configurations from maskConfig');
  }
}

/** Reads the four id bytes of a message (wire 5.1); throws `decode-config` at the first unknown id. */
export function readMaskConfig(reader: Reader): MaskConfig {
  const ids = reader.take(4);
  return readNames((table, i) => [Object.entries(table).find(([, id]) => id === ids[i])?.[0], `id ${ids[i]}`]);
}

/** The configuration whose names are found in the four tables; throws `decode-config` at the first that is not. */
function readNames(find: (table: Readonly<Record<string, number>>, i: number) => readonly [name: string | undefined, what: string]): MaskConfig {
  const names = [GROUPS, DATA, BOUNDS, MODELS].map((table, i) => {
    const [name, what] = find(table, i);
    if (name === undefined) throw new XaynetError('decode-config', `${FIELDS[i]} type ${what}`);
    return name;
  });
  return parseMaskConfig(names.join('/'));
}

const FIELDS = ['group', 'data', 'bound', 'model'] as const;

/**
 * Writes the four id bytes of a message (wire 5.1).
 * @example
 * ```ts
 * import { Reader, Writer } from '@xaynet/core/bytes';
 * import { parseMaskConfig, readMaskConfig, writeMaskConfig } from '@xaynet/core/mask';
 * const writer = new Writer(4);
 * writeMaskConfig(writer, parseMaskConfig('Power2/F32/B0/M6'));
 * const bytes = writer.finish(); // Uint8Array [2, 0, 0, 6]
 * readMaskConfig(new Reader(bytes, 'configuration')).name; // 'Power2/F32/B0/M6'
 * ```
 */
export function writeMaskConfig(writer: Writer, config: MaskConfig): void {
  writer.u8(GROUPS[config.group]).u8(DATA[config.data]).u8(BOUNDS[config.bound]).u8(MODELS[config.model]);
}

/** Reads the four u32le variant indices of a REST document (wire 7.3); throws `decode-config` at the first unknown index. */
export function readMaskConfigIndices(reader: Reader): MaskConfig {
  return readNames((table) => {
    const index = reader.u32le();
    return [Object.keys(table)[index], `index ${index}`];
  });
}

/**
 * Writes the four u32le variant indices of a REST document (wire 7.3).
 * @example
 * ```ts
 * import { Reader, Writer } from '@xaynet/core/bytes';
 * import { parseMaskConfig, readMaskConfigIndices, writeMaskConfigIndices } from '@xaynet/core/mask';
 * const writer = new Writer(16);
 * writeMaskConfigIndices(writer, parseMaskConfig('Power2/F32/B0/M6'));
 * const bytes = writer.finish(); // Uint8Array [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
 * readMaskConfigIndices(new Reader(bytes, 'configuration')).name; // 'Power2/F32/B0/M6'
 * ```
 */
export function writeMaskConfigIndices(writer: Writer, config: MaskConfig): void {
  [GROUPS, DATA, BOUNDS, MODELS].forEach((table, i) => void writer.u32le(Object.keys(table).indexOf(config[FIELDS[i]!])));
}
