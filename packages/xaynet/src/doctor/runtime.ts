// Checks of the runtime: Node and how it was started, byte order, memory, cores, open files.

import { size } from '../figures.ts';
import { type Finding, fault, ok, unknown, warning } from './finding.ts';

/** How the process was started. */
export interface RuntimeFacts {
  readonly version: string;
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly platform: string;
  readonly arch: string;
  readonly endianness: 'BE' | 'LE';
}

const NEEDED = [22, 18] as const;

/** Node is recent enough; where it comes from, and whether it runs sources. */
export function checkNode({ version, execPath, execArgv }: RuntimeFacts): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const pinned = /[\\/]node_modules[\\/]/.test(execPath) ? 'the one that the packages bring' : 'of this system';
  const from = execArgv.includes('--conditions=source') ? 'running the sources' : 'running built files';
  const found = `Node ${version}, ${pinned} (${execPath}), ${from}`;
  const data = { version, execPath, execArgv };
  if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
    return fault(
      'runtime.node',
      found,
      `Node ${NEEDED.join('.')} or newer is needed: start with bin/xaynet.mjs, which takes the pinned one, or install Node 24.`,
      data,
    );
  }
  if (major % 2 === 1) return warning('runtime.node', found, 'Odd versions of Node are maintained for some months only; take an even one.', data);
  return ok('runtime.node', found, data);
}

/** Byte order: kernels of WebAssembly need little-endian machines. */
export function checkPlatform({ platform, arch, endianness }: RuntimeFacts): Finding {
  const data = { platform, arch, endianness };
  if (endianness === 'LE') return ok('runtime.platform', `${platform} on ${arch}, little-endian`, data);
  return warning(
    'runtime.platform',
    `${platform} on ${arch}, big-endian`,
    'It works, ten to twenty times slower: the WebAssembly kernel needs a little-endian machine.',
    data,
  );
}

/** Bytes. */
export interface MemoryFacts {
  readonly total: number;
  readonly available: number;
  /** Of the control group; undefined: none. */
  readonly limit: number | undefined;
}

/** What a coordinator needs in its smallest and largest round. */
export interface Span {
  readonly smallest: number;
  readonly largest: number;
}

/** Least memory for any of the commands, in bytes. */
const LEAST_MEMORY = 256e6;

/** Memory that there is, against what rounds need. */
export function checkMemory({ total, available, limit }: MemoryFacts, needs: Span | undefined): Finding {
  const most = Math.min(total, limit ?? Number.POSITIVE_INFINITY);
  const found = `${size(available)} available of ${size(total)}${limit !== undefined && limit < total ? `, limited to ${size(limit)} by its control group` : ''}`;
  const data = { total, available, limit: limit ?? null, needs: needs ?? null };
  const room = Math.min(most, available);
  if (needs !== undefined && most < needs.smallest) {
    return fault(
      'runtime.memory',
      `${found}; the smallest round needs ${size(needs.smallest)}`,
      'Give the machine or its control group more memory, or lower model.length.',
      data,
    );
  }
  if (needs !== undefined && room < needs.largest) {
    return warning(
      'runtime.memory',
      `${found}; the largest round needs ${size(needs.largest)}`,
      'Free or add memory, or lower pet.update.count.max or pet.sum.count.max.',
      data,
    );
  }
  if (room < LEAST_MEMORY) return warning('runtime.memory', found, `Have ${size(LEAST_MEMORY)} or more available.`, data);
  return ok('runtime.memory', needs === undefined ? found : `${found}; the largest round needs ${size(needs.largest)}`, data);
}

/** Cores that the process may use. */
export function checkCores(cores: number): Finding {
  if (cores > 1) return ok('runtime.cores', `${cores} cores`, { cores });
  return warning('runtime.cores', 'one core', 'It works; with two or more, messages are opened and masks added beside the main thread.', { cores });
}

/** Descriptors that a coordinator may need: connections at its default limit, files and threads. */
const OPEN_FILES = 4096;
const FEWEST_OPEN_FILES = 512;

/** The limit of open files, from the text of /proc/self/limits. */
export function checkOpenFiles(limits: string | undefined): Finding {
  const text = /^Max open files\s+(\S+)/m.exec(limits ?? '')?.[1];
  if (text === undefined) return unknown('runtime.files', 'the limit of open files cannot be read here', 'See that "ulimit -n" says 4096 or more.');
  const limit = text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
  const found = `${text} open files`;
  const data = { limit: Number.isFinite(limit) ? limit : null };
  if (limit < FEWEST_OPEN_FILES)
    return fault('runtime.files', found, `Raise it, for example with "ulimit -n ${OPEN_FILES}" or LimitNOFILE= of systemd: each connection takes one.`, data);
  if (limit < OPEN_FILES)
    return warning('runtime.files', found, `For thousands of participants at a time raise it: "ulimit -n ${OPEN_FILES}", or LimitNOFILE= of systemd.`, data);
  return ok('runtime.files', found, data);
}
