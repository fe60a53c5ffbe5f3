// A coordinator process under load, and what the system knows of it: processor time of its threads, peak memory. Linux tells these by
// /proc; elsewhere they stay undefined and the benchmark says so.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atEnd } from '../end.ts';

/** The program of this checkout. */
export const XAYNET: string = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));

/** How a round of the benchmark is set up. */
export interface Setup {
  readonly length: number;
  readonly sums: number;
  readonly updates: number;
  readonly store: 'embedded' | 'memory' | 'redis';
  /** More lines of `[store]`: its blobs, its key. */
  readonly storeLines?: string;
  /** More lines of the settings file. */
  readonly lines: string;
  /** The program to run. */
  readonly program: string;
  /** Folder in which the data folder is made; the system's temporary one when undefined. */
  readonly data: string | undefined;
  /** Folder for a CPU profile. */
  readonly profile: string | undefined;
}

/** CPU seconds since its start: of the process, and by name of thread. */
export interface CpuTime {
  readonly total: number;
  readonly threads: Readonly<Record<string, number>>;
}

/** Ticks a second of /proc; the same on every Linux that Node runs on. */
const TICKS = 100;

/** A running coordinator. */
export class CoordinatorProcess {
  readonly url: string;
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #forget: () => void;
  readonly #text: () => string;

  private constructor(child: ChildProcess, ended: Promise<number | null>, folder: string, url: string, rest: { forget: () => void; text: () => string }) {
    this.#child = child;
    this.#ended = ended;
    this.folder = folder;
    this.url = url;
    this.#forget = rest.forget;
    this.#text = rest.text;
  }

  /** Starts one with a fresh data folder; rejects with what it printed when it does not come to listen. */
  static async start(setup: Setup): Promise<CoordinatorProcess> {
    const folder = mkdtempSync(join(setup.data ?? tmpdir(), 'xaynet-bench-'));
    const config = join(folder, 'coordinator.toml');
    writeFileSync(config, settingsText(setup, folder));
    const profile = setup.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${setup.profile}`];
    const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning', ...profile];
    const child = spawn(process.execPath, [...flags, setup.program, 'coordinator', '-c', config], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const forget = atEnd(() => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    let text = '';
    const url = new Promise<string>((resolve) => {
      child.stdout.on('data', (data) => {
        text += data;
        const found = /listening on (\S+)\n/.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    child.stderr.on('data', (data) => {
      text = (text + data).slice(-100_000);
    });
    const gone = ended.then((code) => {
      throw new Error(`the coordinator ended with ${code}:\n${text}`);
    });
    gone.catch(() => {});
    return new CoordinatorProcess(child, ended, folder, await Promise.race([url, gone]), { forget, text: () => text });
  }

  /** An error with what it printed last, where the reason may stand. */
  explain(error: unknown): Error {
    return new Error(`${error instanceof Error ? error.message : error}\nthe coordinator printed last:\n${this.#text().slice(-3000)}`, { cause: error });
  }

  /** CPU time until now; undefined where there is no /proc. */
  cpu(): CpuTime | undefined {
    return cpuTime(this.#child.pid);
  }

  /** Resident memory in bytes, now and at most until now; undefined where there is no /proc. */
  memory(): { readonly now: number; readonly peak: number } | undefined {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
      const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]);
      return { now: 1024 * kilobytes('VmRSS'), peak: 1024 * kilobytes('VmHWM') };
    } catch {
      return undefined;
    }
  }

  /** Forgets the peak so far. */
  resetPeak(): void {
    try {
      writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5');
    } catch {
      // Then the peak is that of the whole life, which is no less.
    }
  }

  /** Seconds that it has spent in each stage, when it tells by /metrics; by the clock, so stages that wait count their waiting. */
  async stages(): Promise<Readonly<Record<string, number>> | undefined> {
    const response = await fetch(`${this.url}/metrics`);
    const text = await response.text();
    if (!response.ok) return undefined;
    const sums = [...text.matchAll(/^\w*stage\w*_sum\{[^}]*?stage="([\w-]+)"[^}]*\} (\S+)$/gm)];
    return sums.length === 0 ? undefined : Object.fromEntries(sums.map(([, stage, sum]) => [stage!, Number(sum)]));
  }

  /** Stops it as an operator does; rejects unless it ends with 0. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const code = await this.#ended;
    this.#forget();
    if (code !== 0) throw new Error(`the coordinator was told to stop and ended with ${code}`);
  }

  /** Ends it at once, if it has not ended. */
  kill(): void {
    this.#forget();
  }
}

/** CPU time of a process until now; undefined where there is no /proc. */
function cpuTime(pid: number | undefined): CpuTime | undefined {
  try {
    const seconds = (stat: string): number => {
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS; // utime and stime, fields 14 and 15 counted from the pid on
    };
    const folder = `/proc/${pid}`;
    const threads: Record<string, number> = {};
    for (const task of readdirSync(`${folder}/task`)) {
      const name = readFileSync(`${folder}/task/${task}/comm`, 'utf8').trim();
      threads[name] = (threads[name] ?? 0) + seconds(readFileSync(`${folder}/task/${task}/stat`, 'utf8'));
    }
    return { total: seconds(readFileSync(`${folder}/stat`, 'utf8')), threads };
  } catch {
    return undefined;
  }
}

function settingsText({ length, sums, updates, store, storeLines = '', lines }: Setup, folder: string): string {
  const phase = (name: string, count: number): string => `[pet.${name}]\ncount = { min = ${count}, max = ${count} }\ntime = { min = 0, max = 3600 }\n`;
  return [
    '[api]\nbind_address = "127.0.0.1:0"\n[log]\nfilter = "warn"\n',
    phase('sum', sums).replace('\n', '\nprob = 0.1\n'),
    phase('update', updates).replace('\n', '\nprob = 1\n'),
    phase('sum2', sums),
    `[model]\nlength = ${length}\n[store]\nkind = "${store}"\npath = ${JSON.stringify(join(folder, 'data'))}\n${storeLines}`,
    lines,
  ].join('');
}
