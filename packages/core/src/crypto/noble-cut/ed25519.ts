// Multiples of the base point of Ed25519 and what is made of them, keys and signatures (RFC 8032): @noble/ed25519 3.2.0 (MIT License, Copyright
// (c) 2019 Paul Miller; see LICENSE-noble) cut to what whoever signs needs; points that come from others, and so `verify`, are left to the
// library. Additions are those of RFC 8032, 5.1.4, the same for every pair of points, and as many for every scalar. In a page's bundle
// 2.9 to 0.7 kB compressed. The test compares with the library.

import { concatBytes } from '../../bytes/compare.ts';
import { sha512 } from './sha2.ts';
import { fromLittleEndian, inverse, modP, P, scalarOf, toLittleEndian } from './x25519.ts';

/** The order of the base point, 2^252 + 27742317777372353535851937790883648493. */
export const ORDER: bigint = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;

const TWICE_D = 0x2406d9dc56dffce7198e80f2eef3d13000e0149a8283b156ebd69b9426b2f159n;
const X = 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an;
const Y = 0x6666666666666666666666666666666666666666666666666666666666666658n;

/** X, Y, Z and T of x = X/Z, y = Y/Z, xy = T/Z, modulo P and of either sign. */
type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint];
/** What an addition takes of its second point: Y − X, Y + X, 2Z and 2dT. */
type Addend = readonly [difference: bigint, sum: bigint, z: bigint, t: bigint];

const ZERO: Point = [0n, 1n, 1n, 0n];

const addendOf = ([x, y, z, t]: Point): Addend => [y - x, y + x, 2n * z, (t * TWICE_D) % P];

function add([x, y, z, t]: Point, addend: Addend): Point {
  const a = ((y - x) * addend[0]) % P;
  const b = ((y + x) * addend[1]) % P;
  const c = (t * addend[3]) % P;
  const d = (z * addend[2]) % P;
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [(e * f) % P, (g * h) % P, (f * g) % P, (e * h) % P];
}

/** Bits of a scalar that are looked up at a time, and how often that is for one below the order. */
const BITS = 5;
const DIGITS = 51;

let table: Addend[] | undefined;

/** For each place of a digit, all multiples of the base point that a digit there can mean. */
function multiples(): Addend[] {
  const all: Addend[] = [];
  let step = addendOf([X, Y, 1n, (X * Y) % P]);
  for (let place = 0; place < DIGITS; place++) {
    let point = ZERO;
    for (let digit = 0; digit < 1 << BITS; digit++) {
      all.push(addendOf(point));
      point = add(point, step);
    }
    step = addendOf(point);
  }
  return all;
}

/** The scalar's multiple of the base point; the scalar is below the order. */
export function multiplyBase(scalar: bigint): Point {
  table ??= multiples();
  let point = ZERO;
  for (let place = 0, rest = scalar; place < DIGITS; place++, rest >>= BigInt(BITS)) {
    point = add(point, table[(place << BITS) + Number(rest & 31n)]!);
  }
  return point;
}

/** The 32 bytes of the scalar's multiple of the base point. */
function encoded(scalar: bigint): Uint8Array {
  const [x, y, z] = multiplyBase(scalar);
  const over = inverse(z);
  const bytes = toLittleEndian(modP(y * over));
  bytes[31]! |= Number(modP(x * over) & 1n) << 7;
  return bytes;
}

const reduced = (bytes: Uint8Array): bigint => fromLittleEndian(bytes) % ORDER;

/** The 32-byte public key of a 32-byte seed. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return encoded(scalarOf(sha512(seed).subarray(0, 32)) % ORDER);
}

/** The deterministic 64-byte signature of a message (RFC 8032, 5.1.6). */
export function sign(message: Uint8Array, seed: Uint8Array): Uint8Array {
  const secret = sha512(seed);
  const scalar = scalarOf(secret.subarray(0, 32)) % ORDER;
  const nonce = reduced(sha512(concatBytes(secret.subarray(32), message)));
  secret.fill(0);
  const r = encoded(nonce);
  const challenge = reduced(sha512(concatBytes(r, encoded(scalar), message)));
  return concatBytes(r, toLittleEndian((nonce + challenge * scalar) % ORDER));
}
