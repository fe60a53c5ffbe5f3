// A real InfluxDB 1.x for a test: started on free ports with a folder of its own, asked over its HTTP API, ended with all it wrote.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../packages/xaynet/src/chaos/free-port.ts';

/** User and password of the only user; a password that a URL has to escape. */
export const USER = 'metrics';
export const PASSWORD = 'p@ss/word:1';

/** One row of an answer: columns by name. */
export type Row = Record<string, string | number | boolean | null>;

export class InfluxDb {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<void>;
  readonly port: number;

  private constructor(process: ChildProcess, folder: string, port: number) {
    this.#process = process;
    this.#folder = folder;
    this.port = port;
    this.#ended = new Promise((resolve) => process.once('exit', () => resolve()));
  }

  /** Starts one that asks for a password, with an empty database `metrics`. */
  static async start(): Promise<InfluxDb> {
    const folder = mkdtempSync(join(tmpdir(), 'xaynet-influxd-'));
    const [http, rpc] = [await freePort(), await freePort()];
    const config = join(folder, 'influxdb.conf');
    writeFileSync(
      config,
      [
        'reporting-disabled = true',
        `bind-address = "127.0.0.1:${rpc}"`,
        `[meta]\ndir = "${folder}/meta"`,
        `[data]\ndir = "${folder}/data"\nwal-dir = "${folder}/wal"`,
        `[http]\nbind-address = "127.0.0.1:${http}"\nauth-enabled = true\nlog-enabled = false`,
        '[monitor]\nstore-enabled = false',
      ].join('\n'),
    );
    const child = spawn(process.env.XAYNET_INFLUXD || 'influxd', ['-config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-2_000)));
    const db = new InfluxDb(child, folder, http);
    for (let tries = 0; ; tries++) {
      const up = await fetch(`${db.url}/ping`).then(
        (response) => response.ok,
        () => false,
      );
      if (up) break;
      if (tries > 300 || child.exitCode !== null) {
        await db.stop();
        throw new Error(`influxd does not start: ${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await db.#ask(`CREATE USER ${USER} WITH PASSWORD '${PASSWORD}' WITH ALL PRIVILEGES`, {});
    await db.query('CREATE DATABASE metrics');
    return db;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The rows of the first series of an answer; tags and times are columns like others, times in nanoseconds as text. */
  query(q: string): Promise<Row[]> {
    return this.#ask(q, { authorization: `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}` });
  }

  async #ask(q: string, headers: Record<string, string>): Promise<Row[]> {
    const response = await fetch(`${this.url}/query?epoch=ns&db=metrics`, { method: 'POST', headers, body: new URLSearchParams({ q }) });
    const text = await response.text();
    // Nanoseconds are more than a JavaScript number can hold.
    const answer = JSON.parse(text.replace(/\b(\d{19})\b/g, '"$1"')) as {
      results?: { series?: { columns: string[]; values: Row[string][][] }[]; error?: string }[];
    };
    const error = answer.results?.[0]?.error;
    if (!response.ok || error !== undefined) throw new Error(`${q}: ${text}`);
    const series = answer.results?.[0]?.series?.[0];
    return (series?.values ?? []).map((values) => Object.fromEntries(series!.columns.map((column, i) => [column, values[i]!])));
  }

  /** Ends it and deletes what it wrote. Can be called again. */
  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.pid !== undefined) await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
