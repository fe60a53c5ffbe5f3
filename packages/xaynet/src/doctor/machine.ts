// What the doctor looks at on this machine: the only file of it that touches the disk, sockets, clocks and processes. Whatever cannot be looked
// at is undefined, never an exception.

import { execFile } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, endianness, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Settings } from '@xaynet/coordinator';
import { Client, type Connection, readAll } from '../operator/client.ts';
import { statusOf } from '../operator/documents.ts';
import { type Answer, type Document, ORIGIN } from './coordinator.ts';
import type { FolderFacts, Guarded } from './disk.ts';
import type { PortFacts } from './ports.ts';
import type { RedisFacts } from './redis.ts';
import type { MemoryFacts, RuntimeFacts } from './runtime.ts';
import type { BucketFacts } from './s3.ts';

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** The runtime. */
export function runtimeFacts(): RuntimeFacts {
  const { versions, execPath, execArgv, platform, arch } = process;
  return { version: versions.node, execPath, execArgv, platform, arch, endianness: endianness() };
}

/** Memory; no limit is a number that no machine has. */
export function memoryFacts(): MemoryFacts {
  const total = totalmem();
  const limit = process.constrainedMemory();
  return { total, available: process.availableMemory(), limit: limit > 0 && limit < total ? limit : undefined };
}

/** Cores that this process may use. */
export function cores(): number {
  return availableParallelism();
}

/** The text of /proc/self/limits. */
export function limitsText(): string | undefined {
  return attempt(() => readFileSync('/proc/self/limits', 'utf8'));
}

/** Whether the clock is synchronised, and who says so. */
export async function synchronised(): Promise<readonly [boolean | undefined, string]> {
  if (existsSync('/run/systemd/timesync/synchronized')) return [true, 'systemd-timesyncd'];
  try {
    const { stdout } = await promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { timeout: 1000 });
    if (/^(yes|no)$/m.test(stdout)) return [stdout.startsWith('yes'), 'timedatectl'];
  } catch {
    // There is no systemd, or none that answers.
  }
  return [undefined, 'nobody'];
}

/** The folder `path`, and whether a file can be made in it. */
export function folderFacts(path: string): FolderFacts {
  const kind = existsSync(path) ? (attempt(() => statSync(path).isDirectory()) ? 'folder' : 'other') : 'missing';
  let parent = resolve(path);
  while (!existsSync(parent) && parent !== dirname(parent)) parent = dirname(parent);
  let refused: string | undefined;
  try {
    if (kind !== 'other' && !statSync(parent).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(parent, constants.W_OK | constants.X_OK);
    rmSync(mkdtempSync(join(parent, '.xaynet-doctor-')), { recursive: true });
  } catch (error) {
    refused = (error as NodeJS.ErrnoException).code ?? String(error);
  }
  return { path, kind, parent, refused };
}

/** Room on the disk of `folder` for this user, and the kind of its file system. */
export function diskFacts(folder: string): { readonly free: number; readonly total: number; readonly type: number } | undefined {
  return attempt(() => {
    const { bavail, blocks, bsize, type } = statfsSync(folder);
    return { free: bavail * bsize, total: blocks * bsize, type };
  });
}

const SYNC_BUDGET = 200;
const MOST_SYNCS = 20;

/** Milliseconds of a write of 4 kB that is synced, the median of some, in `folder`. */
export function syncTime(folder: string): number | undefined {
  return attempt(() => {
    const own = mkdtempSync(join(folder, '.xaynet-doctor-'));
    try {
      const file = openSync(join(own, 'sync'), 'w', 0o600);
      try {
        const times: number[] = [];
        const until = performance.now() + SYNC_BUDGET;
        do {
          const begun = performance.now();
          writeSync(file, new Uint8Array(4096));
          fsyncSync(file);
          times.push(performance.now() - begun);
        } while (times.length < MOST_SYNCS && performance.now() < until);
        return times.sort((a, b) => a - b)[times.length >> 1]!;
      } finally {
        closeSync(file);
      }
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });
}

/** Those of `paths` that exist, with their permissions. */
export function guarded(paths: readonly { readonly path: string; readonly forGroup: boolean }[]): Guarded[] {
  return paths.flatMap(({ path, forGroup }) => {
    const mode = attempt(() => statSync(path).mode);
    return mode === undefined ? [] : [{ path, mode, forGroup }];
  });
}

/** Listens on an address for a moment; when it is in use, asks who answers. */
export async function portFacts(
  setting: PortFacts['setting'],
  { host, port }: { readonly host: string; readonly port: number },
  secure: boolean,
): Promise<PortFacts> {
  const server = createServer();
  const refused = await new Promise<string | undefined>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  if (refused !== 'EADDRINUSE') return { setting, host, port, refused, answers: undefined };
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  const url = `${secure ? 'https' : 'http'}://${name}:${port}`;
  const answers = await timely(1000, new Client({ url }).json('/status').then(statusOf)).catch(() => 'other' as const);
  return { setting, host, port, refused, answers };
}

/** Looks at the Redis of the settings, and changes nothing there. The library for it is loaded only now. */
export async function redisFacts({ redis, store }: Settings): Promise<RedisFacts> {
  try {
    const { lookAtRedis } = await import('@xaynet/coordinator/stores/redis');
    const { url, prefix, tlsCa } = redis!;
    const ca = tlsCa === undefined ? undefined : readFileSync(tlsCa, 'utf8');
    const look = await lookAtRedis({ url, prefix, ca, key: store.key, keyFile: store.keyFile, timeout: PATIENCE_FOR_STORES });
    return { look, here: Date.now() };
  } catch (error) {
    return { error };
  }
}

/** Looks at the buckets of the settings; what it puts there it deletes. The library for it is loaded only now. */
export async function s3Facts({ s3, store }: Pick<Settings, 's3' | 'store'>): Promise<BucketFacts[]> {
  const { S3Blobs } = await import('@xaynet/coordinator/stores/s3');
  const { buckets, ...server } = s3!;
  const used = [
    { setting: 'global_models', bucket: buckets.globalModels },
    ...(store.kind === 'redis' ? [{ setting: 'rounds', bucket: buckets.rounds } as const] : []),
  ] as const;
  return await Promise.all(
    used.map(async ({ setting, bucket }): Promise<BucketFacts> => {
      try {
        return { setting, bucket, look: await S3Blobs.look({ ...server, bucket, timeout: PATIENCE_FOR_STORES }) };
      } catch (error) {
        return { setting, bucket, error };
      }
    }),
  );
}

/** Longest wait for one answer of a Redis or a storage, in seconds. */
const PATIENCE_FOR_STORES = 3;
/** Longest wait for a coordinator, in milliseconds. */
const PATIENCE = 10_000;

/** Asks for the parameters of a round as a page would; rejects with coded errors. */
export async function askParams(connection: Connection): Promise<Answer> {
  const client = new Client(connection);
  const [begun, wall] = [performance.now(), Date.now()];
  const ask = async (signal: AbortSignal): Promise<Answer> => {
    const response = await client.open('/params', { headers: { accept: '*/*', origin: ORIGIN }, signal });
    const took = performance.now() - begun;
    const headers = response.headers as Readonly<Record<string, string | undefined>>;
    return { headers, halfway: wall + took / 2, took, body: await readAll(response, 65_536) };
  };
  return ask(AbortSignal.timeout(PATIENCE));
}

/** Larger models are not fetched, in bytes. */
const MOST_MODEL = 16e6;

/** A document of the protocol; rejects with coded errors. */
export async function askDocument(connection: Connection, path: string): Promise<Document> {
  const response = await new Client(connection).open(path, { headers: { accept: '*/*' }, expected: [200, 204], signal: AbortSignal.timeout(PATIENCE) });
  if (response.statusCode !== 204 && Number(response.headers['content-length'] ?? 0) <= MOST_MODEL) return readAll(response, MOST_MODEL);
  response.destroy();
  return response.statusCode === 204 ? 'none' : 'large';
}

function timely<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('too late')), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
