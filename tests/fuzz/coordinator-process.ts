// A coordinator in a process of its own, as an operator starts it, and what can be seen of it from outside: answers, memory, its end.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));

/** An answer over HTTP. */
export interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

/** See the head of the file. */
export class CoordinatorProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly url: string;
  /** What it wrote to its log. */
  log = '';

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#child = child;
    this.#folder = folder;
    this.url = url;
    child.stderr!.on('data', (text) => (this.log += text));
  }

  /** Starts one with these settings; rejects when it ends instead of listening. */
  static async start(toml: string): Promise<CoordinatorProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'xaynet-fuzz-'));
    writeFileSync(join(folder, 'coordinator.toml'), toml);
    const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
    const child = spawn(process.execPath, [...flags, bin, 'coordinator', '-c', 'coordinator.toml'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    try {
      const url = await new Promise<string>((resolve, reject) => {
        child.stdout!.on('data', (text) => {
          output += text;
          const found = /listening on (\S+)/.exec(output);
          if (found !== null) resolve(found[1]!);
        });
        child.on('error', reject);
        child.on('exit', (code) => reject(new Error(`the coordinator ended with ${code}: ${output}`)));
        child.stderr!.on('data', (text) => (output += text));
      });
      return new CoordinatorProcess(child, folder, url);
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Whether the process runs. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resident memory in bytes; undefined where it cannot be read. */
  get memory(): number | undefined {
    const status = `/proc/${this.#child.pid}/status`;
    try {
      if (existsSync(status)) return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))![1]) * 1024;
      return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(this.#child.pid)], { encoding: 'utf8' })) * 1024;
    } catch {
      return undefined;
    }
  }

  get(path: string): Promise<Reply> {
    return this.#ask('GET', path);
  }

  /** Sends a message and asks for the truth about it. */
  post(body: Uint8Array): Promise<Reply> {
    return this.#ask('POST', '/message', body);
  }

  /** Ends it as an operator does and takes its folder away; the exit code. */
  async stop(): Promise<number | null> {
    this.#agent.destroy();
    const ended = new Promise<number | null>((resolve) => (this.isRunning ? this.#child.once('exit', resolve) : resolve(this.#child.exitCode)));
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    const code = await ended;
    clearTimeout(timer);
    rmSync(this.#folder, { recursive: true, force: true });
    return code;
  }

  #ask(method: string, path: string, body?: Uint8Array): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers = { accept: 'application/problem+json', ...(body === undefined ? {} : { 'content-length': body.length }) };
      const sent = request(this.url + path, { method, agent: this.#agent, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(parts) }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
