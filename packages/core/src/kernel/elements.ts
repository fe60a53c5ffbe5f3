// Packed elements: fixed-width little-endian integers, one after another at any alignment (wire 5.2). Here is how one becomes a big
// integer or 32-bit limbs and back, and the range check, which compares bytes from the top and so mostly looks at one byte.

/** The little-endian integer in `width` bytes at `offset`. */
export function bytesToInteger(bytes: Uint8Array, offset: number, width: number): bigint {
  let value = 0n;
  for (let at = (width - 1) & ~3; at >= 0; at -= 4) value = (value << 32n) | BigInt(readWord(bytes, offset + at, width - at));
  return value;
}

/** Writes a non-negative integer that fits as `width` little-endian bytes at `offset`. */
export function integerToBytes(value: bigint, bytes: Uint8Array, offset: number, width: number): void {
  for (let at = 0; at < width; at += 4) {
    writeWord(Number(value & 0xffff_ffffn), bytes, offset + at, width - at);
    value >>= 32n;
  }
}

/** The word at `offset`, of which only `available` bytes count (none if not positive). */
export function readWord(bytes: Uint8Array, offset: number, available: number): number {
  if (available >= 4) return (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0;
  let word = 0;
  for (let i = 0; i < available; i++) word |= bytes[offset + i]! << (8 * i);
  return word;
}

/** Writes the lowest `available` bytes of a word, at most four. */
export function writeWord(word: number, bytes: Uint8Array, offset: number, available: number): void {
  const count = Math.min(available, 4);
  for (let i = 0; i < count; i++) bytes[offset + i] = word >>> (8 * i);
}

/** A non-negative integer as `count` 32-bit limbs, lowest first. */
export function integerToLimbs(value: bigint, count: number): Uint32Array {
  const limbs = new Uint32Array(count);
  for (let i = 0; i < count; i++) limbs[i] = Number((value >> BigInt(32 * i)) & 0xffff_ffffn);
  return limbs;
}

/** Whether every element e of `width` bytes satisfies `low <= e < high`. */
export function everyInRange(width: number, elements: Uint8Array, low: bigint, high: bigint): boolean {
  const all = 1n << BigInt(8 * width);
  return (low <= 0n || everyElement(width, elements, low, all, false)) && (high >= all || everyElement(width, elements, high, all, true));
}

function everyElement(width: number, elements: Uint8Array, limit: bigint, all: bigint, below: boolean): boolean {
  if (limit <= 0n || limit >= all) return elements.length === 0;
  const bytes = new Uint8Array(width);
  integerToBytes(limit, bytes, 0, width);
  for (let offset = 0; offset < elements.length; offset += width) {
    let i = width - 1;
    while (i >= 0 && elements[offset + i] === bytes[i]) i--;
    const isBelow = i >= 0 && elements[offset + i]! < bytes[i]!;
    if (isBelow !== below) return false;
  }
  return true;
}
