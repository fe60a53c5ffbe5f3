// SHA-256 and SHA-512 of bytes that are all there: @noble/hashes 2.4.0 (MIT License, Copyright (c) 2022 Paul Miller; see LICENSE-noble) cut
// to what is used. Its rounds are as they were; left out are streams, other lengths, checks of arguments and a second set of helpers,
// which were four fifths of it in a page's bundle (4.9 to 1.1 kB compressed). The constants are computed as FIPS 180-4 defines them.
// The test compares with the whole library and with node:crypto.

const FIRST_PRIMES: readonly number[] = /* @__PURE__ */ primes(80);
// Of a prime's cube root and square root, the first 64 bits of the fraction (FIPS 180-4, 4.2.3 and 5.3.5): upper and lower words in turn.
// (BLAKE2b starts from the square roots as well.) SHA-256 has the upper words of the first 64, and of the same eight square roots (4.2.2, 5.3.3).
const ROUND_WORDS: Int32Array = /* @__PURE__ */ fractions(FIRST_PRIMES, 3n);
export const START_WORDS: Int32Array = /* @__PURE__ */ fractions(FIRST_PRIMES.slice(0, 8), 2n);

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

function fractions(integers: readonly number[], degree: bigint): Int32Array {
  return Int32Array.from(
    integers.flatMap((integer) => {
      const scaled = BigInt(integer) << (64n * degree);
      let root = 1n << 69n; // above every root here; Newton's steps fall to it
      for (let next = root - 1n; next < root; next = ((degree - 1n) * root + scaled / root ** (degree - 1n)) / degree) root = next;
      return [Number(BigInt.asIntN(32, root >> 32n)), Number(BigInt.asIntN(32, root))];
    }),
  );
}

type Compress = (state: Int32Array, view: DataView, offset: number) => void;

/** Pads as FIPS 180-4, 5.1, and compresses block by block; the state at the end. */
function hash(bytes: Uint8Array, blockLength: number, state: Int32Array, compress: Compress): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (; at + blockLength <= bytes.length; at += blockLength) compress(state, view, at);
  const rest = bytes.length - at;
  const last = new Uint8Array(rest + 1 + blockLength / 8 > blockLength ? 2 * blockLength : blockLength);
  last.set(bytes.subarray(at));
  last[rest] = 128;
  const lastView = new DataView(last.buffer);
  lastView.setUint32(last.length - 8, bytes.length / 2 ** 29);
  lastView.setUint32(last.length - 4, bytes.length << 3);
  for (at = 0; at < last.length; at += blockLength) compress(state, lastView, at);
  last.fill(0);
  return state;
}

function digestOf(state: Int32Array): Uint8Array<ArrayBuffer> {
  const digest = new Uint8Array(4 * state.length);
  const view = new DataView(digest.buffer);
  state.forEach((word, i) => void view.setInt32(4 * i, word));
  state.fill(0);
  return digest;
}

const W: Int32Array = /* @__PURE__ */ new Int32Array(160);

/** The 32 digest bytes. */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = new Int32Array(8).map((_, i) => START_WORDS[2 * i]!);
  const digest = digestOf(hash(bytes, 64, state, compress256));
  W.fill(0);
  return digest;
}

/** The 64 digest bytes. */
export function sha512(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const digest = digestOf(hash(bytes, 128, START_WORDS.slice(), compress512));
  W.fill(0);
  return digest;
}

const rotr = (word: number, by: number): number => (word << (32 - by)) | (word >>> by);

function compress256(state: Int32Array, view: DataView, offset: number): void {
  for (let i = 0; i < 16; i++, offset += 4) W[i] = view.getInt32(offset);
  for (let i = 16; i < 64; i++) {
    const W15 = W[i - 15]!;
    const W2 = W[i - 2]!;
    const s0 = rotr(W15, 7) ^ rotr(W15, 18) ^ (W15 >>> 3);
    const s1 = rotr(W2, 17) ^ rotr(W2, 19) ^ (W2 >>> 10);
    W[i] = (s1 + W[i - 7]! + s0 + W[i - 16]!) | 0;
  }
  let A = state[0]! | 0;
  let B = state[1]! | 0;
  let C = state[2]! | 0;
  let D = state[3]! | 0;
  let E = state[4]! | 0;
  let F = state[5]! | 0;
  let G = state[6]! | 0;
  let H = state[7]! | 0;
  for (let i = 0; i < 64; i++) {
    const sigma1 = rotr(E, 6) ^ rotr(E, 11) ^ rotr(E, 25);
    const T1 = (H + sigma1 + ((E & F) ^ (~E & G)) + ROUND_WORDS[2 * i]! + W[i]!) | 0;
    const sigma0 = rotr(A, 2) ^ rotr(A, 13) ^ rotr(A, 22);
    const T2 = (sigma0 + ((A & B) ^ (A & C) ^ (B & C))) | 0;
    H = G;
    G = F;
    F = E;
    E = (D + T1) | 0;
    D = C;
    C = B;
    B = A;
    A = (T1 + T2) | 0;
  }
  state[0]! += A;
  state[1]! += B;
  state[2]! += C;
  state[3]! += D;
  state[4]! += E;
  state[5]! += F;
  state[6]! += G;
  state[7]! += H;
}

// Of 64 bits as two words: what shifts down in `a` comes from `b`. The lower word is the same with both swapped.
const down = (a: number, b: number, by: number): number => (a >>> by) | (b << (32 - by));
const bigSigma0 = (a: number, b: number): number => down(a, b, 28) ^ down(b, a, 2) ^ down(b, a, 7);
const bigSigma1 = (a: number, b: number): number => down(a, b, 14) ^ down(a, b, 18) ^ down(b, a, 9);
/** What a sum of lower words carries over. */
const carry = (low: number): number => (low / 2 ** 32) | 0;

function compress512(state: Int32Array, view: DataView, offset: number): void {
  for (let i = 0; i < 32; i++, offset += 4) W[i] = view.getInt32(offset);
  for (let i = 32; i < 160; i += 2) {
    const W15h = W[i - 30]!;
    const W15l = W[i - 29]!;
    const W2h = W[i - 4]!;
    const W2l = W[i - 3]!;
    const s0h = down(W15h, W15l, 1) ^ down(W15h, W15l, 8) ^ (W15h >>> 7);
    const s0l = down(W15l, W15h, 1) ^ down(W15l, W15h, 8) ^ down(W15l, W15h, 7);
    const s1h = down(W2h, W2l, 19) ^ down(W2l, W2h, 29) ^ (W2h >>> 6);
    const s1l = down(W2l, W2h, 19) ^ down(W2h, W2l, 29) ^ down(W2l, W2h, 6);
    const low = (s0l >>> 0) + (s1l >>> 0) + (W[i - 13]! >>> 0) + (W[i - 31]! >>> 0);
    W[i] = (s0h + s1h + W[i - 14]! + W[i - 32]! + carry(low)) | 0;
    W[i + 1] = low | 0;
  }
  let Ah = state[0]! | 0;
  let Al = state[1]! | 0;
  let Bh = state[2]! | 0;
  let Bl = state[3]! | 0;
  let Ch = state[4]! | 0;
  let Cl = state[5]! | 0;
  let Dh = state[6]! | 0;
  let Dl = state[7]! | 0;
  let Eh = state[8]! | 0;
  let El = state[9]! | 0;
  let Fh = state[10]! | 0;
  let Fl = state[11]! | 0;
  let Gh = state[12]! | 0;
  let Gl = state[13]! | 0;
  let Hh = state[14]! | 0;
  let Hl = state[15]! | 0;
  for (let i = 0; i < 160; i += 2) {
    const T1ll = (Hl >>> 0) + (bigSigma1(El, Eh) >>> 0) + (((El & Fl) ^ (~El & Gl)) >>> 0) + (ROUND_WORDS[i + 1]! >>> 0) + (W[i + 1]! >>> 0);
    const T1h = (Hh + bigSigma1(Eh, El) + ((Eh & Fh) ^ (~Eh & Gh)) + ROUND_WORDS[i]! + W[i]! + carry(T1ll)) | 0;
    const T1l = T1ll | 0;
    const sigma0h = bigSigma0(Ah, Al);
    const sigma0l = bigSigma0(Al, Ah);
    const MAJh = (Ah & Bh) ^ (Ah & Ch) ^ (Bh & Ch);
    const MAJl = (Al & Bl) ^ (Al & Cl) ^ (Bl & Cl);
    Hh = Gh;
    Hl = Gl;
    Gh = Fh;
    Gl = Fl;
    Fh = Eh;
    Fl = El;
    const Ell = (Dl >>> 0) + (T1l >>> 0);
    Eh = (Dh + T1h + carry(Ell)) | 0;
    El = Ell | 0;
    Dh = Ch;
    Dl = Cl;
    Ch = Bh;
    Cl = Bl;
    Bh = Ah;
    Bl = Al;
    const All = (T1l >>> 0) + (sigma0l >>> 0) + (MAJl >>> 0);
    Ah = (T1h + sigma0h + MAJh + carry(All)) | 0;
    Al = All | 0;
  }
  add(state, 0, Ah, Al);
  add(state, 2, Bh, Bl);
  add(state, 4, Ch, Cl);
  add(state, 6, Dh, Dl);
  add(state, 8, Eh, El);
  add(state, 10, Fh, Fl);
  add(state, 12, Gh, Gl);
  add(state, 14, Hh, Hl);
}

function add(state: Int32Array, at: number, high: number, low: number): void {
  const sum = (state[at + 1]! >>> 0) + (low >>> 0);
  state[at]! += high + carry(sum);
  state[at + 1] = sum;
}
