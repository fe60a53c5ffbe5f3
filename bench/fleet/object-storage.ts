// What stands for S3 in the benchmark: a process that keeps objects in its memory, takes every signature, and counts. It is no S3 (the tests have
// a real server, which takes many times as long as all that is measured here); what a coordinator does to use it is what it does for any.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Abilities, answerQuestions } from '../coordinator/helper.ts';

/** What was asked of it since the last question. */
export interface StorageWork {
  /** Requests by what they do. */
  readonly puts: number;
  /** Beginnings and ends of uploads in parts. */
  readonly posts: number;
  readonly gets: number;
  readonly deletes: number;
  readonly lists: number;
  /** Bytes of objects, to the storage and from it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const objects = new Map<string, { readonly bytes: Buffer; readonly metadata: Readonly<Record<string, string>> }>();
/** Uploads in parts that are under way. */
const uploads = new Map<string, { readonly parts: Map<number, Buffer>; readonly metadata: Readonly<Record<string, string>> }>();
let begun = 0;
let counted = { puts: 0, posts: 0, gets: 0, deletes: 0, lists: 0, bytesIn: 0, bytesOut: 0 };

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://storage');
  const reply = (status: number, body: Buffer | string = '', headers: Readonly<Record<string, string>> = {}): void =>
    void response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers }).end(body);
  const isBucket = pathname.indexOf('/', 1) < 0 || pathname.endsWith('/');
  if (request.method === 'PUT') {
    if (isBucket) return reply(200);
    counted.puts++;
    const upload = uploads.get(searchParams.get('uploadId') ?? '');
    if (upload !== undefined) {
      const part = Buffer.concat(pieces);
      counted.bytesIn += part.length;
      upload.parts.set(Number(searchParams.get('partNumber')), part);
      return reply(200, '', { etag: '"0"' });
    }
    if (request.headers['if-none-match'] === '*' && objects.has(pathname)) return reply(412, error('PreconditionFailed'));
    const bytes = Buffer.concat(pieces);
    counted.bytesIn += bytes.length;
    objects.set(pathname, { bytes, metadata: metadataOf(request) });
    return reply(200, '', { etag: '"0"' });
  }
  if (request.method === 'DELETE') {
    counted.deletes++;
    objects.delete(pathname);
    return reply(204);
  }
  if (request.method === 'POST' && searchParams.has('delete')) {
    counted.deletes++;
    const bucket = pathname.split('/')[1];
    for (const [, key] of Buffer.concat(pieces)
      .toString()
      .matchAll(/<Key>([^<]*)<\/Key>/g))
      objects.delete(`/${bucket}/${key}`);
    return reply(200, '<DeleteResult/>');
  }
  if (request.method === 'POST' && searchParams.has('uploads')) {
    counted.posts++;
    const id = `upload-${++begun}`;
    uploads.set(id, { parts: new Map(), metadata: metadataOf(request) });
    return reply(200, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }
  if (request.method === 'POST') {
    counted.posts++;
    const id = searchParams.get('uploadId') ?? '';
    const upload = uploads.get(id);
    if (upload === undefined) return reply(404, error('NoSuchUpload'));
    uploads.delete(id);
    const bytes = Buffer.concat([...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part));
    objects.set(pathname, { bytes, metadata: upload.metadata });
    return reply(200, '<CompleteMultipartUploadResult><ETag>"0"</ETag></CompleteMultipartUploadResult>');
  }
  if (isBucket) {
    counted.lists++;
    const contents = [...objects]
      .filter(([path]) => path.startsWith(`${pathname.replace(/\/$/, '')}/${searchParams.get('prefix') ?? ''}`))
      .map(([path, { bytes }]) => `<Contents><Key>${path.slice(path.indexOf('/', 1) + 1)}</Key><Size>${bytes.length}</Size></Contents>`);
    return reply(200, `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`);
  }
  counted.gets++;
  const found = objects.get(pathname);
  if (found === undefined) return reply(404, request.method === 'HEAD' ? '' : error('NoSuchKey'));
  if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': String(found.bytes.length), ...found.metadata }).end();
  counted.bytesOut += found.bytes.length;
  reply(200, found.bytes, found.metadata);
}

function metadataOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-'))) as Record<string, string>;
}

function error(code: string): string {
  return `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
}

const abilities = {
  /** Begins to listen; the port. */
  listen: async (): Promise<number> => {
    const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  },

  /** What was asked of it since this was last called. */
  count: async (): Promise<StorageWork> => {
    const work = counted;
    counted = { puts: 0, posts: 0, gets: 0, deletes: 0, lists: 0, bytesIn: 0, bytesOut: 0 };
    return work;
  },
} satisfies Abilities;

/** What {@link Helper} may ask of this script. */
export type ObjectStorage = typeof abilities;

answerQuestions(abilities);
