// The ladder of X25519 (RFC 7748): that of @noble/curves 2.4.0 (MIT License, Copyright (c) 2022 Paul Miller; see LICENSE-noble), cut to the one
// curve. Steps, masks and their order are as they were; left out are X448, options, checks of arguments, the refusal of points of small
// order (which is stated once, in sealed-box.ts) and helpers. In a page's bundle 2.3 to 0.5 kB compressed. The test compares with the
// whole library.

/** The prime of the field, 2^255 − 19. */
export const P: bigint = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn;

const BELOW_SIGN = (1n << 255n) - 1n;

export function modP(n: bigint): bigint {
  const rest = n % P;
  return rest >= 0n ? rest : P + rest;
}

/** The integer of little-endian bytes. */
export function fromLittleEndian(bytes: Uint8Array): bigint {
  let hex = '0x';
  for (let i = bytes.length; i-- > 0; ) hex += bytes[i]!.toString(16).padStart(2, '0');
  return BigInt(hex);
}

/** 32 little-endian bytes of an integer below 2^256. */
export function toLittleEndian(integer: bigint): Uint8Array {
  const hex = integer.toString(16).padStart(64, '0');
  return Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(62 - 2 * i, 64 - 2 * i), 16));
}

/** The scalar of a secret key, clamped (RFC 7748, 5). */
export function scalarOf(secretKey: Uint8Array): bigint {
  const bytes = Uint8Array.from(secretKey);
  bytes[0]! &= 248;
  bytes[31]! &= 127;
  bytes[31]! |= 64;
  const scalar = fromLittleEndian(bytes);
  bytes.fill(0);
  return scalar;
}

/** x^(2^times). */
function squared(x: bigint, times: number): bigint {
  let power = x;
  for (let i = 0; i < times; i++) power = (power * power) % P;
  return power;
}

/** 1/x modulo P, and 0 for 0: x^(P − 2), whose exponent is 250 ones and 01011. It is public, so that the steps do not depend on x. */
export function inverse(x: bigint): bigint {
  let power = x; // of as many ones: twice as many, and one more where 250 has a bit
  for (let ones = 1, bit = 6; bit >= 0; bit--) {
    power = (squared(power, ones) * power) % P;
    ones *= 2;
    if ((250 >> bit) & 1) {
      power = (squared(power, 1) * x) % P;
      ones++;
    }
  }
  return modP(squared(power, 5) * ((squared(x, 3) * squared(x, 1)) % P) * x);
}

/** The scalar's multiple of the point with this coordinate, as 32 bytes: X25519 (RFC 7748, 5). */
export function multiply(secretKey: Uint8Array, coordinate: Uint8Array): Uint8Array {
  return toLittleEndian(ladder(modP(fromLittleEndian(coordinate) & BELOW_SIGN), scalarOf(secretKey)));
}

// A selector of 0n or 1n would take engines less time than the other; so one as wide as the field is interpolated with.
const mask = (swap: bigint): bigint => P + swap - ((swap >> 1n) << 1n);
const swapped = (by: bigint, a: bigint, b: bigint): [bigint, bigint] => {
  const first = ((6n * P + b - a) * by + a) % P;
  return [first, a + b - first];
};

function ladder(u: bigint, k: bigint): bigint {
  let x2 = 1n;
  let z2 = 0n;
  let x3 = u;
  let z3 = 1n;
  const kx = k ^ (k >> 1n); // its bits tell whether neighbours of k differ
  for (let t = 254n; t >= 0n; t--) {
    const by = mask(kx >> t);
    [x2, x3] = swapped(by, x2, x3);
    [z2, z3] = swapped(by, z2, z3);
    const A = x2 + z2;
    const AA = modP(A * A);
    const B = x2 - z2;
    const BB = modP(B * B);
    const E = AA - BB;
    const DA = modP((x3 - z3) * A);
    const CB = modP((x3 + z3) * B);
    const sum = DA + CB;
    const difference = DA - CB;
    x3 = modP(sum * sum);
    z3 = modP(u * modP(difference * difference));
    x2 = modP(AA * BB);
    z2 = modP(E * (AA + modP(121665n * E)));
  }
  const by = mask(k);
  [x2, x3] = swapped(by, x2, x3);
  [z2, z3] = swapped(by, z2, z3);
  return modP(x2 * inverse(z2));
}
