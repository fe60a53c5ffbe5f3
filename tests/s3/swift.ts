// A real server of S3's protocol for tests: OpenStack Swift with its S3 API in one process (swift-server.py), which checks signatures. It listens
// on a free port, keeps its data in a folder of its own, and is ended with all it wrote.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { S3Options } from '@xaynet/coordinator/stores/s3';
import { swiftPython } from '../../scripts/test-suites.mjs';

/** Who may come in: access key and secret of two accounts, neither of which sees the other's buckets. */
export const USERS = { 'fleet:coordinator': 'a-secret/key+of=40', 'other:somebody': 'another-secret' } as const;
export const ACCESS_KEY = 'fleet:coordinator';
/** Region of its buckets. */
export const REGION = 'eu-test-1';
/** Smallest part of a multipart upload that it takes, but for the last. */
export const SMALLEST_TEST_PART = 64 * 1024;

/** Most keys that it lists at a time. */
export const PAGE = 20;

export interface SwiftOptions {
  /** Whether `If-None-Match: *` is heard at PUT; Swift's S3 API as Debian has it refuses that. Default true. */
  readonly conditional?: boolean | undefined;
  /** Seconds that its clock is ahead. */
  readonly ahead?: number | undefined;
}

let shared: Promise<Swift> | undefined;

/** One server for all tests of a process, as buckets keep them apart; gone with the last of them. */
export function sharedSwift(): Promise<Swift> {
  if (shared === undefined) {
    shared = Swift.start();
    after(async () => (await shared)?.stop());
  }
  return shared;
}

export class Swift {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<void>;
  readonly port: number;

  private constructor(process: ChildProcess, folder: string, ended: Promise<void>, port: number) {
    this.#process = process;
    this.#folder = folder;
    this.#ended = ended;
    this.port = port;
  }

  static async start({ conditional = true, ahead = 0 }: SwiftOptions = {}): Promise<Swift> {
    const folder = mkdtempSync(join(tmpdir(), 'xaynet-swift-'));
    const options = { folder, users: USERS, region: REGION, part: SMALLEST_TEST_PART, page: PAGE, conditional, ahead };
    const script = fileURLToPath(new URL('swift-server.py', import.meta.url));
    const child = spawn(swiftPython() ?? 'python3', [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let said = '';
    child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-4_000)));
    const port = await new Promise<number | undefined>((resolve) => {
      child.stdout.on('data', (chunk) => {
        const ready = /^ready (\d+)/m.exec(String(chunk));
        if (ready !== null) resolve(Number(ready[1]));
      });
      void ended.then(() => resolve(undefined));
    });
    const swift = new Swift(child, folder, ended, port ?? 0);
    if (port !== undefined) return swift;
    await swift.stop();
    throw new Error(`Swift does not start: ${said}`);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Options that open a bucket of this server. */
  options(bucket: string): S3Options & { readonly accessKey: string; readonly secretAccessKey: string; readonly endpoint: string } {
    return { bucket, region: REGION, endpoint: this.url, accessKey: ACCESS_KEY, secretAccessKey: USERS[ACCESS_KEY], partBytes: SMALLEST_TEST_PART };
  }

  /** Ends it and deletes what it wrote. Can be called again. */
  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
