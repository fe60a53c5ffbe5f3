// HAProxy with deploy/haproxy.cfg, before servers on ports of this machine instead of the coordinators of the compose file.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../packages/xaynet/src/chaos/free-port.ts';

export const HAPROXY_CONFIG: string = fileURLToPath(new URL('../../deploy/haproxy.cfg', import.meta.url));

/** Waits for something; says what never came before the runner ends the test. */
export async function until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 150_000;
  while (!(await is())) {
    if (performance.now() > end) assert.fail(`never: ${what}`);
    await pause(10);
  }
}

/** Ends a process if it runs, and waits for its end. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** A balancer that runs. */
export interface Balancer {
  readonly url: string;
  /** Whether it has anybody to hand requests to. */
  healthy(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Starts it before the servers of these ports, and waits until it has somebody. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-haproxy-'));
  const [port, health] = [await freePort(), await freePort()];
  const changes = [
    ['bind :8081', `bind 127.0.0.1:${port}`],
    ['bind :8404', `bind 127.0.0.1:${health}`],
    // On a busy machine an answer may take longer than the second between two looks.
    ['timeout queue 10s', 'timeout queue 10s\n    timeout check 60s'],
    ...ports.map((at, index) => [`coordinator-${index + 1}:8081`, `127.0.0.1:${at}`]),
  ] as [string, string][];
  const config = changes.reduce(
    (text, [from, to]) => {
      assert.equal(text.split(from).length, 2, from);
      return text.replace(from, to);
    },
    readFileSync(HAPROXY_CONFIG, 'utf8'),
  );
  writeFileSync(join(folder, 'haproxy.cfg'), config);
  const child = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (said += part));
  const healthy = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${health}/healthz`).catch(() => undefined))?.status === 200;
  const stop = async (): Promise<void> => {
    await end(child, 'SIGKILL');
    rmSync(folder, { recursive: true });
  };
  try {
    await until('HAProxy has somebody', async () => {
      assert.equal(child.exitCode, null, said);
      return await healthy();
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, healthy, stop };
}
