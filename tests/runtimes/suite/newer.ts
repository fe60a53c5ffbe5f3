// What tests themselves use of the library and Hermes 0.12 lacks, put before all of them where it is missing. The packages get along
// without: their `lib` (tsconfig.json) does not have it, so it does not type-check there. And what Hermes has but wrong is made to throw.

type Methods = Readonly<Record<string, (this: never, ...given: never[]) => unknown>>;

interface List extends ArrayLike<unknown> {
  slice(): unknown[];
}

const at = function (this: ArrayLike<unknown>, index: number): unknown {
  return this[index < 0 ? this.length + index : index];
};
const toReversed = function (this: List): unknown[] {
  return this.slice().reverse();
};
const OF_LISTS: Methods = {
  at,
  toReversed,
  with: function (this: List, index: number, value: unknown): unknown[] {
    const copy = this.slice();
    copy[index < 0 ? copy.length + index : index] = value;
    return copy;
  },
};
const OF_ARRAYS: Methods = {
  toSpliced: function (this: List, ...given: [number, number, ...unknown[]]): unknown[] {
    const copy = this.slice();
    copy.splice(...given);
    return copy;
  },
};

function fill(prototype: object, methods: Methods): void {
  for (const [name, value] of Object.entries(methods)) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}

fill(Array.prototype, { ...OF_LISTS, ...OF_ARRAYS });
fill(Object.getPrototypeOf(Uint8Array.prototype) as object, OF_LISTS);
fill(String.prototype, { at });

// Hermes 0.12: wrong from 2^63 on, by sign or size, and a few values end the process. Whoever asks for one would get a wrong result.
if (Number(2n ** 64n - 1n) !== 2 ** 64) {
  const real = Number;
  const careful = function (this: unknown, ...given: [] | [unknown]): number {
    const [value] = given;
    if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) throw new RangeError(`Number of ${value}n is wrong in this engine`);
    return given.length === 0 ? 0 : real(value);
  };
  for (const name of Object.getOwnPropertyNames(real)) {
    if (name !== 'length' && name !== 'name') Object.defineProperty(careful, name, Object.getOwnPropertyDescriptor(real, name)!);
  }
  (globalThis as { Number: unknown }).Number = careful;
}
