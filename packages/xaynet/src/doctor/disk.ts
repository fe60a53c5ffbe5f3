// Checks of the data folder: can it be written, is there room, how long does a synced write take, what kind of file system is it, who else may read it.

import { join } from 'node:path';
import { size } from '../figures.ts';
import { type Finding, fault, ok, unknown, warning } from './finding.ts';
import type { Span } from './runtime.ts';

/** The data folder as it is found. */
export interface FolderFacts {
  /** As the settings name it. */
  readonly path: string;
  /** `folder`, `missing` (and then the next folder above it is `parent`), or `other`: something that is no folder. */
  readonly kind: 'folder' | 'missing' | 'other';
  readonly parent: string;
  /** Why a file could not be written and removed in it, or in the folder above; undefined: it could. */
  readonly refused: string | undefined;
}

/** A file can be written there. */
export function checkFolder({ path, kind, parent, refused }: FolderFacts): Finding {
  const data = { path, kind };
  if (kind === 'other') return fault('disk.folder', `${path} is no folder`, 'Set store.path to a folder, or to one that can be made.', data);
  const where = kind === 'missing' ? `${path} is not there yet; ${parent} above it` : path;
  if (refused === undefined) return ok('disk.folder', `${where} can be written`, data);
  return fault(
    'disk.folder',
    `${where} cannot be written: ${refused}`,
    'Give the folder to the user that runs the coordinator, or set store.path to another one.',
    data,
  );
}

/** Room for rounds. */
export function checkFree({ free, total }: { readonly free: number; readonly total: number }, needs: Span | undefined): Finding {
  const found = `${size(free)} free of ${size(total)}`;
  const data = { free, total, needs: needs ?? null };
  const todo = 'Free some, move store.path to a larger disk, or lower store.keep_models.';
  if (needs !== undefined && free < needs.smallest) return fault('disk.free', `${found}; the smallest round needs ${size(needs.smallest)}`, todo, data);
  if (needs !== undefined && free < needs.largest) return warning('disk.free', `${found}; the largest round needs ${size(needs.largest)}`, todo, data);
  if (free < 100e6) return (free < 1e6 ? fault : warning)('disk.free', found, todo, data);
  return ok('disk.free', needs === undefined ? found : `${found}; the largest round needs ${size(needs.largest)}`, data);
}

/** Milliseconds of a synced write: from here on each message waits for it noticeably; below no disk can have done it. */
const SLOW_SYNC = 50;
const INSTANT_SYNC = 0.02;

/** How long a small write takes until it is on the disk; undefined: it could not be measured. */
export function checkSync(median: number | undefined): Finding {
  if (median === undefined) return unknown('disk.sync', 'how long a synced write takes could not be measured', 'See to the folder first.');
  const data = { milliseconds: median };
  const found = `a synced write of 4 kB takes ${median.toFixed(median < 10 ? 2 : 0)} ms`;
  if (median > SLOW_SYNC)
    return warning('disk.sync', found, 'Each message waits for one: take a local SSD, or more messages a second will wait than are answered.', data);
  if (median < INSTANT_SYNC)
    return warning(
      'disk.sync',
      `${found}, which no disk does`,
      'What is acknowledged may be lost when the machine fails: see that the volume honours fsync.',
      data,
    );
  return ok('disk.sync', found, data);
}

/** Kinds of file systems by what statfs calls them (Linux). */
const KINDS: Readonly<Record<string, { readonly name: string; readonly trouble?: 'network' | 'memory' | 'layer' }>> = {
  ef53: { name: 'ext4' },
  '58465342': { name: 'xfs' },
  '9123683e': { name: 'btrfs' },
  '2fc12fc1': { name: 'zfs' },
  f2f52010: { name: 'f2fs' },
  ca451a4e: { name: 'bcachefs' },
  '6969': { name: 'nfs', trouble: 'network' },
  '517b': { name: 'smb', trouble: 'network' },
  ff534d42: { name: 'cifs', trouble: 'network' },
  fe534d42: { name: 'smb2', trouble: 'network' },
  c36400: { name: 'ceph', trouble: 'network' },
  '1021997': { name: '9p', trouble: 'network' },
  '65735546': { name: 'fuse', trouble: 'network' },
  '6a656a63': { name: 'virtiofs', trouble: 'network' },
  '1021994': { name: 'tmpfs', trouble: 'memory' },
  '858458f6': { name: 'ramfs', trouble: 'memory' },
  '794c7630': { name: 'overlay', trouble: 'layer' },
};

const TROUBLES = {
  network: 'SQLite needs locks and syncs that network file systems often only promise: put store.path on a local disk.',
  memory: 'It is gone when the machine restarts: put store.path on a disk.',
  layer: 'It is gone with the container: mount a volume and put store.path there.',
} as const;

/** SQLite can rely on the file system; `type` is that of statfs. */
export function checkFileSystem(type: number | undefined, platform: string): Finding {
  const kind = type === undefined || platform !== 'linux' ? undefined : KINDS[type.toString(16)];
  const data = { type: type ?? null, name: kind?.name ?? null };
  if (kind === undefined)
    return unknown('disk.kind', 'the kind of the file system is not known', 'See that it is on a local disk: SQLite needs locks and syncs that hold.', data);
  if (kind.trouble === undefined) return ok('disk.kind', `the file system is ${kind.name}`, data);
  return warning('disk.kind', `the file system is ${kind.name}`, TROUBLES[kind.trouble], data);
}

/** A file or folder that only its owner should read, with its permission bits. */
export interface Guarded {
  readonly path: string;
  readonly mode: number;
  /** Whether the group may read it, as for settings that root owns. */
  readonly forGroup: boolean;
}

/** The files of a coordinator whose permissions matter; something in the place of the data folder that is none is not ours to change. */
export function filesToGuard(
  { path, kind }: Pick<FolderFacts, 'path' | 'kind'>,
  others: { readonly keyFile: string | undefined; readonly tlsKey: string | undefined; readonly config: string | undefined },
): Pick<Guarded, 'path' | 'forGroup'>[] {
  const secret = [kind === 'other' ? undefined : path, others.keyFile ?? join(path, 'store.key'), others.tlsKey];
  return [
    ...secret.flatMap((each) => (each === undefined ? [] : [{ path: each, forGroup: false }])),
    ...(others.config === undefined ? [] : [{ path: others.config, forGroup: true }]),
  ];
}

/** Nobody else can read what holds secrets. */
export function checkPermissions(files: readonly Guarded[], platform: string): Finding {
  if (platform === 'win32')
    return unknown(
      'disk.permissions',
      'permissions are not looked at on Windows',
      'See that only the user of the coordinator can read its settings, keys and data folder.',
    );
  const data = { files: files.map(({ path, mode }) => ({ path, mode: `0${(mode & 0o777).toString(8)}` })) };
  const open = files.filter(({ mode, forGroup }) => (mode & (forGroup ? 0o027 : 0o077)) !== 0);
  if (open.length === 0)
    return ok('disk.permissions', files.length === 0 ? 'there is nothing to guard yet' : 'nobody else can read data folder, settings and keys', data);
  const said = open.map(({ path, mode }) => `${path} (0${(mode & 0o777).toString(8)})`).join(', ');
  return warning(
    'disk.permissions',
    `others can read or write ${said}`,
    `chmod go= ${open.map(({ path }) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)).join(' ')}`,
    data,
  );
}
