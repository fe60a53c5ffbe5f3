// The files of the page, ready to be sent: compressed as the client takes them, each with its own entity tag. They are packed with Brotli in the module
// that holds them; other encodings are made when somebody first asks.

import { brotliDecompressSync, gzipSync } from 'node:zlib';
import { FILES } from './assets.ts';

/** One file in one encoding. */
export interface Encoded {
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Left out: as it is. */
  readonly encoding?: 'br' | 'gzip';
}

/** Name of the page itself among {@link fileNames}. */
export const PAGE = 'index.html';

/** Names of all files. */
export const fileNames: readonly string[] = FILES.map(({ name }) => name);

const MADE = new Map<string, Encoded>();

/** A file as a client with this `Accept-Encoding` takes it; undefined: there is none of this name. */
export function fileFor(name: string, acceptEncoding: string | undefined): Encoded | undefined {
  const file = FILES.find((each) => each.name === name);
  if (file === undefined) return undefined;
  const encoding = encodingOf(acceptEncoding);
  const key = `${encoding} ${name}`;
  let made = MADE.get(key);
  if (made === undefined) {
    const packed = Buffer.from(file.brotli, 'base64');
    if (encoding === 'br') made = { type: file.type, bytes: packed, encoding };
    else {
      const plain = brotliDecompressSync(packed);
      made = encoding === 'gzip' ? { type: file.type, bytes: gzipSync(plain, { level: 9 }), encoding } : { type: file.type, bytes: plain };
    }
    MADE.set(key, made);
  }
  return made;
}

/** The smallest encoding that the header takes; what it weighs by `q` is taken or not, and nothing between. */
function encodingOf(header: string | undefined): 'br' | 'gzip' | undefined {
  const taken = new Map(
    (header ?? '').split(',').map((item) => {
      const [name, ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      return [name!, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))];
    }),
  );
  const takes = (name: string): boolean => taken.get(name) ?? taken.get('*') ?? false;
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : undefined;
}
