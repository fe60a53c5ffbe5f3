// What stands for the few modules of Node that portable tests use as an oracle or to read vectors/: hashes and ciphers of noble, files that
// the bundler put in. What cannot be had without Node leaves its test out, with the reason.
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { Buffer } from './platform.ts';
import { onlyInNode } from './tests.ts';

declare const XAYNET_FILES: Readonly<Record<string, string>>;

const pathOf = (file: unknown): string => String((file as { href?: string }).href ?? file).replace(/^repository:\/+/, '');

/** A file of vectors/, as bytes or text. */
export function readFileSync(file: unknown, encoding?: string): unknown {
  const text = XAYNET_FILES[pathOf(file)];
  if (text === undefined) throw new Error(`${pathOf(file)} is not in the bundle`);
  return encoding === undefined ? Buffer.from(text, 'utf8') : text;
}

/** The files of a folder of vectors/, with all below it. */
export function readdirSync(folder: unknown): unknown[] {
  const start = pathOf(folder).replace(/\/?$/, '/');
  return Object.keys(XAYNET_FILES)
    .filter((path) => path.startsWith(start))
    .map((path) => ({ name: path.split('/').at(-1), parentPath: `/${path.split('/').slice(0, -1).join('/')}`, isFile: () => true }));
}

/** SHA-256 and SHA-512. */
export function createHash(algorithm: string): unknown {
  const hashes: Record<string, typeof sha256 | typeof sha512> = { sha256, sha512 };
  const hash = hashes[algorithm]!.create();
  return {
    update(bytes: Uint8Array | string) {
      hash.update(typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes);
      return this;
    },
    digest: (encoding?: 'hex') => (encoding === undefined ? Buffer.from(hash.digest()) : Buffer.from(hash.digest()).toString(encoding)),
  };
}

const ROUNDS: readonly (readonly [number, number, number, number])[] = [0, 1, 2, 3]
  .map((i) => [i, 4 + i, 8 + i, 12 + i] as const)
  .concat([0, 1, 2, 3].map((i) => [i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4)] as const));

/** One block of ChaCha20, as RFC 8439 says it, written for being read. */
function chachaBlock(input: Uint32Array, out: Uint32Array): void {
  const x = out;
  x.set(input);
  const turn = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
  for (let i = 0; i < 10; i++) {
    for (const [a, b, c, d] of ROUNDS) {
      x[a]! += x[b]!;
      x[d] = turn(x[d]! ^ x[a]!, 16);
      x[c]! += x[d]!;
      x[b] = turn(x[b]! ^ x[c]!, 12);
      x[a]! += x[b]!;
      x[d] = turn(x[d]! ^ x[a]!, 8);
      x[c]! += x[d]!;
      x[b] = turn(x[b]! ^ x[c]!, 7);
    }
  }
  for (let i = 0; i < 16; i++) x[i]! += input[i]!;
}

/** ChaCha20 with OpenSSL's iv of 16 bytes, whose first eight count blocks; a machine of little-endian words. */
export function createCipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array): unknown {
  if (algorithm !== 'chacha20') throw new Error(`${algorithm} is not here`);
  const words = (bytes: Uint8Array): Uint32Array => new Uint32Array(new Uint8Array(bytes).buffer);
  const state = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...words(key), ...words(iv));
  const block = new Uint32Array(16);
  const stream = new Uint8Array(block.buffer);
  let used = 64;
  return {
    update(bytes: Uint8Array) {
      const out = Buffer.alloc(bytes.length);
      for (let i = 0; i < bytes.length; i++) {
        if (used === 64) {
          chachaBlock(state, block);
          state[12]!++;
          if (state[12] === 0) state[13]!++;
          used = 0;
        }
        out[i] = bytes[i]! ^ stream[used++]!;
      }
      return out;
    },
  };
}

let chance = 20261122;

/** Bytes to fill messages with; nothing secret. */
export function randomBytes(length: number): unknown {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) {
    chance = (Math.imul(chance, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = chance >> 16;
  }
  return bytes;
}

/** Leaves the test out. */
export function execFileSync(): never {
  onlyInNode('child processes');
}
