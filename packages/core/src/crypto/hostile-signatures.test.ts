// Signatures on which verifiers are known to disagree, each with libsodium 1.0.18's verdict (wire 1.2). The verdicts follow from how
// a case is made, never from the code under test; what a careless verifier would accept is shown while the case is made.
// `providers.test.ts` runs them over every provider.

import assert from 'node:assert/strict';
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../bytes/compare.ts';

export interface SignatureCase {
  readonly name: string;
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly verdict: boolean;
  /** Refused by the rules that are stated above the providers, whatever the library below says. */
  readonly byRule?: boolean;
}

const { Point } = ed25519;
type Point = InstanceType<typeof Point>;
const P = 2n ** 255n - 19n;
const L = Point.Fn.ORDER;
const count = (from: number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i);
const flipSign = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte, i) => (i === 31 ? byte ^ 0x80 : byte));
const signatureOf = (r: Uint8Array, s: bigint): Uint8Array => concatBytes(r, numberToBytesLE(s, 32));

/** Double-and-add, the textbook one: scalars are not reduced, so it is right for points with a torsion part. */
function times(scalar: bigint, point: Point): Point {
  let sum = Point.ZERO;
  for (const bit of scalar.toString(2)) {
    sum = sum.double();
    if (bit === '1') sum = sum.add(point);
  }
  return sum;
}

/** The eight points of small order: multiples of the torsion part of some point that has one of order 8. */
export function smallOrderPoints(): Point[] {
  for (let y = 2n; ; y++) {
    try {
      const torsion = times(L, Point.fromBytes(numberToBytesLE(y, 32)));
      if (!torsion.double().double().is0()) return Array.from({ length: 8 }, (_, k) => times(BigInt(k), torsion));
    } catch {
      // no point has this y
    }
  }
}
const SMALL = smallOrderPoints();

/** Every encoding of every point of small order: either sign, where x is 0 too, and y or, where it fits into 255 bits, y + p. */
export function smallOrderEncodings(): { readonly point: Point; readonly bytes: Uint8Array; readonly canonical: boolean }[] {
  return SMALL.flatMap((point) => {
    const bytes = point.toBytes();
    const { x, y } = point.toAffine();
    const encodings = [{ point, bytes, canonical: true }];
    if (x === 0n) encodings.push({ point, bytes: flipSign(bytes), canonical: false });
    if (y + P < 2n ** 255n) {
      const above = numberToBytesLE(y + P + (bytes[31]! & 0x80 ? 2n ** 255n : 0n), 32);
      encodings.push({ point, bytes: above, canonical: false });
      if (x === 0n) encodings.push({ point, bytes: flipSign(above), canonical: false });
    }
    return encodings;
  });
}

function challenge(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return bytesToNumberLE(sha512(concatBytes(r, key, message))) % L;
}

/** The equation alone, as a verifier without any of libsodium's clauses has it: [8](S·B − h·A − R) = 0, h over the bytes given. */
function fitsWithCofactor(a: Point, r: Point, { key, message, signature }: Omit<SignatureCase, 'name' | 'verdict' | 'byRule'>): boolean {
  const s = bytesToNumberLE(signature.subarray(32));
  const rest = times(s, Point.BASE)
    .subtract(times(challenge(signature.subarray(0, 32), key, message), a))
    .subtract(r);
  return times(8n, rest).is0();
}

/** S that is not S of a good signature: the group order and more on top, and the ends of the range. */
function scalars(): SignatureCase[] {
  const seed = new Uint8Array(32).fill(9);
  const key = ed25519.getPublicKey(seed);
  const message = count(1);
  const good = ed25519.sign(message, seed);
  const s = bytesToNumberLE(good.subarray(32));
  const of = (name: string, other: bigint, verdict: boolean): SignatureCase => ({
    name,
    key,
    message,
    signature: signatureOf(good.subarray(0, 32), other),
    verdict,
    byRule: other >= L,
  });
  const cases = [of('S as it was made', s, true)];
  for (let k = 1n; s + k * L < 2n ** 256n; k++) cases.push(of(`S + ${k}L`, s + k * L, false));
  for (const other of [0n, L - 1n, L, L + 1n, 2n ** 252n, 2n ** 253n, 2n ** 256n - 1n]) cases.push(of(`S = ${other}`, other, false));
  return cases;
}

/** Keys of small order: R = S·B fits every message for which h·A vanishes. */
function smallOrderKeys(): SignatureCase[] {
  const s = 12345n;
  const r = Point.BASE.multiply(s);
  return smallOrderEncodings().map(({ point, bytes: key }) => {
    const message = Array.from({ length: 256 }, (_, i) => Uint8Array.of(i)).find((candidate) => times(challenge(r.toBytes(), key, candidate), point).is0());
    assert.ok(message, 'one message in 8 fits');
    return {
      name: `key of small order ${Buffer.from(key).toString('hex')}`,
      key,
      message,
      signature: signatureOf(r.toBytes(), s),
      verdict: false,
      byRule: true,
    };
  });
}

/** R of small order: S = h·a makes S·B − h·A = 0, which is R, or R but for the cofactor. */
function smallOrderR(): SignatureCase[] {
  const seed = new Uint8Array(32).fill(21);
  const { scalar } = ed25519.utils.getExtendedPublicKey(seed);
  const key = ed25519.getPublicKey(seed);
  const message = count(1);
  return smallOrderEncodings().map(({ point, bytes: r }) => {
    const signature = signatureOf(r, Point.Fn.create(challenge(r, key, message) * scalar));
    assert.ok(fitsWithCofactor(Point.fromBytes(key), point, { key, message, signature }), 'a careless verifier accepts it');
    return { name: `R of small order ${Buffer.from(r).toString('hex')}`, key, message, signature, verdict: false, byRule: true };
  });
}

/** Points with y of p or more, on the curve and not of small order, and points that are none; as key and as R. */
function strangePoints(): SignatureCase[] {
  const seed = new Uint8Array(32).fill(4);
  const key = ed25519.getPublicKey(seed);
  const message = count(1);
  const good = ed25519.sign(message, seed);
  const above = Array.from({ length: 17 }, (_, k) => numberToBytesLE(P + 2n + BigInt(k), 32));
  const nowhere = Array.from({ length: 40 }, (_, y) => numberToBytesLE(BigInt(y), 32)).filter((bytes) => {
    try {
      return Point.fromBytes(bytes, true) === undefined;
    } catch {
      return true;
    }
  });
  return [...above, ...nowhere.slice(0, 3)].flatMap((plain) =>
    [plain, flipSign(plain)].flatMap((bytes) => [
      { name: `strange key ${Buffer.from(bytes).toString('hex')}`, key: bytes, message, signature: good, verdict: false, byRule: above.includes(plain) },
      { name: `strange R ${Buffer.from(bytes).toString('hex')}`, key, message, signature: concatBytes(bytes, good.subarray(32)), verdict: false },
    ]),
  );
}

/**
 * Key A = a·B + T and R = r·B + U with torsion parts T and U, S = r + h·a: with the cofactor the equation always holds, without it
 * exactly when U = −h·T.
 */
function torsion(): SignatureCase[] {
  const a = 987654321n;
  const r = 123456789n;
  const cases: SignatureCase[] = [];
  for (const [t, T] of SMALL.entries()) {
    for (const [u, U] of SMALL.entries()) {
      const pointA = Point.BASE.multiply(a).add(T);
      const pointR = Point.BASE.multiply(r).add(U);
      const key = pointA.toBytes();
      const rBytes = pointR.toBytes();
      for (const message of [Uint8Array.of(0), Uint8Array.of(1)]) {
        const h = challenge(rBytes, key, message);
        const signature = signatureOf(rBytes, Point.Fn.create(r + h * a));
        assert.ok(fitsWithCofactor(pointA, pointR, { key, message, signature }));
        cases.push({ name: `torsion ${t} in A, ${u} in R, message ${message}`, key, message, signature, verdict: times(h, T).add(U).is0() });
      }
    }
  }
  const mixed = cases.filter(({ verdict }) => verdict).length;
  assert.ok(mixed > 8 && mixed < 64, `${mixed} of ${cases.length} fit without cofactor`);
  return cases;
}

/** A good signature, and what is left of it with one bit flipped or of another length. */
function damaged(): SignatureCase[] {
  const seed = count(60);
  const key = ed25519.getPublicKey(seed);
  const message = count(7, 40);
  const signature = ed25519.sign(message, seed);
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ (1 << (at & 7)) : byte));
  const resized = (bytes: Uint8Array, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => bytes[i] ?? 0);
  return [
    { name: 'good', key, message, signature, verdict: true },
    { name: 'a byte more of message', key, message: resized(message, 41), signature, verdict: false },
    { name: 'a byte less of message', key, message: resized(message, 39), signature, verdict: false },
    { name: 'no message', key, message: new Uint8Array(0), signature, verdict: false },
    ...Array.from(signature, (_, i) => ({ name: `bit in byte ${i} of the signature`, key, message, signature: flipped(signature, i), verdict: false })),
    ...Array.from(key, (_, i) => ({ name: `bit in byte ${i} of the key`, key: flipped(key, i), message, signature, verdict: false })),
    ...Array.from(message, (_, i) => ({ name: `bit in byte ${i} of the message`, key, message: flipped(message, i), signature, verdict: false })),
    ...[0, 1, 32, 63, 65, 96, 128].map((n) => ({
      name: `${n} bytes of signature`,
      key,
      message,
      signature: resized(signature, n),
      verdict: false,
      byRule: true,
    })),
    ...[0, 1, 31, 33, 64].map((n) => ({ name: `${n} bytes of key`, key: resized(key, n), message, signature, verdict: false, byRule: true })),
  ];
}

/** All of them. */
export function signatureCases(): SignatureCase[] {
  return [...damaged(), ...scalars(), ...smallOrderKeys(), ...smallOrderR(), ...strangePoints(), ...torsion()];
}
